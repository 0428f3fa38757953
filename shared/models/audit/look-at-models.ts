import type { FileLook, ModelLook } from '../../contract/model-audit.ts';
import { isLocked, type ListedModel } from '../registry/open-registry.ts';
import { type AuditOptions, askedIds } from './audit-options.ts';
import { checkAssembled } from './check-assembled.ts';
import { checkIndexes } from './check-index.ts';
import { describeProblems } from './describe-problems.ts';
import { findOwn, otherRevisions } from './find-own.ts';
import { hashLooks } from './hash-looks.ts';
import { closureState, ownState } from './model-states.ts';
import { isGood, listedFiles, type OwnLook } from './own-look.ts';
import { type StoreView, viewStore } from './store-view.ts';

/** Every so many models the event loop gets its turn. */
const TURN = 8;

export interface Looks {
  /** The models asked about and all they require, by id; what is required comes first. */
  readonly models: ReadonlyMap<string, ModelLook>;
  /** Every file of them, good ones too. */
  readonly files: readonly FileLook[];
  /** Bytes that a download of what is missing would fetch; null when something is unlocked. */
  readonly additionalBytes: number | null;
  /** Bytes read to hash files. */
  readonly hashedBytes: number;
}

/**
 * How models stand, each with all it requires: by id, what is required first. Looks at names, sizes and headers; with `deep` every file is
 * hashed that was not hashed before. Throws ERR_MODEL_UNKNOWN, and the signal's reason.
 */
export async function lookAtModels(options: AuditOptions): Promise<ReadonlyMap<string, ModelLook>> {
  return (await lookAtAll(options)).models;
}

/** As `lookAtModels`, with every file. */
export async function lookAtAll(
  options: AuditOptions,
  view: StoreView = viewStore(options.places.roots.models),
): Promise<Looks> {
  const { places, digests } = options;
  const lookOptions = { digests, within: view };
  return judgeAll(options, {
    look: (model) => findOwn(model, places, lookOptions),
    otherRevisions: (model) => otherRevisions(model, places),
  });
}

/** How one model is looked at. */
export interface Eyes {
  look(model: ListedModel): OwnLook;
  /** Revisions of its repository that are there and are not the one that the registry has. */
  otherRevisions(model: ListedModel): readonly string[];
}

/** Looks at each model and judges what was seen, by closure. */
export async function judgeAll(options: AuditOptions, eyes: Eyes): Promise<Looks> {
  const { registry, deep, signal } = options;
  const listed = registry.closure(askedIds(options));
  const seen = new Map<string, OwnLook>();
  for (const model of listed) {
    if (seen.size % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    seen.set(model.entry.id, eyes.look(model));
  }
  const hashed = deep === true ? await hashLooks(seen, options) : { looks: seen, readBytes: 0 };
  const judged = new Map<string, OwnLook>();
  const models = new Map<string, ModelLook>();
  // What a model requires comes before it, so that it was judged already.
  for (const { entry } of listed) {
    const ids = registry.closure([entry.id]).map((one) => one.entry.id);
    const own = hashed.looks.get(entry.id);
    if (own === undefined) continue;
    const closure = ids.flatMap((id) => judged.get(id) ?? hashed.looks.get(id) ?? []);
    judged.set(entry.id, { ...own, files: checkIndexes(own, closure) });
    models.set(
      entry.id,
      judge(
        ids.flatMap((id) => judged.get(id) ?? []),
        models,
        { ...options, ...eyes },
      ),
    );
  }
  const all = [...judged.values()];
  return {
    models,
    files: all.flatMap(({ files }) => files),
    additionalBytes: missingBytes(all),
    hashedBytes: hashed.readBytes,
  };
}

/** @param closure the model is the last of it; the others were judged before and are in `judged` */
function judge(
  closure: readonly OwnLook[],
  judged: ReadonlyMap<string, ModelLook>,
  { places, environmentState, ...eyes }: AuditOptions & Eyes,
): ModelLook {
  const own = closure.at(-1);
  if (own === undefined) throw new TypeError('a closure without its model');
  const { model, dir } = own;
  const { entry } = model;
  const required = closure.slice(0, -1).flatMap((one) => judged.get(one.model.entry.id) ?? []);
  const unassembled = checkAssembled(own, closure, places.roots.models[0]);
  const others = own.files.some(isGood) ? [] : eyes.otherRevisions(model);
  const ownIs = ownState(own, {
    otherRevisions: others,
    assembled: unassembled === null,
    environment: environmentState?.(model) ?? true,
  });
  const state = closureState(
    ownIs,
    required.map((one) => one.own),
  );
  const problems = closure.flatMap(({ files }) => files.filter((file) => !isGood(file)));
  const described = describeProblems({
    id: entry.id,
    problems,
    counts: new Map(closure.map((one) => [one.model.entry.id, one.files.length])),
  });
  const facts = closure.flatMap((one) => {
    const { entry: its } = one.model;
    const whose = its.id === entry.id ? '' : ` of ${its.id}`;
    const itsState = its.id === entry.id ? ownIs : judged.get(its.id)?.own;
    const stale = itsState === 'stale' ? eyes.otherRevisions(one.model) : [];
    return [
      ...(stale.length === 0
        ? []
        : [`revision ${short(one.model.revision ?? '')}${whose} is not there, only ${stale.map(short).join(', ')}`]),
      ...(itsState === 'blocked' ? [`its terms have to be accepted on ${its.gate?.acceptUrl}`] : []),
      ...(itsState === 'environment-missing' ? [`no environment${whose} is ready`] : []),
    ];
  });
  const unlocked = closure.flatMap((one) => (isLocked(one.model) ? [] : one.model.entry.id));
  if (unlocked.length > 0) facts.push(`the digests of ${unlocked.join(', ')} are not known yet`);
  const why = [described, ...facts, ...(ownIs === 'unassembled' && unassembled !== null ? [unassembled] : [])];
  return {
    id: entry.id,
    role: entry.role,
    state,
    own: ownIs,
    locked: closure.every((one) => isLocked(one.model)),
    dir,
    problems,
    why: why.filter((part) => part !== '').join('; ') || null,
    bytes: listedFiles(model).reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    presentBytes: own.files.reduce((sum, { foundBytes }) => sum + (foundBytes ?? 0), 0),
    missingBytes: missingBytes(closure),
    commercial: entry.licence.commercial,
    gated: entry.gate !== undefined,
  };
}

const short = (revision: string): string => revision.slice(0, 12);

/**
 * Bytes that a download of these models would fetch, equal files once; null when one of them is unlocked and not all there. What an installer
 * brings is not counted.
 */
export function missingBytes(looks: readonly OwnLook[]): number | null {
  const wanted = new Map<string, number>();
  for (const { model, files } of looks) {
    if (model.entry.source.type === 'package') continue;
    const bad = files.filter((look) => !isGood(look) && look.state !== 'unexpected');
    if (!isLocked(model)) {
      if (bad.length > 0 || files.length === 0) return null;
      continue;
    }
    const digests = new Map(model.files.map(({ path, sha256 }) => [path, sha256]));
    for (const { path, bytes } of bad) wanted.set(digests.get(path) ?? path, bytes ?? 0);
  }
  return [...wanted.values()].reduce((sum, bytes) => sum + bytes, 0);
}

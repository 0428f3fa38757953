import { Failure } from '../../contract/failure.ts';
import type { ModelLook } from '../../contract/model-audit.ts';
import { locateModel } from '../layout/locate-model.ts';
import type { AuditOptions } from './audit-options.ts';
import { otherRevisions } from './find-own.ts';
import { judgeAll, type Looks } from './look-at-models.ts';
import { isAbsent, lookAtOwn } from './own-look.ts';
import { restoreLines, sourceOf } from './restore-lines.ts';
import { viewStore } from './store-view.ts';

export type VerifyOptions = Pick<AuditOptions, 'registry' | 'places' | 'digests' | 'signal' | 'onProgress'>;

/**
 * Compares every file of a model and of all it requires with the registry, in the folders that engines are given: presence and size first,
 * then the digests, which are remembered, so that a second call reads nothing.
 * @throws Failure ERR_MODEL_UNKNOWN, ERR_MODEL_MISSING, ERR_MODEL_CORRUPT naming the file and the command that brings it back; the
 *   signal's reason
 */
export async function verifyModel(id: string, options: VerifyOptions): Promise<void> {
  const { places, digests, registry } = options;
  const within = viewStore(places.roots.models);
  const look = (deep: boolean): Promise<Looks> =>
    judgeAll(
      { ...options, ids: [id], deep },
      {
        look: (model) => lookAtOwn(model, locateModel(model, places), { digests, within }),
        otherRevisions: (model) => otherRevisions(model, places),
      },
    );
  const quick = lookOf(await look(false), id);
  if (quick.state === 'complete' && quick.locked) return;
  refuse(quick, registry);
  const deep = lookOf(await look(true), id);
  refuse(deep, registry);
}

function lookOf({ models }: Looks, id: string): ModelLook {
  const look = models.get(id);
  if (look === undefined) throw new TypeError(`${id} was not looked at`);
  return look;
}

function refuse(look: ModelLook, registry: AuditOptions['registry']): void {
  const wrong = look.problems.find((problem) => !isAbsent(problem));
  const first = wrong ?? look.problems[0];
  const isThere = look.state === 'complete' || look.state === 'complete-unverified';
  if (first === undefined && isThere && look.locked) return;
  const how = wrong === undefined ? 'fetch' : 'repair';
  const wants = [...new Set(look.problems.map(({ model }) => model))].map((id) => registry.model(id));
  const packages = wants.filter(({ entry }) => entry.source.type === 'package');
  const dirOf = (id: string): string => {
    const its = look.problems.find(({ model }) => model === id);
    return its === undefined ? look.dir : its.at.slice(0, its.at.length - its.path.length - 1);
  };
  const fetched = first === undefined || packages.length < wants.length;
  const fix = [
    ...packages.flatMap((model) => restoreLines(model, dirOf(model.entry.id), how)),
    // One command brings the model with all it requires.
    ...(fetched ? [`./cache-models.sh --model ${look.id}${how === 'repair' ? ' --repair' : ''}`] : []),
  ];
  const where =
    first === undefined
      ? ''
      : ` ${first.at}: ${first.why ?? first.state} The registry knows ${sourceOf(registry.model(first.model))}.`;
  const details = {
    why: `${sentence(look.why ?? look.state)}${where}`,
    safe: 'Nothing was computed with it.',
    fix: [...new Set(fix)],
  };
  if (wrong === undefined) throw new Failure('ERR_MODEL_MISSING', `Model ${look.id} is not complete.`, details);
  throw new Failure('ERR_MODEL_CORRUPT', `Model ${look.id} is damaged.`, details);
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

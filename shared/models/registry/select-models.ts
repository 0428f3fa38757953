import { Failure } from '../../contract/failure.ts';
import type { ModelEntry, ModelSet } from '../../contract/model.ts';
import { canonicalLanguage, suggestLanguage } from '../../util/languages.ts';
import { didYouMean } from '../../util/nearest.ts';
import type { ModelRegistry } from './open-registry.ts';

export interface SelectOptions {
  /** Names of sets: the flags of cache-models. */
  readonly sets?: readonly string[];
  /** Every set that is part of `--all`, and `defaultModels`. */
  readonly all?: boolean;
  /** Every model of the registry: alternatives, every language and other platforms too. */
  readonly everything?: boolean;
  /** Model ids; these come whatever the platform, since they were named. */
  readonly models?: readonly string[];
  /** BCP-47. Of models that are there for a language only, those of these languages come; none named: those of English. */
  readonly languages?: readonly string[];
  /** `<os>-<arch>` of this machine. */
  readonly platform: string;
  readonly anyPlatform?: boolean;
  /** Models of the default engines of the workflows on this machine. */
  readonly defaultModels?: readonly string[];
}

export interface LeftOut {
  readonly id: string;
  readonly because: 'platform' | 'language';
  /** One sentence, with the flag that takes it in. */
  readonly why: string;
}

export interface Selection {
  /** Each once, with all that is required, what is required first. */
  readonly ids: readonly string[];
  /** Members of the chosen sets that do not come. */
  readonly leftOut: readonly LeftOut[];
  /** Languages that were named and for which a chosen set has models for single languages, but none for this one. */
  readonly unserved: readonly { readonly set: string; readonly language: string }[];
}

/**
 * Which models the flags of cache-models mean. Throws ERR_USAGE for a set that is not there, ERR_MODEL_UNKNOWN for such a model,
 * ERR_LANGUAGE_UNKNOWN for such a language, each with what was probably meant.
 */
export function selectModels(registry: ModelRegistry, options: SelectOptions): Selection {
  const { everything = false, anyPlatform = everything } = options;
  const named = (options.languages ?? []).map(readLanguage);
  const languages = named.length === 0 ? ['en'] : named;
  const chosen = chooseSets(registry, options);
  const wanted: string[] = [];
  const leftOut: LeftOut[] = [];

  const offer = (id: string): void => {
    const { platforms } = registry.model(id).entry;
    if (anyPlatform || platforms === undefined || platforms.includes(options.platform)) wanted.push(id);
    else
      leftOut.push({
        id,
        because: 'platform',
        why: `It is for ${platforms.join(' and ')}; this machine is ${options.platform}. --any-platform takes it in.`,
      });
  };
  for (const set of chosen.values()) {
    for (const id of set.models) offer(id);
    for (const id of set.perLanguage) {
      const { entry } = registry.model(id);
      if (everything || languages.some((language) => isFor(entry, language))) offer(id);
      else
        leftOut.push({
          id,
          because: 'language',
          why: `It is for another language. --lang ${entry.languages?.[0] ?? 'L'} takes it in.`,
        });
    }
  }
  if (options.all === true) (options.defaultModels ?? []).forEach(offer);
  if (everything) [...registry.models.keys()].forEach(offer);
  wanted.push(...(options.models ?? []));

  const ids = registry.closure([...new Set(wanted)]).map(({ entry }) => entry.id);
  const taken = new Set(ids);
  return {
    ids,
    // One set may leave out what another one brings.
    leftOut: [...new Map(leftOut.map((one) => [one.id, one])).values()].filter(({ id }) => !taken.has(id)),
    unserved: [...chosen].flatMap(([set, { models, perLanguage }]) => {
      if (perLanguage.length === 0) return [];
      const members = [...models, ...perLanguage].map((id) => registry.model(id).entry);
      return named
        .filter((language) => !members.some((entry) => entry.languages !== undefined && isFor(entry, language)))
        .map((language) => ({ set, language }));
    }),
  };
}

function chooseSets(registry: ModelRegistry, options: SelectOptions): ReadonlyMap<string, ModelSet> {
  const names = [...registry.sets.keys()];
  const unknown = options.sets?.find((name) => !registry.sets.has(name));
  if (unknown !== undefined) {
    throw new Failure('ERR_USAGE', `There is no set of models "${unknown}".${didYouMean(unknown, names)}`, {
      why: `The sets are ${names.join(', ')}.`,
      fix: ['./cache-models.sh --help'],
    });
  }
  const isChosen = (name: string, set: ModelSet): boolean =>
    options.everything === true || (options.all === true && set.all) || options.sets?.includes(name) === true;
  return new Map([...registry.sets].filter(([name, set]) => isChosen(name, set)));
}

function readLanguage(given: string): string {
  const language = canonicalLanguage(given);
  if (language !== undefined) return language;
  const meant = suggestLanguage(given);
  throw new Failure(
    'ERR_LANGUAGE_UNKNOWN',
    `--lang "${given}" is not a language tag.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
    { why: 'Languages are named by BCP-47 tags such as hi or pt-BR.' },
  );
}

/** `pt` and `pt-BR` mean each other, `pt-BR` and `pt-PT` do not. An entry without languages is for any. */
function isFor({ languages }: ModelEntry, asked: string): boolean {
  return languages?.some((one) => one === asked || one.startsWith(`${asked}-`) || asked.startsWith(`${one}-`)) ?? true;
}

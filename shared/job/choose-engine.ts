import type { EngineDefinition } from '../contract/engine.ts';
import type { EnvironmentState } from '../contract/environment.ts';
import { Failure } from '../contract/failure.ts';
import type { EngineId } from '../contract/ids.ts';
import type { Role } from '../contract/roles/index.ts';
import { didYouMean } from '../util/nearest.ts';

export interface Candidate {
  readonly id: EngineId;
  readonly definition: EngineDefinition;
  readonly state: EnvironmentState;
}

export interface EngineWish {
  readonly role: Role;
  /** The film's language, the instance's own, or the pair; null for roles that hear no language. */
  readonly language: string | readonly [string, string] | null;
  readonly voice?: string | undefined;
  /** `--engine role=name`. */
  readonly engine?: string | undefined;
  readonly commercial: boolean;
}

export interface EngineChoice {
  readonly chosen: Candidate;
  readonly others: readonly { readonly id: EngineId; readonly why: string }[];
}

/** `en` does `en-GB` too; `pt-BR` does not do `pt`, since the two are written differently. */
const covers = (has: string, wanted: string): boolean => has === wanted || wanted.startsWith(`${has}-`);

export function doesLanguage(definition: EngineDefinition, language: EngineWish['language']): boolean {
  const { languages } = definition;
  if (languages === 'any' || language === null) return true;
  return languages.some((entry) =>
    typeof entry === 'string'
      ? typeof language === 'string' && covers(entry, language)
      : typeof language !== 'string' && covers(entry[0], language[0]) && covers(entry[1], language[1]),
  );
}

const show = (language: EngineWish['language']): string =>
  language === null ? 'any language' : typeof language === 'string' ? language : `${language[0]} -> ${language[1]}`;

/**
 * Chooses the engine of a role: what the user asked for, else among those that can do the language the ready ones first, then by rank.
 * Undefined when none can; `explainNone` then says what is within reach.
 * @throws Failure ERR_ENGINE_UNKNOWN, ERR_ENGINE_LICENCE, ERR_LANGUAGE_PAIR for an engine that was asked for and cannot
 */
export function chooseEngine(candidates: readonly Candidate[], wish: EngineWish): EngineChoice | undefined {
  const ofRole = candidates.filter((candidate) => candidate.definition.role === wish.role);
  if (wish.engine !== undefined) {
    const asked = ofRole.find((candidate) => candidate.definition.name === wish.engine);
    if (asked === undefined) {
      const names = ofRole.map((candidate) => candidate.definition.name);
      throw new Failure(
        'ERR_ENGINE_UNKNOWN',
        `There is no engine ${JSON.stringify(wish.engine)} for ${wish.role}.${didYouMean(wish.engine, names)}`,
        {
          why: `Engines for ${wish.role}: ${names.join(', ')}.`,
          fix: ['./babelreel.sh engines'],
        },
      );
    }
    const why = whyNot(asked, wish);
    if (why !== undefined) {
      const code = isLicenceProblem(asked, wish) ? 'ERR_ENGINE_LICENCE' : 'ERR_LANGUAGE_PAIR';
      throw new Failure(code, `Engine ${asked.id} cannot be used here.`, {
        why: `It ${why}.`,
        fix: ['./babelreel.sh engines'],
      });
    }
    return {
      chosen: asked,
      others: ofRole
        .filter((other) => other !== asked)
        .map((other) => ({ id: other.id, why: whyNot(other, wish) ?? `${asked.id} was asked for` })),
    };
  }
  const able = ofRole
    .filter((candidate) => whyNot(candidate, wish) === undefined)
    .sort(
      (a, b) =>
        Number(b.state === 'ready') - Number(a.state === 'ready') ||
        a.definition.rank - b.definition.rank ||
        (a.id < b.id ? -1 : 1),
    );
  const chosen = able[0];
  if (chosen === undefined) return undefined;
  return {
    chosen,
    others: ofRole
      .filter((other) => other !== chosen)
      .map((other) => ({ id: other.id, why: whyNot(other, wish) ?? comparedWith(chosen, other) })),
  };
}

const isLicenceProblem = (candidate: Candidate, wish: EngineWish): boolean =>
  wish.commercial && candidate.definition.licence.commercial !== 'yes';

function whyNot(candidate: Candidate, wish: EngineWish): string | undefined {
  const { definition, state } = candidate;
  if (!doesLanguage(definition, wish.language)) return `does not do ${show(wish.language)}`;
  if (state === 'unsupported') return 'has no environment for this platform';
  if (isLicenceProblem(candidate, wish)) {
    return definition.licence.commercial === 'unstated'
      ? `has weights without a stated licence, so --commercial refuses it`
      : `may not be used commercially (${definition.licence.weights})`;
  }
  if (wish.voice !== undefined && !(definition.voices ?? []).some((voice) => voice.name === wish.voice))
    return `has no voice ${wish.voice}`;
  return undefined;
}

function comparedWith(chosen: Candidate, other: Candidate): string {
  if (other.definition.rank < chosen.definition.rank)
    return `is better, but its environment ${other.definition.environment} is ${other.state}`;
  return `is the fallback of ${chosen.definition.name}: ${other.definition.weakness}`;
}

/** What an engine does, as it is shown: `en`, `en -> es`. */
export function languageNames({ languages }: EngineDefinition): readonly string[] {
  if (languages === 'any') return ['any language'];
  return languages.map((entry) => (typeof entry === 'string' ? entry : `${entry[0]} -> ${entry[1]}`));
}

/** What a role does, as a verb. */
const DOES: Readonly<Record<Role, string>> = {
  vad: 'find speech in',
  asr: 'recognise',
  align: 'time the words of',
  translate: 'translate',
  synthesize: 'speak',
};

/** No engine can: says why for each, and which languages or pairs are within reach. */
export function explainNone(candidates: readonly Candidate[], wish: EngineWish): Failure {
  const ofRole = candidates.filter((candidate) => candidate.definition.role === wish.role);
  const licensed = ofRole.filter(
    (candidate) => isLicenceProblem(candidate, wish) && doesLanguage(candidate.definition, wish.language),
  );
  const reach = new Set(
    ofRole
      .filter((candidate) => !isLicenceProblem(candidate, wish))
      .flatMap(({ definition }) => languageNames(definition)),
  );
  const shown = [...reach].sort();
  const list = shown.length > 24 ? `${shown.slice(0, 24).join(', ')} and ${shown.length - 24} more` : shown.join(', ');
  if (licensed.length > 0) {
    return new Failure(
      'ERR_ENGINE_LICENCE',
      `With --commercial no engine is left to ${DOES[wish.role]} ${show(wish.language)}.`,
      {
        why: `${licensed.map((candidate) => `${candidate.id} ${whyNot(candidate, wish)}`).join('; ')}. Within reach: ${list || 'nothing'}.`,
        fix: ['./babelreel.sh engines'],
      },
    );
  }
  const voices = ofRole
    .flatMap(({ definition }) => definition.voices ?? [])
    .filter(({ language }) => language === wish.language)
    .map(({ name }) => name);
  if (wish.voice !== undefined && voices.length > 0) {
    return new Failure(
      'ERR_USAGE',
      `There is no voice ${JSON.stringify(wish.voice)} for ${show(wish.language)}.${didYouMean(wish.voice, voices)}`,
      {
        why: `Voices for ${show(wish.language)}: ${voices.join(', ')}.`,
        fix: ['./babelreel.sh engines --role synthesize'],
      },
    );
  }
  return new Failure('ERR_LANGUAGE_PAIR', `No engine here can ${DOES[wish.role]} ${show(wish.language)}.`, {
    why: `Within reach for ${wish.role}: ${list || 'nothing'}.`,
    fix: ['./babelreel.sh engines'],
  });
}

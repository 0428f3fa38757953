import { resolve } from 'node:path';
import { Failure } from '../contract/failure.ts';

/** Where things live (docs/concepts.md). Every root is absolute. Nothing else in the code spells these names. */
export interface Roots {
  /** Local disk only: leases and remembered digests, in SQLite. */
  readonly state: string;
  readonly objects: string;
  readonly records: string;
  /** Task memo: its own database and objects; may be deleted at any time. */
  readonly tasks: string;
  readonly scratch: string;
  /** First wins; only the first is written. */
  readonly models: readonly string[];
  readonly environments: string;
  /** What this machine or its user added to the configuration: model entries of their own, the lock of models. */
  readonly local: string;
  /** Caches of package installers and of Node's compiler. */
  readonly packages: string;
  readonly in: string;
  readonly out: string;
}

export interface Limits {
  /** Cpu slots for tasks; 0 = as many as the machine has. */
  readonly cpus: number;
  /** Memory that workers may hold together; 0 = three quarters of the machine's. */
  readonly ramMiB: number;
}

/** Seconds; each is named in the message when it strikes. */
export interface Timeouts {
  readonly workerHello: number;
  readonly workerLoad: number;
  readonly workerBeat: number;
  readonly workerProgress: number;
  readonly cancel: number;
  readonly stall: number;
}

export type OnMissingModels = 'ask' | 'download' | 'refuse';

export interface ModelSettings {
  /** What a run does when a model it needs is not there: ask on a terminal, download unasked, or refuse. */
  readonly onMissing: OnMissingModels;
  /** Hubs to fetch from, mirrors first; each an http(s) address. `HF_ENDPOINT` is used where this is not set. */
  readonly endpoints: readonly string[];
  /** Gigabytes (10^9 bytes) the store may hold; 0: as much as the file system has. */
  readonly quotaGB: number;
}

export interface Settings {
  readonly models: ModelSettings;
  readonly roots: Roots;
  readonly limits: Limits;
  readonly timeouts: Timeouts;
}

type Json = Readonly<Record<string, unknown>>;

/** `limits`, `ramMiB` -> `BABELREEL_LIMITS_RAM_MIB`. */
const variableName = (part: string, name: string): string =>
  `BABELREEL_${part}_${name.replace('MiB', 'Mib').replace(/([a-z])([A-Z])/g, '$1_$2')}`.toUpperCase();

const section = (config: Json, name: string): Json => (config[name] ?? {}) as Json;

/**
 * Settings from config/default.json and `BABELREEL_<SECTION>_<NAME>` (`BABELREEL_ROOTS_OBJECTS`, `BABELREEL_LIMITS_CPUS`;
 * several model roots are separated by `:`). Relative roots are relative to the project folder.
 * @throws Failure ERR_CONFIG_INVALID for a number that is none
 */
export function resolveSettings(
  config: Json,
  env: Readonly<Record<string, string | undefined>>,
  projectDir: string,
): Settings {
  const pick = (part: string, name: string): unknown => {
    const given = env[variableName(part, name)];
    // An empty variable is how a shell unsets one for a single command.
    return given === undefined || given === '' ? section(config, part)[name] : given;
  };
  const root = (name: string): string => resolve(projectDir, String(pick('roots', name)));
  const number = (part: string, name: string): number => {
    const value = Number(pick(part, name));
    if (!Number.isFinite(value) || value < 0) {
      const variable = variableName(part, name);
      throw new Failure('ERR_CONFIG_INVALID', `The setting ${part}.${name} is not a number of at least 0.`, {
        why: `It is ${JSON.stringify(pick(part, name))}, from ${env[variable] ? `the variable ${variable}` : 'config/default.json'}.`,
        fix: [`unset ${variable}`],
      });
    }
    return value;
  };
  const models = pick('roots', 'models');
  return {
    models: readModelSettings(pick, number, env),
    roots: {
      state: root('state'),
      objects: root('objects'),
      records: root('records'),
      tasks: root('tasks'),
      scratch: root('scratch'),
      models: (Array.isArray(models) ? models.map(String) : String(models).split(':')).map((path) =>
        resolve(projectDir, path),
      ),
      environments: root('environments'),
      local: root('local'),
      packages: root('packages'),
      in: root('in'),
      out: root('out'),
    },
    limits: { cpus: number('limits', 'cpus'), ramMiB: number('limits', 'ramMiB') },
    timeouts: {
      workerHello: number('timeouts', 'workerHello'),
      workerLoad: number('timeouts', 'workerLoad'),
      workerBeat: number('timeouts', 'workerBeat'),
      workerProgress: number('timeouts', 'workerProgress'),
      cancel: number('timeouts', 'cancel'),
      stall: number('timeouts', 'stall'),
    },
  };
}

const ON_MISSING: readonly OnMissingModels[] = ['ask', 'download', 'refuse'];
const HUB = 'https://huggingface.co';

function readModelSettings(
  pick: (part: string, name: string) => unknown,
  number: (part: string, name: string) => number,
  env: Readonly<Record<string, string | undefined>>,
): ModelSettings {
  const onMissing = ON_MISSING.find((known) => known === pick('models', 'onMissing'));
  if (onMissing === undefined) {
    throw new Failure('ERR_CONFIG_INVALID', `The setting models.onMissing is none of ${ON_MISSING.join(', ')}.`, {
      why: `It is ${JSON.stringify(pick('models', 'onMissing'))}.`,
      fix: ['unset BABELREEL_MODELS_ON_MISSING'],
    });
  }
  const given = pick('models', 'endpoints');
  const listed = Array.isArray(given) ? given.map(String) : String(given).split(',');
  const endpoints = listed.map((text) => text.trim().replace(/\/+$/, '')).filter((text) => text !== '');
  const wrong = endpoints.find((text) => !/^https?:$/.test(URL.parse(text)?.protocol ?? ''));
  if (wrong !== undefined) {
    throw new Failure('ERR_CONFIG_INVALID', 'The setting models.endpoints has an address that is none.', {
      why: `${JSON.stringify(wrong)} is not an http or https address.`,
      fix: ['unset BABELREEL_MODELS_ENDPOINTS'],
    });
  }
  const usual = env.HF_ENDPOINT === undefined || env.HF_ENDPOINT === '' ? HUB : env.HF_ENDPOINT.replace(/\/+$/, '');
  return { onMissing, endpoints: endpoints.length === 0 ? [usual] : endpoints, quotaGB: number('models', 'quotaGB') };
}

import type { EnvironmentState } from '../contract/environment.ts';
import { Failure, isFailure } from '../contract/failure.ts';
import type { Digest } from '../contract/ids.ts';
import { type LockHolder, withFolderLock } from '../store/folder-lock.ts';
import { findDamagedFiles } from './check-record.ts';
import { installPython } from './install-python.ts';
import { installSystem, type SystemTools } from './install-system.ts';
import { installerVariables } from './installer-variables.ts';
import { environmentDir, type Places } from './places.ts';
import { repairLine } from './repair-line.ts';
import { type EnvironmentTable, environmentOf, type LoadedEnvironment } from './specs.ts';
import { type EnvironmentLook, environmentState, missingSystemParts } from './state.ts';

export interface EnsureOptions {
  readonly table: EnvironmentTable;
  readonly places: Places;
  /** What is going on, one line each; the first comes before anything takes time. */
  readonly onMessage?: (text: string) => void;
  readonly signal?: AbortSignal;
  /** Also hash what Python packages installed, about 0.5 s each, and remake what differs. */
  readonly deep?: boolean;
  /** Fetch nothing; what lies in the installers' caches may be used. */
  readonly offline?: boolean;
  /** Variables of the user, from which the installers get an allow-listed few. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly systemTools?: SystemTools;
}

export interface EnsureOutcome {
  readonly id: string;
  /** The state it had before. */
  readonly was: EnvironmentState;
  /** Something was installed. */
  readonly made: boolean;
  readonly seconds: number;
  readonly identity: Digest | null;
  /** Why it is not ready. */
  readonly failure?: Failure;
}

const reasonOf = (look: EnvironmentLook): string => look.why ?? look.state;

/** The Debian packages all these environments lack, in one call; the failure is the same for each of them. */
async function ensureSystem(
  loaded: readonly LoadedEnvironment[],
  options: EnsureOptions,
): Promise<Failure | undefined> {
  const { places, onMessage = () => {}, signal, offline = false } = options;
  const specs = loaded.flatMap(({ spec }) => (spec.kind === 'system' ? [spec] : []));
  const onWait = ({ pid }: LockHolder): void =>
    onMessage(`waiting for process ${pid}, which installs system packages…`);
  const install = async (): Promise<void> => {
    const lacking = specs.map((spec) => ({ spec, ...missingSystemParts(spec) }));
    // A lost file comes back with its package, and dpkg is not asked which one that is.
    const damaged = lacking.filter(({ packages, paths }) => packages.length === 0 && paths.length > 0);
    const packages = [...lacking.flatMap((part) => part.packages), ...damaged.flatMap(({ spec }) => spec.packages)];
    if (packages.length === 0) return;
    await installSystem({
      packages: [...new Set(packages)],
      reinstall: damaged.length > 0,
      offline,
      onMessage,
      signal,
      env: installerVariables(options.env ?? process.env, places.roots.packages),
      ...(options.systemTools === undefined ? {} : { tools: options.systemTools }),
    });
  };
  try {
    await withFolderLock({ dir: places.roots.environments, name: 'system', onWait, signal }, install);
    return undefined;
  } catch (error) {
    if (isFailure(error) && error.code !== 'ERR_CANCELLED') return error;
    throw error;
  }
}

/** The quick look, and with `deep` the digests of a Python environment that looks ready. */
async function lookClosely(loaded: LoadedEnvironment, { places, deep }: EnsureOptions): Promise<EnvironmentLook> {
  const look = environmentState(loaded, places);
  if (!deep || look.state !== 'ready' || loaded.spec.kind !== 'uv') return look;
  const damaged = await findDamagedFiles(environmentDir(places.roots.environments, loaded.spec.id));
  const [first] = damaged;
  return first === undefined
    ? look
    : { ...look, state: 'broken', why: `${first.path} of ${first.package} does not have its digest` };
}

async function ensurePython(loaded: LoadedEnvironment, options: EnsureOptions): Promise<boolean> {
  const { spec, dir } = loaded;
  if (spec.kind !== 'uv') return false;
  const { places, onMessage = () => {}, signal, offline = false } = options;
  const { environments, packages } = places.roots;
  const onWait = ({ pid }: LockHolder): void =>
    onMessage(`waiting for process ${pid}, which makes environment ${spec.id}…`);
  return withFolderLock({ dir: environments, name: spec.id, onWait, signal }, async () => {
    const look = await lookClosely(loaded, options);
    if (look.state === 'ready') return false;
    if (look.identity === null) throw unsupported(loaded, look);
    if (look.state !== 'missing') onMessage(`environment ${spec.id} is ${look.state}: ${reasonOf(look)}`);
    const env = installerVariables(options.env ?? process.env, packages);
    await installPython({ spec, dir, identity: look.identity, places, offline, env, signal, onMessage });
    return true;
  });
}

const unsupported = ({ spec }: LoadedEnvironment, look: EnvironmentLook): Failure =>
  new Failure('ERR_ENVIRONMENT', `Environment ${spec.id} is not for this machine.`, { why: `${reasonOf(look)}.` });

async function ensureOne(loaded: LoadedEnvironment, look: EnvironmentLook, options: EnsureOptions): Promise<boolean> {
  const { spec } = loaded;
  if (spec.kind === 'uv') return ensurePython(loaded, options);
  if (look.state === 'ready') return false;
  throw new Failure('ERR_ENVIRONMENT', `Environment ${spec.id} is ${look.state}.`, {
    why: `${reasonOf(look)}.`,
    fix: [repairLine(spec, options.places.roots.environments)],
  });
}

/**
 * Makes or repairs environments: all missing Debian packages with one call of apt-get, then the Python ones one after the other. One that
 * fails stops no other. What is ready costs a look: no interpreter starts. Two set-ups at once do one install.
 * @returns one outcome for each id, in their order; a failure is in its outcome
 * @throws Failure ERR_CANCELLED
 */
export async function ensureEnvironments(ids: readonly string[], options: EnsureOptions): Promise<EnsureOutcome[]> {
  const { table, places, onMessage = () => {} } = options;
  const all = ids.map((id) => environmentOf(table, id));
  const before = new Map<LoadedEnvironment, EnvironmentLook>();
  for (const loaded of all) before.set(loaded, await lookClosely(loaded, options));
  const system = all.filter((loaded) => loaded.spec.kind === 'system' && before.get(loaded)?.state !== 'ready');
  const systemFailure = system.length === 0 ? undefined : await ensureSystem(system, options);

  const outcomes: EnsureOutcome[] = [];
  for (const loaded of all) {
    const started = performance.now();
    const look = before.get(loaded) ?? environmentState(loaded, places);
    const outcome = { id: loaded.spec.id, was: look.state };
    const seconds = (): number => (performance.now() - started) / 1000;
    if (look.state === 'ready') {
      outcomes.push({ ...outcome, made: false, seconds: 0, identity: look.identity });
      continue;
    }
    try {
      if (system.includes(loaded) && systemFailure !== undefined) throw systemFailure;
      const made = (await ensureOne(loaded, environmentState(loaded, places), options)) || system.includes(loaded);
      const after = environmentState(loaded, places);
      if (made) onMessage(`environment ${loaded.spec.id} is ready (${seconds().toFixed(1)} s)`);
      outcomes.push({ ...outcome, made, seconds: seconds(), identity: after.identity });
    } catch (error) {
      if (!isFailure(error) || error.code === 'ERR_CANCELLED') throw error;
      outcomes.push({ ...outcome, made: false, seconds: seconds(), identity: null, failure: error });
    }
  }
  return outcomes;
}

/** One environment; throws the failure that ensureEnvironments would put into its outcome. */
export async function ensureEnvironment(id: string, options: EnsureOptions): Promise<EnsureOutcome> {
  const [outcome] = await ensureEnvironments([id], options);
  if (outcome === undefined) throw new TypeError('no outcome');
  if (outcome.failure !== undefined) throw outcome.failure;
  return outcome;
}

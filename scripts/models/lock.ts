import { type Failure, isFailure } from '../../shared/contract/failure.ts';
import { lockModel } from '../../shared/models/download/lock-model.ts';
import { isLocked, type KnownModel } from '../../shared/models/registry/open-registry.ts';
import { failureJson } from '../../shared/report/failure-json.ts';
import { formatLocked, type LockedRow } from '../../shared/report/format-model-locked.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { findToken } from './find-token.ts';
import { runTask } from './run-task.ts';

/** So many failures of servers at the beginning, and nothing else: the network is not there, and the rest would fail as slowly. */
const HOPELESS = 3;

/** `./babelreel.sh models lock [ID…]`: one that fails does not stop the others; the exit code is that of the first failure. */
export async function run(invocation: Invocation): Promise<number> {
  const flags = await parseCommandLine('models lock', invocation.args);
  if (flags === undefined) return 0;
  const { models, roots } = invocation.settings;
  return await runTask(invocation, flags, async ({ store, progress, signal }) => {
    const { registry } = store;
    const named = flags.positionals;
    const token = findToken(flags['token-file'], process.env);
    // Files of a plain server have to be downloaded for it, which nobody expects unless asked for.
    const unlocked = [...registry.models.values()].filter(
      (model) => !isLocked(model) && model.entry.source.type === 'hub',
    );
    const ids =
      named.length > 0 ? registry.closure(named).map(({ entry }) => entry.id) : unlocked.map(({ entry }) => entry.id);
    const rows: LockedRow[] = [];
    const failures: Failure[] = [];
    for (const id of ids) {
      if (isLocked(registry.model(id)) && named.length > 0) {
        rows.push(rowOf(registry.model(id) as KnownModel, 'already'));
        continue;
      }
      if (failures.length >= HOPELESS && failures.length === rows.length && failures.every(isOfServer)) break;
      try {
        const locked = await lockModel(id, {
          ...store,
          localDir: roots.local,
          endpoints: models.endpoints,
          token,
          signal,
          onMessage: (text) => progress.note(text),
        });
        rows.push(rowOf(locked, 'locked'));
      } catch (error) {
        if (!isFailure(error) || !['model', 'offline'].includes(error.class)) throw error;
        failures.push(error);
        rows.push({ id, outcome: 'failed', revision: null, files: null, bytes: null, failure: failureJson(error) });
      }
    }
    progress.close();
    const left = ids.length - rows.length;
    process.stdout.write(`${flags.json ? JSON.stringify({ models: rows, left }) : formatLocked(rows, left)}\n`);
    return failures[0]?.exitCode ?? 0;
  });
}

const isOfServer = ({ code }: Failure): boolean => code === 'ERR_MODEL_SOURCE';

const rowOf = ({ entry, revision, files }: KnownModel, outcome: 'locked' | 'already'): LockedRow => ({
  id: entry.id,
  outcome,
  revision,
  files: files.length,
  bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  failure: null,
});

import { lookAtAll, lookAtModels } from '../../shared/models/audit/look-at-models.ts';
import { formatVerified, isVerified } from '../../shared/report/format-model-verified.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { nameOfFile } from './name-of-file.ts';
import { runTask } from './run-task.ts';

const NOT_VERIFIED = 6;

/** `./babelreel.sh models verify [ID…]`: reads through what was not read yet and compares every digest. */
export async function run(invocation: Invocation): Promise<number> {
  const flags = await parseCommandLine('models verify', invocation.args);
  if (flags === undefined) return 0;
  return await runTask(invocation, flags, async ({ store, progress, signal }) => {
    const named = flags.positionals;
    // An id that nobody knows is refused before anything is read.
    store.registry.closure(named);
    const present = named.length > 0 ? [] : [...(await lookAtModels({ ...store, signal })).values()];
    const ids = named.length > 0 ? named : present.flatMap(({ id, presentBytes }) => (presentBytes > 0 ? [id] : []));
    const startedAt = performance.now();
    const { models: looks, hashedBytes } = await lookAtAll({
      ...store,
      ids,
      deep: true,
      signal,
      onProgress: ({ path, ...bytes }) => progress.update({ ...bytes, now: nameOfFile(path) }),
    });
    progress.close();
    const models = ids.flatMap((id) => looks.get(id) ?? []);
    const result = { models, hashedBytes, seconds: (performance.now() - startedAt) / 1000 };
    process.stdout.write(`${flags.json ? JSON.stringify(result) : formatVerified(result)}\n`);
    return models.every(isVerified) ? 0 : NOT_VERIFIED;
  });
}

import type { Invocation } from '../babelreel.ts';
import { describeSets } from '../cache-models/describe-sets.ts';
import { parseCommandLine } from '../parse-command-line.ts';

/** `./cache-models.sh`. Without arguments it is the help: flags with the models, sizes, licences and gates of the registry. */
export async function run(invocation: Invocation): Promise<number> {
  const args = invocation.args.length === 0 ? ['--help'] : invocation.args;
  const flags = await parseCommandLine('cache-models', args);
  if (flags === undefined) {
    process.stdout.write(`\n${describeSets(invocation)}`);
    return 0;
  }
  const { cacheModels } = await import('../cache-models/cache-models.ts');
  return await cacheModels(flags, invocation);
}

import { Failure } from '../shared/contract/failure.ts';
import { didYouMean } from '../shared/util/nearest.ts';

const NAMES = [
  'state',
  'objects',
  'records',
  'tasks',
  'scratch',
  'models',
  'environments',
  'local',
  'packages',
  'in',
  'out',
];

/**
 * Takes every `--root NAME=PATH` out of the arguments: they mean the same for all commands, and win over `BABELREEL_ROOTS_NAME`, in whose
 * form they are given back. @throws Failure ERR_USAGE
 */
export function takeRoots(given: readonly string[]): {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} {
  const args: string[] = [];
  const env: Record<string, string> = {};
  for (let index = 0; index < given.length; index += 1) {
    const arg = given[index] as string;
    if (arg !== '--root' && !arg.startsWith('--root=')) {
      args.push(arg);
      continue;
    }
    if (arg === '--root') index += 1;
    const value = arg === '--root' ? (given[index] ?? '') : arg.slice('--root='.length);
    if (isFolderOfModels(given, value)) {
      args.push('--root', value);
      continue;
    }
    const [name = '', ...path] = value.split('=');
    if (!NAMES.includes(name) || path.join('=') === '') {
      throw new Failure('ERR_USAGE', `--root ${JSON.stringify(value)} is not NAME=PATH.${didYouMean(name, NAMES)}`, {
        why: `Names: ${NAMES.join(', ')}.`,
        fix: ['./babelreel.sh --help'],
      });
    }
    env[`BABELREEL_ROOTS_${name.toUpperCase()}`] = path.join('=');
  }
  return { args, env };
}

/** `models audit --root DIR` and `models adopt --root DIR` mean somebody's folder; a path has no `=` before its first slash. */
const isFolderOfModels = (given: readonly string[], value: string): boolean =>
  given.includes('models') && value !== '' && !/^[^/]*=/.test(value);

/**
 * Prints the `files` of a config/models entry for a folder: `node scripts/checks/describe-model.ts FOLDER [PREFIX…]`.
 * With prefixes only paths that start with one of them are listed.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { ModelFile } from '../../shared/contract/model.ts';
import { kindOfFile } from '../../shared/models/registry/kind-of-file.ts';

function describeFolder(folder: string, prefixes: readonly string[]): ModelFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => prefixes.length === 0 || prefixes.some((prefix) => path.startsWith(prefix)))
    .sort()
    .map((path) => {
      const data = readFileSync(join(folder, path));
      return {
        path,
        bytes: data.length,
        sha256: createHash('sha256').update(data).digest('hex'),
        kind: kindOfFile(path),
      };
    });
}

const [folder, ...prefixes] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: describe-model.ts FOLDER [PREFIX…]\n');
  process.exitCode = 2;
} else {
  process.stdout.write(`${JSON.stringify(describeFolder(resolve(folder), prefixes), null, 2)}\n`);
}

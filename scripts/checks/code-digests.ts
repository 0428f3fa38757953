import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { canonicalJson } from '../../shared/util/canonical-json.ts';
import { sha256Hex } from '../../shared/util/digest.ts';
import { importClosure } from './import-graph.ts';

/** config/code.json: what the code that makes results looks like, so that a change of it is a change of keys. */
export interface CodeFile {
  readonly schema: 'code/1';
  /** Stage -> digest of its import closure; part of every stage key. */
  readonly stages: Readonly<Record<string, string>>;
  /** Engine -> its version and the digest of its worker's files; a check, not a part of keys: keys carry the version. */
  readonly engines: Readonly<Record<string, { readonly version: string; readonly worker: string }>>;
}

const digestOfFiles = (projectDir: string, files: readonly string[]): Record<string, string> =>
  Object.fromEntries(files.map((file) => [file, sha256Hex(readFileSync(join(projectDir, file)))]));

export function computeCode(projectDir: string): CodeFile {
  const stages = globSync('stages/*/stage.ts', { cwd: projectDir })
    .sort()
    .map((entry) => {
      const { files, packages } = importClosure(projectDir, entry);
      return [
        basename(dirname(entry)),
        sha256Hex(canonicalJson({ files: digestOfFiles(projectDir, files), packages })),
      ] as const;
    });
  const engines = globSync('stages/*/engines/*/engine.ts', { cwd: projectDir })
    .sort()
    .map((entry) => {
      const text = readFileSync(join(projectDir, entry), 'utf8');
      const read = (field: string): string => new RegExp(`^  ${field}: '([^']+)'`, 'm').exec(text)?.[1] ?? 'missing';
      const folder = dirname(entry);
      const files = globSync(`${folder}/**/*`, { cwd: projectDir })
        .filter((file) => /\.(ts|py|json|txt)$/.test(file) && file !== entry && !file.endsWith('.test.ts'))
        .sort();
      return [
        `${read('role')}/${basename(folder)}`,
        { version: read('version'), worker: sha256Hex(canonicalJson(digestOfFiles(projectDir, files))) },
      ] as const;
    });
  return { schema: 'code/1', stages: Object.fromEntries(stages), engines: Object.fromEntries(engines) };
}

/** Engines whose worker changed although their version did not: their old answers would be served as new ones. */
export function forgottenVersions(before: CodeFile, now: CodeFile): readonly string[] {
  return Object.entries(now.engines)
    .filter(
      ([id, engine]) =>
        before.engines[id] !== undefined &&
        before.engines[id].version === engine.version &&
        before.engines[id].worker !== engine.worker,
    )
    .map(
      ([id, engine]) =>
        `${id} is still version ${engine.version}, but its worker changed: raise the version in its engine.ts`,
    );
}

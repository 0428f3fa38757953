import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findForgottenVersions, generateFiles } from './generated.ts';

/** `npm run generate`: writes every generated file, unless an engine's worker changed without its version. */
const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const forgotten = findForgottenVersions(projectDir);
for (const sentence of forgotten) process.stderr.write(`${sentence}\n`);
if (forgotten.length > 0) process.exit(1);
for (const { path, text } of generateFiles(projectDir)) {
  mkdirSync(dirname(join(projectDir, path)), { recursive: true });
  writeFileSync(join(projectDir, path), text);
}

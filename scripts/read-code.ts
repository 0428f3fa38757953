import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CodeDigests } from '../shared/runner/stage-key.ts';

/** Digests of the stages' code, from the generated config/code.json. */
export const readCode = (projectDir: string): CodeDigests =>
  (JSON.parse(readFileSync(join(projectDir, 'config/code.json'), 'utf8')) as { readonly stages: CodeDigests }).stages;

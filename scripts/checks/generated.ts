import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliPage } from './cli-page.ts';
import { type CodeFile, computeCode, forgottenVersions } from './code-digests.ts';
import { configPage } from './config-page.ts';
import { errorsPage } from './errors-page.ts';
import { modelsPage } from './models-page.ts';
import { schemaFiles } from './schemas.ts';

/** A file that is made from the code: its path in the project and its content. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

export const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Every generated file as it should be now. */
export function generateFiles(projectDir: string): readonly GeneratedFile[] {
  return [
    { path: 'config/code.json', text: asJson(computeCode(projectDir)) },
    { path: 'docs/cli.md', text: cliPage() },
    { path: 'docs/config.md', text: configPage() },
    { path: 'docs/errors.md', text: errorsPage() },
    { path: 'docs/models.md', text: modelsPage(projectDir) },
    ...schemaFiles(),
  ];
}

/** What is not as it should be, as sentences; empty when everything is fresh. */
export function findStale(projectDir: string): readonly string[] {
  const stale = generateFiles(projectDir)
    .filter(({ path, text }) => readText(join(projectDir, path)) !== text)
    .map(({ path }) => `${path} is stale: npm run generate`);
  return [...stale, ...findForgottenVersions(projectDir)];
}

export function findForgottenVersions(projectDir: string): readonly string[] {
  const text = readText(join(projectDir, 'config/code.json'));
  return text === undefined ? [] : forgottenVersions(JSON.parse(text) as CodeFile, computeCode(projectDir));
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

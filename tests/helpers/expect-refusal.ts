import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { FailureCode } from '../../shared/contract/failure.ts';
import type { FailureJson } from '../../shared/contract/report.ts';
import { digestOf } from '../../shared/util/digest.ts';
import { problemOfFix } from './fix-command.ts';
import type { Workspace } from './workspace.ts';

/** Path -> digest of every file under a folder. What a run writes for itself, its events and logs, is left out. */
export function listing(dir: string): Readonly<Record<string, string>> {
  if (!existsSync(dir)) return {};
  const paths = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    paths
      .filter((path) => !/(^|\/)(events\.jsonl|logs)$/.test(path))
      .map((path) => [path, statSync(join(dir, path)).isFile() ? digestOf(readFileSync(join(dir, path))) : 'folder']),
  );
}

/** in/, out/ and scratch. */
export const listAll = ({ dir }: Workspace): readonly Readonly<Record<string, string>>[] =>
  ['in', 'out', 'scratch'].map((name) => listing(join(dir, name)));

export interface Refusal {
  readonly args: readonly string[];
  readonly code: FailureCode;
  readonly exit: number;
  /** What the message must say. */
  readonly says: readonly (string | RegExp)[];
}

/** One message of the shape docs/errors.md describes, the same as JSON, and nothing changed. */
export async function expectRefusal(workspace: Workspace, row: Refusal, run = workspace.run): Promise<void> {
  const before = listAll(workspace);
  const showing = run(...row.args);
  // Two runs of one job at once would be refused for that.
  if (row.args[0] === 'run-pipeline') await showing;
  const [shown, json] = await Promise.all([showing, run(...row.args, '--json')]);
  const after = listAll(workspace);
  expect([after[0], after[2]]).toEqual([before[0], before[2]]);
  expect(after[1]).toEqual(before[1]);

  const lines = shown.stderr.trimEnd().split('\n');
  expect(lines[0], shown.stderr).toMatch(/^✗ \P{Ll}/u);
  expect(lines.filter((line) => line.startsWith('✗'))).toHaveLength(1);
  expect(lines.at(-1)).toMatch(new RegExp(`^ {2}${row.code} \\(exit ${row.exit}\\)`));
  expect(lines.slice(1).every((line) => line.startsWith('  '))).toBe(true);
  expect(shown.stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$|node:internal|\bundefined\b|crash\.log/m);
  for (const text of row.says) expect(shown.stderr).toMatch(text);
  expect(shown).toMatchObject({ code: row.exit, stdout: '' });

  const failure = JSON.parse(json.stdout) as FailureJson;
  expect(failure).toMatchObject({ code: row.code });
  expect(json.code).toBe(row.exit);
  expect(failure.fix.length, 'no command that helps').toBeGreaterThan(0);
  expect(failure.fix.map(problemOfFix).filter((problem) => problem !== undefined)).toEqual([]);
}

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Workspace } from '../helpers/workspace.ts';

/** Folders in which only things under way may lie. */
const PASSING = ['scratch', 'objects/incoming', 'records/tmp', 'tasks/objects/incoming'];

/** What is half-done in a workspace in which nothing runs: entries of passing folders, and partial or temporary files of a job. */
export function leftovers(workspace: Workspace): readonly string[] {
  const passing = PASSING.flatMap((folder) => entries(join(workspace.dir, folder)).map((name) => join(folder, name)));
  const partial = ['out', 'in'].flatMap((folder) =>
    entries(join(workspace.dir, folder))
      .filter((name) => /\.part$|~/.test(name))
      .map((name) => join(folder, name)),
  );
  return [...passing, ...partial];
}

const entries = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: folder.endsWith('out'), encoding: 'utf8' }) : [];

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../contract/failure.ts';
import { ModelLock } from '../../contract/model.ts';
import { onDiskSync } from '../../store/disk-failure.ts';
import { writeFileDurably } from '../../store/durable.ts';

export type LockedModel = ModelLock['models'][string];

export const lockPath = (localDir: string): string => join(localDir, 'models.lock.json');

/** What this machine learned about unlocked entries; empty where it learned nothing. Throws ERR_CONFIG_INVALID naming the file. */
export function readModelLock(localDir: string): ModelLock {
  const path = lockPath(localDir);
  if (!existsSync(path)) return { schema: 'model-lock/1', models: {} };
  const invalid = (why: string): Failure =>
    new Failure('ERR_CONFIG_INVALID', `${path} is not a valid lock of models.`, {
      why,
      safe: 'Nothing was fetched.',
      fix: [`rm '${path}'`, './babelreel.sh models lock'],
    });
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
  const parsed = ModelLock.safeParse(json);
  if (!parsed.success)
    throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  return parsed.data;
}

/**
 * Adds what was learned about one model and keeps what others learned meanwhile. The caller holds the lock of the store
 * (download/store-lock.ts), so that two downloaders do not drop each other's line. Throws ERR_NOT_WRITABLE, ERR_DISK_FULL.
 */
export async function addToModelLock(localDir: string, id: string, locked: LockedModel): Promise<void> {
  onDiskSync({ folder: localDir }, () => mkdirSync(localDir, { recursive: true }));
  const { models } = readModelLock(localDir);
  const sorted = Object.fromEntries(Object.entries({ ...models, [id]: locked }).sort(([a], [b]) => (a < b ? -1 : 1)));
  await writeFileDurably(
    lockPath(localDir),
    `${JSON.stringify({ schema: 'model-lock/1', models: sorted } satisfies ModelLock, null, 2)}\n`,
  );
}

import { closeSync, lstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { Failure } from '../../contract/failure.ts';
import type { KnownFile } from '../../contract/model.ts';
import { errorCode, quoted } from '../../store/disk-failure.ts';
import { hashFile } from '../../store/hash-file.ts';
import { inParallel } from '../../store/in-parallel.ts';
import { kindOfFile } from './kind-of-file.ts';

const POINTER = 'version https://git-lfs';

/**
 * Every file of a folder with size and sha256, sorted. Names that start with a dot (`.git`, `.cache`) are no part of a model. Links to files
 * inside it count as those files. Throws ERR_USAGE naming what cannot be taken: a folder without files, a link that leads out, to a folder or
 * nowhere, a device, weights of 0 bytes or that are a pointer of git-lfs; nothing is hashed then.
 */
export async function describeFolder(folder: string, signal?: AbortSignal): Promise<readonly KnownFile[]> {
  const root = realpathSync(folder);
  const paths = listFiles(folder, root, '').sort();
  if (paths.length === 0) throw refuse(folder, 'It has no files.');
  for (const path of paths) refuseEmptyWeights(folder, path);
  return inParallel(paths, 2, async (path): Promise<KnownFile> => {
    const { bytes, digest } = await hashFile(join(folder, path), signal === undefined ? {} : { signal });
    return { path, bytes, sha256: digest.slice('sha256:'.length), kind: kindOfFile(path) };
  });
}

const refuse = (folder: string, why: string, fix: readonly string[] = [`ls -la ${quoted(folder)}`]): Failure =>
  new Failure('ERR_USAGE', `${folder} cannot be taken as a model.`, { why, safe: 'Nothing was changed.', fix });

function listFiles(folder: string, root: string, inside: string): string[] {
  let names: readonly string[];
  try {
    names = readdirSync(join(folder, inside));
  } catch (error) {
    throw refuse(folder, `${join(folder, inside)} cannot be read (${errorCode(error)}).`);
  }
  return names
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      const path = inside === '' ? name : `${inside}/${name}`;
      const kind = whatIsThere(folder, root, path);
      return kind === 'folder' ? listFiles(folder, root, path) : [path];
    });
}

function whatIsThere(folder: string, root: string, path: string): 'file' | 'folder' {
  const full = join(folder, path);
  const stat = lstatSync(full);
  if (stat.isDirectory()) return 'folder';
  if (stat.isFile()) return 'file';
  if (!stat.isSymbolicLink()) throw refuse(folder, `${path} is neither a file nor a folder.`);
  const target = realTarget(full);
  if (target === undefined) throw refuse(folder, `${path} is a link that leads nowhere.`);
  if (!target.startsWith(root + sep)) {
    const copy = `${folder.replace(/\/+$/, '')}-files`;
    // As in the cache of a hub, whose snapshots are links.
    throw refuse(folder, `${path} is a link to ${target}, which is outside.`, [
      `cp -rL ${quoted(folder)} ${quoted(copy)}`,
    ]);
  }
  if (!statSync(target).isFile()) throw refuse(folder, `${path} is a link to something that is no file.`);
  return 'file';
}

function realTarget(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function refuseEmptyWeights(folder: string, path: string): void {
  const full = join(folder, path);
  const { size } = statSync(full);
  if (kindOfFile(path) === 'weights' && size === 0) throw refuse(folder, `${path} has 0 bytes.`);
  // A pointer has three short lines.
  if (size > 1024 || !startsWith(full, POINTER)) return;
  throw refuse(folder, `${path} is a pointer of git-lfs (${size} bytes); the file itself was not fetched.`, [
    `git -C ${quoted(folder)} lfs pull`,
  ]);
}

function startsWith(path: string, text: string): boolean {
  const buffer = Buffer.alloc(text.length);
  const handle = openSync(path, 'r');
  try {
    readSync(handle, buffer, 0, text.length, 0);
  } finally {
    closeSync(handle);
  }
  return buffer.toString('latin1') === text;
}

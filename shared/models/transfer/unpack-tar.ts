import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type Extract, extract, type Header } from 'tar-stream';
import { Failure, isFailure } from '../../contract/failure.ts';
import { quoted } from '../../store/disk-failure.ts';
import { ownedName } from '../../store/owned-name.ts';
import { incomingDir } from '../layout/hub-layout.ts';
import { type ExportManifest, MANIFEST_NAME, parseManifest } from './export-manifest.ts';
import type { FoundFile, Refused } from './found-file.ts';
import { requireRoom } from './require-room.ts';
import { stopIfAborted } from './stop-if-aborted.ts';
import { type CopyOptions, writeHashing } from './write-hashing.ts';

export interface UnpackOptions extends Pick<CopyOptions, 'signal'> {
  /** The archive. */
  readonly from: string;
  /** The models root in whose incoming folder wanted files are put down. */
  readonly root: string;
  /** Called once, before any file, with the manifest where the archive starts with one. */
  readonly onManifest: (manifest: ExportManifest) => Promise<void>;
  /**
   * What to do with a file of this name and size: put it down, take it for what the store has already (its sha256), or let it pass.
   */
  readonly judge: (found: Omit<FoundFile, 'at'>) => Promise<'take' | 'skip' | { readonly sha256: string }>;
  /** Called with each file that was put down, so that the caller can remove it whatever happens. */
  readonly onStaged: (path: string) => void;
  /** Called at each entry with its name and how far into the archive it lies, in bytes. */
  readonly onEntry?: (name: string, offset: number) => void;
}

export interface Unpacked {
  /** Put down and hashed, or taken for what the store has. */
  readonly files: readonly FoundFile[];
  readonly refused: readonly Refused[];
  /** Names of files that passed. */
  readonly passed: readonly string[];
}

type Entry = Extract extends AsyncIterable<infer Item> ? Item : never;

/** A manifest is some kilobytes a model; more is somebody else's file. */
const MAX_MANIFEST_BYTES = 16 << 20;
const READ_BYTES = 1 << 20;

/**
 * Reads an archive once from start to end. Names in it are only compared, never written to: a wanted file gets a name of ours in the store's
 * incoming folder. Throws ERR_USAGE for a file that is no archive or ends too early, and what `writeHashing` throws.
 */
export async function unpackTar(options: UnpackOptions): Promise<Unpacked> {
  const files: FoundFile[] = [];
  const refused: Refused[] = [];
  const passed: string[] = [];
  await mkdir(incomingDir(options.root), { recursive: true });
  const archive = extract();
  const source = createReadStream(options.from, { highWaterMark: READ_BYTES });
  const reading = pipeline(source, archive);
  // Its error arrives at the loop as well. Nothing may be waited for between here and there: an entry that comes before somebody listens is
  // lost, and the archive waits for ever for it to be read.
  reading.catch(() => {});
  try {
    let isFirst = true;
    for await (const entry of archive) {
      stopIfAborted(options.signal);
      const { header } = entry;
      options.onEntry?.(header.name, source.bytesRead);
      const why = refusal(header);
      if (why !== null) refused.push({ name: header.name, why });
      const manifest = isFirst && why === null ? await manifestOf(entry, options.from) : undefined;
      isFirst = isFirst && header.type === 'directory';
      if (manifest !== undefined) await options.onManifest(manifest);
      else if (why === null && header.type === 'file') {
        const found = await takeEntry(entry, options);
        if (found === undefined) passed.push(cleanName(header.name));
        else files.push(found);
      }
      // What was not read has to pass all the same.
      entry.resume();
    }
    await reading;
  } catch (error) {
    archive.destroy();
    throw asFailure(error, options.from);
  }
  return { files, refused, passed };
}

const cleanName = (name: string): string => name.replace(/^(\.\/)+/, '');

/** Why an entry is not even looked into; null when it may be. */
function refusal({ name, type }: Header): string | null {
  if (type !== 'file' && type !== 'directory')
    return `It is a ${type ?? 'thing of an unknown kind'}; only files are taken.`;
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) return 'Its name is an absolute path.';
  if (name.includes('\\') || name.includes('\0')) return 'Its name has a character that no file of a model has.';
  return name.split('/').includes('..') ? 'Its name leads out of the archive.' : null;
}

async function manifestOf(entry: Entry, from: string): Promise<ExportManifest | undefined> {
  const { name, size = 0, type } = entry.header;
  if (type !== 'file' || cleanName(name) !== MANIFEST_NAME || size > MAX_MANIFEST_BYTES) return undefined;
  return parseManifest((await buffer(entry)).toString('utf8'), `${MANIFEST_NAME} in ${from}`);
}

async function takeEntry(entry: Entry, options: UnpackOptions): Promise<FoundFile | undefined> {
  const found = { name: cleanName(entry.header.name), bytes: entry.header.size ?? 0 };
  const verdict = await options.judge(found);
  if (verdict === 'skip') return undefined;
  if (verdict !== 'take') return { ...found, at: '', sha256: verdict.sha256 };
  requireRoom(options.root, found.bytes);
  const at = join(incomingDir(options.root), ownedName('.import'));
  options.onStaged(at);
  const { digest } = await writeHashing(entry as AsyncIterable<Uint8Array>, at, { signal: options.signal });
  return { ...found, at, sha256: digest.slice('sha256:'.length) };
}

/** tar-stream says in plain errors that an archive is none or is cut off. */
function asFailure(error: unknown, from: string): unknown {
  if (isFailure(error) || !(error instanceof Error) || 'syscall' in error) return error;
  return new Failure('ERR_USAGE', `${from} is not a whole tar archive.`, {
    why: `${error.message.replace(/\.$/, '')}. A compressed one has to be unpacked first.`,
    safe: 'No file of it was imported.',
    fix: [`tar -tvf ${quoted(from)}`],
    cause: error,
  });
}

import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { KnownFile } from '../../contract/model.ts';
import { errorCode, onDisk } from '../../store/disk-failure.ts';
import { ownedName } from '../../store/owned-name.ts';
import { incomingDir, quarantineDir } from '../layout/hub-layout.ts';
import { createWriteBehind } from './write-behind.ts';

/** Where the bytes of a part come from: only more of the same fits to them. */
const Journal = z.object({
  schema: z.literal('part/1'),
  endpoint: z.string(),
  /** As the server wrote it, quotes and all; null where it gave none. */
  etag: z.string().nullable(),
  bytes: z.int().nonnegative(),
});
export type Journal = z.output<typeof Journal>;
export type Origin = Pick<Journal, 'endpoint' | 'etag'>;

/** A file on its way. Only one process has it, since the lock of the store is held. */
export interface PartFile extends AsyncDisposable {
  /** Bytes that are in. */
  readonly size: number;
  /** Undefined while nothing is in. */
  readonly journal: Journal | undefined;
  /** Throws away what is in. */
  restart(): Promise<void>;
  /** Says where the bytes that follow come from, before the first of them. */
  note(from: Origin): Promise<void>;
  /** The next bytes; a promise asks for a pause. */
  take(chunk: Buffer): Promise<void> | undefined;
  /** What was taken is in the file. Throws ERR_DISK_FULL. */
  settle(): Promise<void>;
  /** Of all that is in. */
  digests(): { readonly sha256: string; readonly gitSha1: string | undefined };
  /** The first bytes, to see what it is. */
  peek(): Promise<Buffer>;
  /** Makes the bytes survive a power cut; the path of the part. */
  finish(): Promise<string>;
  /** The journal is of no use any more: the part was published. */
  forget(): Promise<void>;
  /** Puts the bytes aside for whoever wants to know what came, and starts anew; where they are now. */
  quarantine(): Promise<string>;
}

/** A part of a smaller file is fetched anew, so it needs no journal. */
const JOURNAL_FROM_BYTES = 1 << 20;
const READ_BYTES = 1 << 20;
const PEEK_BYTES = 512;

/**
 * Opens `incoming/<sha256>.part`, new or as an earlier download left it. What is in is hashed now, before anything is asked of a server, since
 * the state of a hash cannot be kept. A part without a journal is started anew. Throws ERR_DISK_FULL, ERR_NOT_WRITABLE.
 */
export async function openPartFile(root: string, file: KnownFile): Promise<PartFile> {
  const dir = incomingDir(root);
  const path = join(dir, `${file.sha256}.part`);
  const journalPath = journalPathOf(root, file);
  const disk = <T>(work: () => Promise<T>): Promise<T> => onDisk({ folder: dir, neededBytes: file.bytes }, work);
  const openNew = (): Promise<FileHandle> =>
    disk(async () => {
      try {
        return await open(path, 'w+', 0o644);
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error;
        await mkdir(dir, { recursive: true });
        return open(path, 'w+', 0o644);
      }
    });

  let journal = await readJournal(journalPath, file);
  let isNoted = journal !== undefined;
  let handle = journal === undefined ? await openNew() : await disk(() => open(path, 'r+')).catch(openNew);
  let hashes = createHashes(file);
  let size = journal === undefined ? 0 : await hashPrefix(handle, hashes.update);
  let behind = createWriteBehind(handle, size);

  const reset = (): void => {
    journal = undefined;
    hashes = createHashes(file);
    size = 0;
    behind = createWriteBehind(handle, 0);
  };
  const settle = (): Promise<void> => disk(() => behind.settle());
  return {
    get size() {
      return size;
    },
    get journal() {
      return journal;
    },
    settle,
    async restart() {
      await behind.settle().catch(() => {});
      await rm(journalPath, { force: true });
      await disk(() => handle.truncate(0));
      reset();
    },
    async note(from) {
      journal = { schema: 'part/1', bytes: file.bytes, ...from };
      if (file.bytes < JOURNAL_FROM_BYTES) return;
      await writeJournal(root, file, from);
      isNoted = true;
    },
    take(chunk) {
      // Here and not in a thread that follows the file: on two cores 1 GiB came with 530 MB/s this way and with 450 MB/s that way.
      hashes.update(chunk);
      size += chunk.length;
      return behind.take(chunk);
    },
    digests: () => hashes.digests(),
    async peek() {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(PEEK_BYTES), 0, PEEK_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    },
    async finish() {
      await settle();
      await disk(() => handle.sync());
      return path;
    },
    async forget() {
      if (isNoted) await rm(journalPath, { force: true });
    },
    async quarantine() {
      await behind.settle().catch(() => {});
      // One for each file: ten tries of a large model must not fill the disk.
      const aside = join(quarantineDir(root), file.sha256);
      await disk(async () => {
        await mkdir(quarantineDir(root), { recursive: true });
        await rename(path, aside);
      });
      await rm(journalPath, { force: true });
      await handle.close();
      handle = await openNew();
      reset();
      return aside;
    },
    async [Symbol.asyncDispose]() {
      await behind.settle().catch(() => {});
      await handle.close();
      // Nothing came: nothing to go on with.
      if (size === 0 && file.bytes > 0) await rm(path, { force: true });
    },
  };
}

const journalPathOf = (root: string, file: KnownFile): string => join(incomingDir(root), `${file.sha256}.json`);

/** Says where the bytes of a part come from; without it nobody goes on with them. */
export async function writeJournal(root: string, file: KnownFile, from: Origin): Promise<void> {
  const journal: Journal = { schema: 'part/1', bytes: file.bytes, ...from };
  const path = journalPathOf(root, file);
  const temporary = join(incomingDir(root), ownedName('.journal'));
  // Not synced: after a power cut the bytes beside it are doubtful too, and the digest tells.
  await writeFile(temporary, `${JSON.stringify(journal)}\n`);
  await rename(temporary, path);
}

async function readJournal(path: string, file: KnownFile): Promise<Journal | undefined> {
  try {
    const journal = Journal.parse(JSON.parse(await readFile(path, 'utf8')));
    return journal.bytes === file.bytes ? journal : undefined;
  } catch {
    // None, or half of one: the bytes beside it could be anything.
    return undefined;
  }
}

async function hashPrefix(handle: FileHandle, update: (chunk: Buffer) => void): Promise<number> {
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (let at = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return at;
    update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

function createHashes({ bytes, gitSha1 }: KnownFile): {
  readonly update: (chunk: Buffer) => void;
  readonly digests: PartFile['digests'];
} {
  const sha256 = createHash('sha256');
  const git = gitSha1 === undefined ? undefined : createHash('sha1').update(`blob ${bytes}\0`);
  return {
    update(chunk) {
      sha256.update(chunk);
      git?.update(chunk);
    },
    digests: () => ({ sha256: sha256.copy().digest('hex'), gitSha1: git?.copy().digest('hex') }),
  };
}

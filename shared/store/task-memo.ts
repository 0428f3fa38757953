import { statSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Digest } from '../contract/ids.ts';
import { sha256Hex } from '../util/digest.ts';
import { type AnswerOptions, openAnswers } from './answers.ts';
import { errorCode, onDisk, onDiskSync } from './disk-failure.ts';
import { hashFile, hashHandle, openRegular, type Stored } from './hash-file.ts';
import { hasObjectIn, objectPathIn } from './object-path.ts';
import { ownedName } from './owned-name.ts';

export interface TaskAnswer {
  /** Plain JSON. */
  readonly reply: unknown;
  /** The files that the reply names; they must have been stored with `putObject`. */
  readonly objects: readonly Stored[];
}

/** Who made an answer, for a later clean-up by age or engine. */
export interface TaskOrigin {
  readonly role: string;
  readonly engine: string;
}

/**
 * Answers of engines by task key, so that a crash or an edit costs only what is new. Nothing in it is synced and all of it may be deleted
 * at any time: whatever is missing, damaged or torn is a miss, never an error. Several processes may use one folder.
 */
export interface TaskMemo extends Disposable {
  /** The answer; its objects are there by name and size. Their bytes are not read: see `recall`. */
  get(key: string): TaskAnswer | undefined;
  /**
   * As `get`, and the bytes of each object hash to its name; each object is read once in the life of this process. What a worker is going
   * to be fed with must come from here: a torn object would poison every answer made from it.
   */
  recall(key: string): Promise<TaskAnswer | undefined>;
  /** Keeps an answer. Throws ERR_DISK_FULL, ERR_NOT_WRITABLE. */
  put(key: string, answer: TaskAnswer & { readonly origin?: TaskOrigin }): void;
  /** Moves the file into the memo. Throws ERR_STAGE_OUTPUT when it is not a regular file, ERR_DISK_FULL, ERR_NOT_WRITABLE. */
  putObject(file: string): Promise<Stored>;
  objectPath(digest: Digest): string;
  hasObject(digest: Digest, bytes?: number): boolean;
  /** Drops an object and every answer that names it. */
  dropObject(digest: Digest): Promise<void>;
  close(): void;
}

const sumOf = (key: string, reply: string, objects: string): string =>
  sha256Hex(`${key}\n${objects}\n${reply}`).slice(0, 16);

/** Opens the memo in `dir`, made when it is missing. Throws ERR_DISK_FULL, ERR_NOT_WRITABLE. */
export function openTaskMemo(dir: string, options: AnswerOptions = {}): TaskMemo {
  const objects = join(dir, 'objects');
  const answers = openAnswers(dir, options);
  /** Objects whose bytes this process has hashed, with the inode and times they had then. */
  const sound = new Map<Digest, string>();

  function get(key: string): TaskAnswer | undefined {
    const row = answers.run(({ find }) => find.get(key));
    if (row === undefined || row.sum !== sumOf(key, row.reply, row.objects)) return undefined;
    const answer: TaskAnswer = { reply: JSON.parse(row.reply), objects: JSON.parse(row.objects) };
    return answer.objects.every(({ digest, bytes }) => hasObjectIn(objects, digest, bytes)) ? answer : undefined;
  }

  async function isSound({ digest }: Stored): Promise<boolean> {
    const path = objectPathIn(objects, digest);
    const seen = identify(path);
    if (seen === undefined) return false;
    if (sound.get(digest) === seen) return true;
    if ((await digestOrNothing(path)) !== digest) return false;
    sound.set(digest, seen);
    return true;
  }

  async function dropObject(digest: Digest): Promise<void> {
    await rm(objectPathIn(objects, digest), { force: true });
    answers.run(({ dropNaming }) => dropNaming.run(digest));
  }

  return {
    get,
    dropObject,
    objectPath: (digest) => objectPathIn(objects, digest),
    hasObject: (digest, bytes) => hasObjectIn(objects, digest, bytes),
    async recall(key) {
      const answer = get(key);
      if (answer === undefined) return undefined;
      for (const object of answer.objects) {
        if (await isSound(object)) continue;
        if (options.readonly !== true) await dropObject(object.digest);
        return undefined;
      }
      return answer;
    },
    put(key, { reply, objects: named, origin = { role: '', engine: '' } }) {
      const [replyText, objectsText] = [JSON.stringify(reply), JSON.stringify(named)];
      if (replyText === undefined) throw new TypeError('a reply must be JSON');
      const sum = sumOf(key, replyText, objectsText);
      onDiskSync({ folder: dir }, () =>
        answers.run(({ keep }) => keep.run(key, replyText, objectsText, sum, origin.role, origin.engine, Date.now())),
      );
    },
    async putObject(file) {
      const stored = await hashRegular(file);
      await onDisk({ folder: objects, neededBytes: stored.bytes }, () => moveIn(file, objects, stored.digest));
      const seen = identify(objectPathIn(objects, stored.digest));
      if (seen !== undefined) sound.set(stored.digest, seen);
      return stored;
    },
    close: answers.close,
    [Symbol.dispose]: answers.close,
  };
}

async function digestOrNothing(path: string): Promise<Digest | undefined> {
  try {
    return (await hashFile(path)).digest;
  } catch (error) {
    // Deleted since we looked.
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function identify(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}

async function hashRegular(file: string): Promise<Stored> {
  await using handle = await openRegular(file);
  const stored = await hashHandle(handle);
  await handle.chmod(0o444);
  return stored;
}

/** Ours over an existing one. The folders are made each time: the user may delete the memo under a running job. */
async function moveIn(file: string, objects: string, digest: Digest): Promise<void> {
  const final = objectPathIn(objects, digest);
  await mkdir(dirname(final), { recursive: true });
  try {
    await rename(file, final);
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error;
    const incoming = join(objects, 'incoming');
    await mkdir(incoming, { recursive: true });
    const temporary = join(incoming, ownedName('object'));
    await copyFile(file, temporary);
    await rename(temporary, final);
    await rm(file, { force: true });
  }
}

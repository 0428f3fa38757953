import { lstatSync, mkdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, isFailure } from '../contract/failure.ts';
import type { Digest } from '../contract/ids.ts';
import type { WireAudio } from '../contract/protocol.ts';
import type { TaskAnswer } from '../store/task-memo.ts';
import type { Memo } from './once.ts';
import { replaceReferences } from './references.ts';

/** A request as a worker sees it: local files in place of references. @param resolve absolute path of an object */
export const toWire = (request: unknown, resolve: (digest: Digest) => string): unknown =>
  replaceReferences(request, {
    audio: ({ $audio, offsetBytes, lengthBytes, format }): WireAudio => ({
      path: resolve($audio),
      offsetBytes,
      lengthBytes,
      format,
    }),
    object: ({ $object, bytes }) => ({ path: resolve($object), bytes }),
  });

/**
 * Moves the files of an answer into the memo's objects and puts their references into the reply.
 * @param files reply field -> name of a file in `dir`
 * @throws Failure ERR_ENGINE_REPLY when a name is no plain file in `dir`
 */
export async function storeFiles(
  value: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>>,
  { dir, memo, who }: { readonly dir: string; readonly memo: Memo; readonly who: string },
): Promise<TaskAnswer> {
  const reply: Record<string, unknown> = { ...value };
  const objects: TaskAnswer['objects'][number][] = [];
  for (const [field, name] of Object.entries(files)) {
    const path = join(dir, name);
    const isPlain = !name.includes('/') && lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
    if (!isPlain)
      throw new Failure('ERR_ENGINE_REPLY', `${who} named a file that is not there.`, {
        why: `${JSON.stringify(name)} for '${field}' is no plain file in the folder of the run.`,
      });
    const stored = await memo.putObject(path);
    reply[field] = { $object: stored.digest, bytes: stored.bytes };
    objects.push(stored);
  }
  return { reply, objects };
}

/** Parses a reply with a role's schema; what the role does not allow is ERR_ENGINE_REPLY. */
export function replyParser(schema: { parse(value: unknown): unknown }, who: string): (reply: unknown) => unknown {
  return (reply) => {
    try {
      return schema.parse(reply);
    } catch (error) {
      if (isFailure(error)) throw error;
      throw new Failure('ERR_ENGINE_REPLY', `${who} answered with something its role does not allow.`, {
        why: error instanceof Error ? error.message.slice(0, 600) : String(error),
        cause: error,
      });
    }
  };
}

/** A fresh folder that is removed with all that is left in it. */
export function temporaryFolder(path: string): AsyncDisposable & { readonly path: string } {
  mkdirSync(path, { recursive: true });
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** Removes what is in a folder. */
export async function emptyFolder(path: string): Promise<void> {
  for (const name of await readdir(path)) await rm(join(path, name), { recursive: true, force: true });
}

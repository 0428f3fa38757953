import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../contract/failure.ts';
import type { Digest, Fingerprint } from '../contract/ids.ts';
import type { StageRecord } from '../contract/record.ts';
import { canonicalJson } from '../util/canonical-json.ts';
import type { Roots } from '../util/settings.ts';
import { openState, type State } from './database.ts';
import { onDiskSync } from './disk-failure.ts';
import { type FileDigests, openFileDigests } from './file-digests.ts';
import type { Stored } from './hash-file.ts';
import { inParallel } from './in-parallel.ts';
import { type Objects, openObjects } from './objects.ts';
import { ownedName } from './owned-name.ts';
import { publishRecord } from './publish-record.ts';
import { readRecord } from './records.ts';
import { sweepFolders } from './sweep.ts';
import { openTaskMemo, type TaskMemo } from './task-memo.ts';

/** What a finished stage hands over. */
export interface Publication {
  readonly record: Omit<StageRecord, 'outputs' | 'refs' | 'durability'>;
  /** Port -> file; copied, the files stay where they are. */
  readonly files: Readonly<Record<string, string>>;
  /** Objects named inside the outputs, durable already or in the task memo. */
  readonly refs: readonly Digest[];
  /** Ours replaces an existing record. */
  readonly force?: boolean;
}

export interface Published {
  /** The record in force: ours, or that of a process that was faster. */
  readonly record: StageRecord;
  readonly adopted: boolean;
  /** Somebody else's outputs for the same key are not ours, in the record adopted or in the one replaced: the stage is not deterministic. */
  readonly differs: boolean;
}

export interface Store extends Disposable {
  readonly objects: Objects;
  readonly memo: TaskMemo;
  readonly state: State;
  readonly digests: FileDigests;
  /** Path of a durable object, else of one in the task memo. */
  resolve(digest: Digest): string | undefined;
  readRecord(fingerprint: Fingerprint): StageRecord | undefined;
  /**
   * The commit of a stage; when it resolves, the stage is done, whatever happens to the machine. Throws ERR_STAGE_OUTPUT for a port without
   * a regular file or a ref whose bytes are gone or damaged (its answer is dropped from the memo), ERR_DISK_FULL, ERR_NOT_WRITABLE.
   */
  publish(publication: Publication): Promise<Published>;
  /** Makes a private folder (0700) under `scratch`; what a dead process leaves of them is swept. */
  makeScratch(label: string): string;
  /** Removes the leftovers of dead processes; returns their paths. */
  sweep(): Promise<readonly string[]>;
  close(): void;
}

/** Syncs side by side share a journal commit. */
const WRITERS = 8;

/** Opens everything a run needs. Throws what `openState`, `openObjects` and `openTaskMemo` throw. */
export function openStore(roots: Pick<Roots, 'state' | 'objects' | 'records' | 'tasks' | 'scratch'>): Store {
  const objects = openObjects(roots.objects);
  const state = openState(roots.state);
  const digests = openFileDigests(state);
  const memo = openTaskMemo(roots.tasks);
  const find = (fingerprint: Fingerprint): StageRecord | undefined => readRecord(roots.records, fingerprint);
  const close = (): void => {
    memo.close();
    state.close();
  };

  async function publish({ record, files, refs, force = false }: Publication): Promise<Published> {
    const ports = await inParallel(Object.entries(files), WRITERS, async ([port, file]) => {
      return [port, await objects.place(file)] as const;
    });
    const outputs: Record<string, Stored> = Object.fromEntries(ports);
    const named = [...new Set(refs)].sort();
    await inParallel(named, WRITERS, (digest) => adopt(digest, { objects, memo, digests }));
    const durability = await objects.sync([...Object.values(outputs).map(({ digest }) => digest), ...named]);

    const ours: StageRecord = { ...record, outputs, refs: named, durability };
    const before = find(record.fingerprint);
    const usable = (theirs: StageRecord): boolean => isComplete(theirs, objects);
    const published = await publishRecord(roots.records, ours, { force, usable });
    const theirs = published.adopted ? published.record : before;
    const differs = theirs !== undefined && canonicalJson(theirs.outputs) !== canonicalJson(outputs);
    return { ...published, differs };
  }

  return {
    objects,
    memo,
    state,
    digests,
    publish,
    readRecord: find,
    resolve(digest) {
      if (objects.has(digest)) return objects.path(digest);
      return memo.hasObject(digest) ? memo.objectPath(digest) : undefined;
    },
    makeScratch(label) {
      const folder = join(roots.scratch, ownedName(label));
      onDiskSync({ folder: roots.scratch }, () => {
        mkdirSync(roots.scratch, { recursive: true });
        mkdirSync(folder, { mode: 0o700 });
      });
      return folder;
    },
    sweep: () =>
      sweepFolders([
        join(roots.objects, 'incoming'),
        join(roots.records, 'tmp'),
        join(roots.tasks, 'objects', 'incoming'),
        roots.scratch,
      ]),
    close,
    [Symbol.dispose]: close,
  };
}

/** A record whose objects were evicted must not win over one whose objects were just made: it would be made again for ever. */
const isComplete = (record: StageRecord, objects: Objects): boolean =>
  Object.values(record.outputs).every(({ digest, bytes }) => objects.has(digest, bytes)) &&
  record.refs.every((digest) => objects.has(digest));

/**
 * Makes sure that an object named inside an output is among the durable ones. An existing one counts only when its bytes were hashed: now,
 * or earlier and nothing about the file has changed since.
 */
async function adopt(digest: Digest, store: Pick<Store, 'objects' | 'memo' | 'digests'>): Promise<void> {
  const { objects, memo, digests } = store;
  if (objects.has(digest) && (await digests.remembered(objects.path(digest))) === digest) return;
  if (memo.hasObject(digest) && (await objects.place(memo.objectPath(digest), digest)) !== undefined) return;
  await memo.dropObject(digest);
  await objects.remove(digest);
  throw new Failure('ERR_STAGE_OUTPUT', 'An object that a stage named is gone or damaged.', {
    why: `No file whose bytes hash to ${digest} is in ${objects.dir} or in the task memo.`,
    safe: 'The damaged copy was removed; the next run makes it again.',
  });
}

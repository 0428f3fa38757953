import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StageRecord } from '../contract/record.ts';
import { canonicalJson } from '../util/canonical-json.ts';
import { onDisk } from './disk-failure.ts';
import {
  type Durability,
  fsyncDirectory,
  publishExclusively,
  weakest,
  writeFileDurably,
  writeSynced,
} from './durable.ts';
import { ownedName } from './owned-name.ts';
import { readRecord, recordPath } from './records.ts';

export interface PublishOptions {
  /** Ours replaces an existing record. */
  readonly force?: boolean;
  /** Whether an existing record may be adopted; asked with theirs. Without it every record that reads is good enough. */
  readonly usable?: (theirs: StageRecord) => boolean;
}

/**
 * The commit of a stage. The objects that the record names must be durable already. The first of several processes wins; a loser adopts
 * the winner's record (`adopted`), unless that one does not read or is not usable, and then ours takes its place.
 * Throws ERR_DISK_FULL, ERR_NOT_WRITABLE.
 */
export async function publishRecord(
  recordsDir: string,
  record: StageRecord,
  options: PublishOptions = {},
): Promise<{ readonly record: StageRecord; readonly adopted: boolean }> {
  const final = recordPath(recordsDir, record.fingerprint);
  const temporary = join(recordsDir, 'tmp', ownedName('record'));
  const write = async (): Promise<void> => {
    await mkdir(dirname(temporary), { recursive: true });
    await mkdir(dirname(final), { recursive: true });
    await writeSynced(temporary, serialise(record));
  };
  await onDisk({ folder: recordsDir }, write);

  let durability: Durability;
  if (options.force === true) {
    durability = await replace(temporary, final);
  } else {
    const published = await publishExclusively(temporary, final);
    durability = published.durability;
    if (published.outcome === 'exists') {
      const theirs = readRecord(recordsDir, record.fingerprint);
      if (theirs !== undefined && (options.usable?.(theirs) ?? true)) return { record: theirs, adopted: true };
      await onDisk({ folder: recordsDir }, () => writeSynced(temporary, serialise(record)));
      durability = weakest([durability, await replace(temporary, final)]);
    }
  }
  // The folder's own name: somebody else may have made it and died before syncing it.
  durability = weakest([record.durability, durability, await fsyncDirectory(recordsDir)]);
  if (durability === record.durability) return { record, adopted: false };
  const honest: StageRecord = { ...record, durability };
  await writeFileDurably(final, serialise(honest));
  return { record: honest, adopted: false };
}

const serialise = (record: StageRecord): string => `${canonicalJson(record)}\n`;

async function replace(temporary: string, final: string): Promise<Durability> {
  await onDisk({ folder: dirname(final) }, () => rename(temporary, final));
  return fsyncDirectory(dirname(final));
}

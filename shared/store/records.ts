import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fingerprint } from '../contract/ids.ts';
import type { RecordedOutput, StageRecord } from '../contract/record.ts';

// A run that has nothing to do loads this module and no other of the store: no database, no schema library.

export const recordPath = (recordsDir: string, fingerprint: Fingerprint): string =>
  join(recordsDir, fingerprint.slice(0, 2), `${fingerprint}.json`);

const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

/**
 * The record of a fingerprint. A file that is missing, cut short, of another schema or about another fingerprint is a miss: undefined.
 * Whether its objects are still there is for the caller to ask. Other errors of node:fs pass as they are.
 */
export function readRecord(recordsDir: string, fingerprint: Fingerprint): StageRecord | undefined {
  let text: string;
  try {
    text = readFileSync(recordPath(recordsDir, fingerprint), 'utf8');
  } catch (error) {
    if (NOT_THERE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isRecordOf(value, fingerprint) ? value : undefined;
}

/** The parts that decisions are taken by are checked one by one; the rest is for people and for `explain`. */
function isRecordOf(value: unknown, fingerprint: Fingerprint): value is StageRecord {
  if (!isObject(value)) return false;
  const { schema, fingerprint: found, key, outputs, refs, warnings } = value as Partial<StageRecord>;
  return (
    schema === 'record/1' &&
    found === fingerprint &&
    isObject(key) &&
    isObject(outputs) &&
    Object.values(outputs).every(isOutput) &&
    Array.isArray(refs) &&
    refs.every(isDigestText) &&
    Array.isArray(warnings)
  );
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isDigestText = (value: unknown): boolean => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);

function isOutput(value: unknown): value is RecordedOutput {
  if (!isObject(value)) return false;
  const { digest, bytes } = value as Partial<RecordedOutput>;
  return isDigestText(digest) && Number.isSafeInteger(bytes);
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fingerprint } from '../../shared/contract/ids.ts';
import type { StageRecord } from '../../shared/contract/record.ts';
import { sha256Hex } from '../../shared/util/digest.ts';

/** A folder of a test's own, gone at the end of its block. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
  /** Absolute path of a name in it. */
  at(...names: string[]): string;
  /** Writes a file in it and returns its path. */
  file(name: string, content: string | Uint8Array): string;
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'store-'));
  return {
    path,
    at: (...names) => join(path, ...names),
    file(name, content) {
      writeFileSync(join(path, name), content);
      return join(path, name);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Roots of a store below a folder. */
export const rootsIn = (dir: string) => ({
  state: join(dir, 'state'),
  objects: join(dir, 'objects'),
  records: join(dir, 'records'),
  tasks: join(dir, 'tasks'),
  scratch: join(dir, 'scratch'),
});

/** The fingerprint that stands for a name. */
export const fingerprintFor = (name: string): Fingerprint => sha256Hex(name) as Fingerprint;

/** A record without what the store adds. */
export function sampleRecord(name: string): Omit<StageRecord, 'outputs' | 'refs' | 'durability'> {
  return {
    schema: 'record/1',
    fingerprint: fingerprintFor(name),
    key: { v: 1, stage: name, code: '', engines: {}, models: [], tools: {}, params: {}, inputs: {} },
    warnings: [],
    figures: {},
    engineCalls: {},
    seconds: 0,
    madeAt: '2026-01-01T00:00:00.000Z',
    app: '0.1.0',
  };
}

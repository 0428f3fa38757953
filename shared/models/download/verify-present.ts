import { type BigIntStats, statSync } from 'node:fs';
import type { KnownFile } from '../../contract/model.ts';
import { hashFiles } from '../audit/hash-files.ts';
import type { PlanOptions } from './fetch-options.ts';

/** Tells which files hold the bytes they should. */
export interface Verifier {
  /** Of these paths those that have the size and the digest of their file. What nobody remembers is hashed. */
  verified(wanted: readonly { readonly path: string; readonly file: KnownFile }[]): Promise<ReadonlySet<string>>;
}

/** What changes whenever the bytes do. */
const stampOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join(':');

/** A verifier that hashes each file once, even where nothing is remembered between runs. */
export function createVerifier({ digests, signal }: Pick<PlanOptions, 'digests' | 'signal'>): Verifier {
  const seen = new Map<string, string>();
  return {
    async verified(wanted) {
      const candidates = wanted.flatMap(({ path, file }) => {
        const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
        if (stat?.isFile() !== true || stat.size !== BigInt(file.bytes)) return [];
        return [{ path, file, stamp: stampOf(stat) }];
      });
      const unseen = candidates.filter(({ stamp }) => !seen.has(stamp));
      const { outcomes } = await hashFiles([...new Set(unseen.map(({ path }) => path))], {
        digests,
        ...(signal !== undefined && { signal }),
      });
      for (const { path, stamp } of unseen) {
        const outcome = outcomes.get(path);
        if (outcome !== undefined && 'digest' in outcome) seen.set(stamp, outcome.digest);
      }
      const right = candidates.filter(({ file, stamp }) => seen.get(stamp) === `sha256:${file.sha256}`);
      return new Set(right.map(({ path }) => path));
    },
  };
}

import type { FileLook } from '../../contract/model-audit.ts';
import type { AuditOptions } from './audit-options.ts';
import { finding } from './file-finding.ts';
import { hashFiles } from './hash-files.ts';
import { compareDigest } from './look-at-file.ts';
import { listedFiles, type OwnLook, siblingsOf } from './own-look.ts';

export interface HashedLooks {
  readonly looks: ReadonlyMap<string, OwnLook>;
  readonly readBytes: number;
}

/** Hashes every file that looks right and was never hashed, and says of each whether it is what the registry knows. */
export async function hashLooks(looks: ReadonlyMap<string, OwnLook>, options: AuditOptions): Promise<HashedLooks> {
  const waiting = [...looks.values()].flatMap(({ files }) => files.filter(({ state }) => state === 'unverified'));
  const { outcomes, readBytes } = await hashFiles(
    waiting.map(({ at }) => at),
    options,
  );
  const judged = [...looks].map(([id, own]): [string, OwnLook] => {
    const wanted = new Map(listedFiles(own.model).map(({ path, sha256 }) => [path, sha256]));
    const siblings = siblingsOf(own.model);
    const files = own.files.map((look): FileLook => {
      const outcome = look.state === 'unverified' ? outcomes.get(look.at) : undefined;
      const sha256 = wanted.get(look.path);
      if (outcome === undefined) return look;
      if ('why' in outcome) return { ...look, ...finding('unreadable', outcome.why) };
      return sha256 === undefined ? look : { ...look, ...compareDigest(outcome.digest, sha256, siblings) };
    });
    return [id, { ...own, files }];
  });
  return { looks: new Map(judged), readBytes };
}

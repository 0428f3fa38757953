import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashFile } from '../store/hash-file.ts';

/** A file that is not what its package says. */
export interface DamagedFile {
  readonly package: string;
  /** Relative to site-packages. */
  readonly path: string;
}

const RECORD_SUFFIX = '.dist-info';
/** `path,sha256=<base64url>,<bytes>`; a path with a comma or a quote is quoted. */
const ROW = /^(?:"((?:[^"]|"")+)"|([^,]+)),sha256=([\w-]+),\d*$/;

/** Rows with a digest; the files a package writes later, such as bytecode, have none. */
export function parseRecord(text: string): readonly { readonly path: string; readonly sha256: string }[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, quoted, plain, digest = ''] = ROW.exec(line) ?? [];
    const path = quoted?.replaceAll('""', '"') ?? plain;
    return path === undefined ? [] : [{ path, sha256: Buffer.from(digest, 'base64url').toString('hex') }];
  });
}

/**
 * Hashes every file of an environment that its packages list with a digest (the RECORD of the wheel format), and names the ones that
 * differ. uv links files from its cache, so a file that was damaged in one environment is damaged in the cache and comes back with it.
 */
export async function findDamagedFiles(environment: string): Promise<readonly DamagedFile[]> {
  const lib = join(environment, 'lib');
  const python = readdirSync(lib).find((name) => name.startsWith('python3'));
  if (python === undefined) return [];
  const site = join(lib, python, 'site-packages');
  const damaged: DamagedFile[] = [];
  for (const folder of readdirSync(site).filter((name) => name.endsWith(RECORD_SUFFIX))) {
    const name = folder.slice(0, folder.lastIndexOf('-', folder.length - RECORD_SUFFIX.length - 1));
    for (const { path, sha256 } of parseRecord(readFileSync(join(site, folder, 'RECORD'), 'utf8'))) {
      const digest = await hashFile(join(site, path)).then(
        (file) => file.digest,
        () => null,
      );
      if (digest !== `sha256:${sha256}`) damaged.push({ package: name, path });
    }
  }
  return damaged;
}

import { statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { assembledDir } from '../layout/hub-layout.ts';
import { codeIn } from './extra-code.ts';
import type { OwnLook } from './own-look.ts';

/** A file system may keep times by two seconds only. */
const COPY_MS = 2_000;

/**
 * What is wrong with the folder of links an entry is loaded from, one phrase; null when each link leads to the file it should, or when the
 * entry has no such folder.
 */
export function checkAssembled(own: OwnLook, closure: readonly OwnLook[], root: string | undefined): string | null {
  const { entry } = own.model;
  if (entry.assemble === undefined || root === undefined) return null;
  const folder = join(assembledDir(root), entry.id);
  const files = new Map(
    closure.flatMap(({ files }) => files.map((look): [string, string] => [`${look.model}//${look.path}`, look.at])),
  );
  // A later step replaces an earlier one.
  const links = new Map(entry.assemble.map(({ to, model, path }) => [to, `${model}//${path}`]));
  const wrong = [...links].filter(([to, from]) => {
    const target = files.get(from);
    return target !== undefined && !isSameFile(join(folder, to), target);
  });
  if (wrong.length > 0) {
    const which = wrong.length === links.size ? '' : `: ${wrong[0]?.[0]}`;
    return `${wrong.length} of the ${links.size} links in ${folder} are missing or lead elsewhere${which}`;
  }
  const extra = codeIn(folder).find((path) => !links.has(relative(folder, path)));
  return extra === undefined ? null : `${extra} could be run and is none of the files of the model`;
}

/** One file, or a copy with its times, as it is made where there are no links. */
function isSameFile(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  if (one === undefined || other === undefined) return false;
  if (one.dev === other.dev && one.ino === other.ino) return true;
  return one.isFile() && one.size === other.size && Math.abs(Number(one.mtimeMs - other.mtimeMs)) < COPY_MS;
}

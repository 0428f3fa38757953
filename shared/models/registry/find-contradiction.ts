import type { ModelEntry, ModelFile, ModelSource } from '../../contract/model.ts';

/** True for a path that stays inside the folder it is relative to. */
export const isInside = (path: string): boolean =>
  !path.startsWith('/') && path.split('/').every((part) => part !== '..' && part !== '.' && part !== '');

/** Size and sha256 are known. */
export const isKnown = (file: { readonly bytes?: number | undefined; readonly sha256?: string | undefined }): boolean =>
  file.bytes !== undefined && file.sha256 !== undefined;

/** What an entry says that cannot be true at once, one sentence; null when nothing. What it says of other entries is not looked at. */
export function findContradiction(entry: ModelEntry, id: string): string | null {
  if (entry.id !== id) return `Its id is "${entry.id}", its name says "${id}".`;
  return wrongSource(entry.source) ?? wrongFiles(entry) ?? wrongRelations(entry) ?? null;
}

function wrongSource(source: ModelSource): string | undefined {
  switch (source.type) {
    case 'package':
      if (source.root.startsWith('/') || source.root.split('/').includes('..'))
        return `Its root "${source.root}" leads out of the package.`;
      return undefined;
    case 'url':
      return isInside(source.folder) ? undefined : `Its folder "${source.folder}" leads out of the store.`;
    case 'hub':
      return isInside(source.branch) ? undefined : `Its branch "${source.branch}" is no name of a branch.`;
    case 'local':
      return undefined;
  }
}

function wrongFiles({ source, files }: ModelEntry): string | undefined {
  const hasPatterns = source.type === 'hub' && source.allow.length > 0;
  if (files.length === 0 && !hasPatterns) return 'It has no files.';
  if (source.type === 'hub' && source.revision !== undefined && hasPatterns && files.every(isKnown) && files.length > 0)
    return 'It has a revision, digests for every file and also patterns: only one of them can be meant.';
  const outside = files.find(({ path }) => !isInside(path));
  if (outside !== undefined) return `"${outside.path}" is no path inside it.`;
  const paths = new Set<string>();
  for (const { path } of files) {
    if (paths.has(path)) return `"${path}" is listed twice.`;
    paths.add(path);
  }
  const folder = files.flatMap(({ path }) => foldersOf(path)).find((name) => paths.has(name));
  if (folder !== undefined) return `"${folder}" is a file and also a folder of other files.`;
  const hasNoServer = source.type === 'package' || source.type === 'local';
  const unknown = hasNoServer ? files.find((file) => !isKnown(file)) : undefined;
  if (unknown !== undefined)
    return `"${unknown.path}" has no size or no digest, and no server can be asked: it comes from a ${source.type === 'local' ? 'folder' : 'package'}.`;
  return wrongGroup(files, hasNoServer);
}

/** `a/b/c` -> `a`, `a/b`. */
const foldersOf = (path: string): readonly string[] =>
  path.split('/').flatMap((_, index, parts) => (index === 0 ? [] : [parts.slice(0, index).join('/')]));

function wrongGroup(files: readonly ModelFile[], hasNoServer: boolean): string | undefined {
  const groups = new Map<string, number>();
  for (const { oneOf } of files) if (oneOf !== undefined) groups.set(oneOf, (groups.get(oneOf) ?? 0) + 1);
  for (const [name, members] of groups) {
    if (members === 1) return `Its group "${name}" has one file, so there is nothing to choose.`;
    if (hasNoServer) return `Its group "${name}" leaves open which file is meant, and its files are there already.`;
  }
  return undefined;
}

function wrongRelations(entry: ModelEntry): string | undefined {
  const { id, role, source, files, requires, assemble = [], lora, platforms = [] } = entry;
  if (requires.includes(id)) return 'It requires itself.';
  const hasPatterns = source.type === 'hub' && source.allow.length > 0;
  for (const step of assemble) {
    if (!isInside(step.to)) return `It assembles "${step.to}", which is no path inside it.`;
    if (step.model !== id && !requires.includes(step.model))
      return `It assembles a file of ${step.model}, which it does not require.`;
    if (step.model === id && !hasPatterns && !files.some(({ path }) => path === step.path))
      return `It assembles "${step.path}", which is none of its files.`;
  }
  if (lora !== undefined && role !== 'lora') return 'It names a base model and is no LoRA.';
  if (lora === undefined && role === 'lora') return 'It is a LoRA and names no base model.';
  const platform = platforms.find((name) => !/^[a-z0-9]+-[a-z0-9_]+$/.test(name));
  if (platform !== undefined) return `Its platform "${platform}" is not of the form <os>-<arch>.`;
  return undefined;
}

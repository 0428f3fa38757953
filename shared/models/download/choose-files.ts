import type { ModelFile } from '../../contract/model.ts';
import { isInside } from '../registry/find-contradiction.ts';
import { kindOfFile } from '../registry/kind-of-file.ts';
import type { ListedModel } from '../registry/open-registry.ts';
import type { HubFile } from './hub-api.ts';
import { matchesPattern } from './match-pattern.ts';

/** A file of a model as the entry has it, and as the hub has it. */
export interface ChosenFile {
  readonly said: ModelFile;
  readonly found: HubFile;
}

/** Weights of other frameworks, and of older forms where newer ones are there. */
const OTHER_FRAMEWORKS = /(\.msgpack|\.h5|\.ot|\.tflite)$/;
const OLD_WEIGHTS = /\.(bin|pt|pth|ckpt)$/;

/** True for a path that can be used on any system: inside, with forward slashes, without control characters. */
const isUsable = (path: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  isInside(path) && !/[\\\u0000-\u001f\u007f]/.test(path) && !/^[A-Za-z]:/.test(path);

/**
 * Which files of a repository belong to a model: those the entry lists, of a group the first that exists, and those its patterns match, without
 * the same weights once more in another form. Returns a sentence when one is not there or has a name that leads elsewhere.
 */
export function chooseFiles({ entry }: ListedModel, found: readonly HubFile[]): readonly ChosenFile[] | string {
  const byPath = new Map(found.map((file) => [file.path, file]));
  const chosen: ChosenFile[] = [];
  const groups = new Map<string, boolean>();
  for (const said of entry.files) {
    const file = byPath.get(said.path);
    if (said.oneOf === undefined) {
      if (file === undefined) return `It has no file ${said.path}.`;
    } else if (file === undefined || groups.get(said.oneOf) === true) {
      groups.set(said.oneOf, groups.get(said.oneOf) ?? false);
      continue;
    } else groups.set(said.oneOf, true);
    chosen.push({ said, found: file });
  }
  const empty = [...groups].find(([, isThere]) => !isThere)?.[0];
  if (empty !== undefined) {
    const names = entry.files.filter(({ oneOf }) => oneOf === empty).map(({ path }) => path);
    return `It has none of ${names.join(', ')}.`;
  }
  const listed = new Set(entry.files.map(({ path }) => path));
  const allow = entry.source.type === 'hub' ? entry.source.allow : [];
  const matched = found.filter(
    ({ path }) => !listed.has(path) && allow.some((pattern) => matchesPattern(path, pattern)),
  );
  const hasNewWeights = [...chosen.map(({ found: file }) => file), ...matched].some(({ path }) =>
    path.endsWith('.safetensors'),
  );
  for (const file of matched) {
    if (OTHER_FRAMEWORKS.test(file.path) || (hasNewWeights && OLD_WEIGHTS.test(file.path))) continue;
    chosen.push({ said: { path: file.path, kind: kindOfFile(file.path) }, found: file });
  }
  if (chosen.length === 0) return `None of its ${found.length} files is one of the model's: ${allow.join(', ')}.`;
  const wrong = chosen.find(({ said }) => !isUsable(said.path));
  return wrong === undefined
    ? chosen
    : `It has a file named ${JSON.stringify(wrong.said.path)}, which leads out of its folder.`;
}

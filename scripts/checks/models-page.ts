import { join } from 'node:path';
import type { ModelFile } from '../../shared/contract/model.ts';
import {
  isLocked,
  type ListedModel,
  type ModelRegistry,
  openRegistry,
} from '../../shared/models/registry/open-registry.ts';
import { selectModels } from '../../shared/models/registry/select-models.ts';
import { formatBytes } from '../../shared/report/format-bytes.ts';

const NOT_KNOWN = 'not known yet';
/** Inside a cell of a table a bar would end the cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|');
const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** docs/models.md: what each flag of cache-models brings, from config/models and config/model-sets.json alone. */
export function modelsPage(projectDir: string): string {
  const registry = openRegistry(join(projectDir, 'config'));
  return [
    '# Models',
    '',
    'Generated from `config/models/*.json` and `config/model-sets.json` by `npm run generate`. Each heading is a flag of the command that',
    'fetches models; `--model ID` names a single one. The sum of a flag is what it brings without `--lang`: a file that several models share is',
    'counted once, and what comes inside a package that is installed anyway is not counted.',
    '',
    `A size that is ${NOT_KNOWN} is learned at the first download, together with the digests; \`≥\` is the part that is known before.`,
    '"commercial" is what the licence of the weights says: yes, no, or unstated where nobody has looked or the maker does not say. A gate is a',
    "page on which the maker's terms have to be accepted first.",
    '',
    '| flag | purpose | part of `--all` | to fetch |',
    '|---|---|---|---|',
    ...[...registry.sets].map(
      ([name, set]) =>
        `| [\`--${name}\`](#${name}) | ${cell(set.purpose)} | ${set.all ? 'yes' : 'no'} | ${sumOf(registry, [name])} |`,
    ),
    '',
    ...['linux-x64', 'darwin-arm64'].map((platform) => {
      const { ids, leftOut } = selectModels(registry, { all: true, platform });
      const without = leftOut.filter(({ id }) => registry.model(id).entry.platforms !== undefined);
      return `- \`--all\` on ${platform}${without.length === 0 ? '' : `, without ${without.map(({ id }) => id).join(', ')}`}: ${sumOfModels(registry, ids)}.`;
    }),
    `- \`--everything\`: ${sumOfModels(registry, [...registry.models.keys()])}.`,
    '',
    ...[...registry.sets.keys()].flatMap((name) => section(registry, name)),
  ].join('\n');
}

function section(registry: ModelRegistry, name: string): readonly string[] {
  const set = registry.sets.get(name);
  if (set === undefined) return [];
  const listed = [...set.models, ...set.perLanguage, ...set.alternatives];
  const required = registry
    .closure(listed)
    .map(({ entry }) => entry.id)
    .filter((id) => !listed.includes(id));
  return [
    `## ${name}`,
    '',
    `${set.purpose}.`,
    '',
    '| model | comes with | from | files | size | licence | commercial | gate |',
    '|---|---|---|---|---|---|---|---|',
    ...set.models.map((id) => row(registry.model(id), `\`--${name}\``)),
    ...set.perLanguage.map((id) => row(registry.model(id), byLanguage(registry.model(id)))),
    ...set.alternatives.map((id) => row(registry.model(id), '`--model`')),
    ...required.map((id) => row(registry.model(id), 'what requires it')),
    '',
  ];
}

const byLanguage = ({ entry }: ListedModel): string =>
  (entry.languages ?? []).map((language) => `\`--lang ${language}\``).join(', ');

function row(model: ListedModel, comesWith: string): string {
  const { id, licence, gate, platforms } = model.entry;
  const cells = [
    platforms === undefined ? `\`${id}\`` : `\`${id}\` (${platforms.join(', ')} only)`,
    comesWith,
    cell(placeOf(model)),
    fileCount(model),
    sizeOf([model]),
    licence.id,
    licence.commercial,
    gate === undefined ? '' : `[accept](${gate.acceptUrl})`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function placeOf({ entry: { source }, revision }: ListedModel): string {
  switch (source.type) {
    case 'package':
      return `package ${source.name} ${source.version}`;
    case 'hub':
      return `${source.repo} @ ${revision?.slice(0, 8) ?? source.branch}`;
    case 'url':
      return new URL(source.base).host;
    case 'local':
      return 'a folder of this machine';
  }
}

function fileCount({ entry, files }: ListedModel): string {
  if (files !== undefined) return String(files.length);
  const alone = entry.files.filter(({ oneOf }) => oneOf === undefined).length;
  const groups = new Set(entry.files.flatMap(({ oneOf }) => oneOf ?? [])).size;
  const mayHaveMore = entry.source.type === 'hub' && entry.source.allow.length > 0;
  return `${mayHaveMore ? '≥ ' : ''}${alone + groups}`;
}

const sumOf = (registry: ModelRegistry, sets: readonly string[]): string =>
  sumOfModels(registry, selectModels(registry, { sets, platform: '', anyPlatform: true }).ids);

function sumOfModels(registry: ModelRegistry, ids: readonly string[]): string {
  const models = registry.closure(ids).filter(({ entry }) => entry.source.type !== 'package');
  if (models.length === 0) return 'nothing';
  return `${sizeOf(models)} (${plural(models.length, 'model')})`;
}

/** Bytes of the files of several models, each content once; what is known of them where something is not. */
function sizeOf(models: readonly ListedModel[]): string {
  const files: readonly ModelFile[] = models.flatMap(
    ({ entry, files: known }): readonly ModelFile[] => known ?? entry.files.filter(({ oneOf }) => oneOf === undefined),
  );
  const contents = new Map(files.map(({ sha256, bytes = 0 }, index) => [sha256 ?? `unknown ${index}`, bytes]));
  const total = [...contents.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (models.every(isLocked)) return formatBytes(total);
  return total === 0 ? NOT_KNOWN : `≥ ${formatBytes(total)}`;
}

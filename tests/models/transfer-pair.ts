import { join } from 'node:path';
import type { ExportForm } from '../../shared/models/transfer/export-manifest.ts';
import { type ExportReport, exportModels } from '../../shared/models/transfer/export-models.ts';
import { importModels } from '../../shared/models/transfer/import-models.ts';
import type { ImportReport } from '../../shared/models/transfer/import-report.ts';
import { type Contents, digestsBelow, hubEntry, type Machine, makeMachine, REVISION } from './transfer-material.ts';

export const CONFIG = JSON.stringify({
  model_type: 'bert',
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 1,
});
export const SMALL: Contents = { 'config.json': CONFIG, 'deep/er/model.bin': Buffer.alloc(2_500_000, 'weights!') };
const BIG: Contents = { 'index.json': '{"of":"big"}', 'part-1.bin': 'first half', 'part-2.bin': 'second half' };
const PLAIN: Contents = { 'voice.th': 'plain bytes' };
export const COMMIT = `${REVISION}1`;
/** Where a file of a hub model lies below the root. */
export const snapshotOf = (id: string, path: string): string =>
  join(`huggingface/hub/models--org--${id}/snapshots/${COMMIT}`, path);

/** Lists three models: `asr.big` requires `asr.small`, and `asr.plain` comes from a plain server. */
function listAll(machine: Machine): void {
  machine.list(hubEntry('asr.small', SMALL));
  const steps = [
    { model: 'asr.small', path: 'config.json', to: 'index.json' },
    { model: 'asr.big', path: 'part-1.bin', to: 'parts/1.bin' },
    { model: 'asr.big', path: 'index.json', to: 'index.json' },
  ];
  machine.list(hubEntry('asr.big', BIG, { requires: ['asr.small'], assemble: steps }));
  const source = { type: 'url', base: 'https://files.test/x', folder: 'torch/hub/checkpoints' } as const;
  machine.list({ ...hubEntry('asr.plain', PLAIN), source });
}

/** Two machines that list the same models; one has their files. */
export interface Pair {
  readonly here: Machine;
  readonly there: Machine;
  [Symbol.dispose](): void;
}

export async function makePair(): Promise<Pair> {
  const [here, there] = [makeMachine(), makeMachine()];
  for (const machine of [here, there]) listAll(machine);
  await here.store('asr.small', SMALL);
  await here.store('asr.big', BIG);
  await here.store('asr.plain', PLAIN);
  return {
    here,
    there,
    [Symbol.dispose]() {
      here[Symbol.dispose]();
      there[Symbol.dispose]();
    },
  };
}

export const importInto = (machine: Machine, from: string, more: object = {}): Promise<ImportReport> =>
  importModels({ ...machine, registry: machine.registry(), from, ...more });

/** Exports all three. */
export const exportFrom = (machine: Machine, form: ExportForm, to: string, more: object = {}): Promise<ExportReport> =>
  exportModels(['asr.big', 'asr.plain'], { ...machine, registry: machine.registry(), form, to, ...more });

/** What an import of all three says, in short. */
export const ALL = [
  { id: 'asr.small', imported: 2, already: 0, wrong: [], missing: [] },
  { id: 'asr.big', imported: 3, already: 0, wrong: [], missing: [] },
  { id: 'asr.plain', imported: 1, already: 0, wrong: [], missing: [] },
];

export const short = (report: ImportReport) =>
  report.models.map(({ id, imported, already, wrong, missing }) => ({
    id,
    imported: imported.length,
    already: already.length,
    wrong: wrong.map(({ path }) => path),
    missing,
  }));

/** Everything a store holds that counts, by path. */
export const stored = (machine: Machine): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(digestsBelow(machine.root)).filter(([path]) => !path.startsWith('.lock')));

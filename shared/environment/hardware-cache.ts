import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HardwareCache } from '../contract/environment.ts';
import { writeFileDurably } from '../store/durable.ts';
import type { Roots } from '../util/settings.ts';
import type { Hardware } from './hardware.ts';
import { environmentPath } from './places.ts';
import type { EnvironmentTable } from './specs.ts';
import { environmentState } from './state.ts';

export interface HardwareCacheOptions {
  readonly hardware: Hardware;
  readonly table: EnvironmentTable;
  readonly projectDir: string;
  readonly roots: Pick<Roots, 'environments' | 'packages' | 'models'>;
  /** Stage -> environments its engines need. */
  readonly stages: Readonly<Record<string, readonly string[]>>;
  /** Workflow -> environments its stages need. */
  readonly workflows: Readonly<Record<string, readonly string[]>>;
}

const copyLists = (lists: Readonly<Record<string, readonly string[]>>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(lists).map(([name, ids]) => [name, [...ids]]));

/** Writes config/hardware_cache.json: the machine, where caches lie, and how every environment stands now. Returns what it wrote. */
export async function writeHardwareCache(path: string, options: HardwareCacheOptions): Promise<HardwareCache> {
  const { hardware, table, projectDir, roots, stages, workflows } = options;
  const places = { projectDir, roots };
  const models = roots.models[0];
  if (models === undefined) throw new TypeError('there is no model root');
  const stagesOf = (id: string): string[] => Object.keys(stages).filter((stage) => stages[stage]?.includes(id));
  const cache = HardwareCache.parse({
    schema: 'hardware/1',
    writtenAt: new Date().toISOString(),
    hardware,
    cache: {
      base_dir: models,
      torch_home: join(models, 'torch'),
      hf_home: join(models, 'huggingface'),
      mlx_home: join(models, 'mlx'),
    },
    environments: Object.fromEntries(
      [...table].map(([id, loaded]) => {
        const { state, identity } = environmentState(loaded, places);
        const { kind, purpose } = loaded.spec;
        return [
          id,
          { path: environmentPath(loaded.spec, places), kind, purpose, stages: stagesOf(id), state, identity },
        ];
      }),
    ),
    stages: copyLists(stages),
    workflows: copyLists(workflows),
  });
  mkdirSync(dirname(path), { recursive: true });
  await writeFileDurably(path, `${JSON.stringify(cache, null, 2)}\n`);
  return cache;
}

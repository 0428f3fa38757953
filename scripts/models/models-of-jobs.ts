import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJobId } from '../../shared/contract/ids.ts';

interface LooseManifest {
  readonly lock?: {
    readonly engines?: Readonly<Record<string, { readonly models?: readonly unknown[] }>>;
    readonly models?: Readonly<Record<string, { readonly revision?: unknown }>>;
  };
}

/**
 * Job -> the models its engines are locked to, the newest id last. Read lightly: a manifest that cannot be read has no say here, and
 * `status` tells what is wrong with it. Jobs that need no model are left out.
 */
export function modelsOfJobs(outDir: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    jobIds(outDir).flatMap((id) => {
      const { engines = {} } = lockOf(outDir, id);
      const ids = Object.values(engines).flatMap(({ models = [] }) => models);
      const models = [...new Set(ids.filter((one) => typeof one === 'string'))];
      return models.length === 0 ? [] : [[id, models] as const];
    }),
  );
}

/** The revisions that jobs are locked to, for whoever wants to remove old ones. Read as lightly. */
export function revisionsOfJobs(outDir: string): readonly { readonly id: string; readonly revision: string }[] {
  return jobIds(outDir).flatMap((job) =>
    Object.entries(lockOf(outDir, job).models ?? {}).flatMap(([id, { revision }]) =>
      typeof revision === 'string' ? [{ id, revision }] : [],
    ),
  );
}

function jobIds(outDir: string): readonly string[] {
  try {
    return readdirSync(outDir).filter(isJobId).sort();
  } catch {
    // There is no folder while there was no job.
    return [];
  }
}

function lockOf(outDir: string, id: string): NonNullable<LooseManifest['lock']> {
  try {
    return (JSON.parse(readFileSync(join(outDir, id, 'job.json'), 'utf8')) as LooseManifest | null)?.lock ?? {};
  } catch {
    return {};
  }
}

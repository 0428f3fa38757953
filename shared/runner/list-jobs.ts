import { readdirSync } from 'node:fs';
import { isFailure } from '../contract/failure.ts';
import { isJobId } from '../contract/ids.ts';
import { readManifest } from './read-manifest.ts';

export interface ListedJob {
  readonly id: string;
  readonly createdAt: string;
  readonly workflow: string;
  readonly media: string;
  readonly languages: string;
  /** Why its manifest cannot be read. */
  readonly problem?: string;
}

/** Every job under `outDir`, the newest first. A broken one is listed with its problem, not left out. */
export function listJobs(outDir: string): readonly ListedJob[] {
  const jobs = namesIn(outDir).flatMap((id): ListedJob[] => {
    try {
      const { createdAt, workflow, media, languages } = readManifest(outDir, id);
      const { source, targets } = languages;
      return [
        {
          id,
          createdAt,
          workflow,
          media: media.path,
          languages: targets.length === 0 ? source : `${source} -> ${targets.join(', ')}`,
        },
      ];
    } catch (error) {
      if (!isFailure(error)) throw error;
      if (error.code === 'ERR_JOB_UNKNOWN') return [];
      return [{ id, createdAt: '', workflow: '?', media: '?', languages: '?', problem: error.code }];
    }
  });
  return jobs.sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : a.id < b.id ? -1 : 1));
}

function namesIn(outDir: string): readonly string[] {
  try {
    return readdirSync(outDir).filter(isJobId);
  } catch {
    return [];
  }
}

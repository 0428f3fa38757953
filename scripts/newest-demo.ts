import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const DEMO = /^demo(?:-([0-9]+))?$/;

/** The id of the newest demo job, or undefined. Light: the short way of a finished demo asks it. */
export function newestDemo(outDir: string): string | undefined {
  try {
    return (
      readdirSync(outDir)
        // A folder whose preparation was killed has no manifest.
        .filter((name) => DEMO.test(name) && existsSync(join(outDir, name, 'job.json')))
        .sort((a, b) => Number(DEMO.exec(b)?.[1] ?? 1) - Number(DEMO.exec(a)?.[1] ?? 1))[0]
    );
  } catch {
    return undefined;
  }
}

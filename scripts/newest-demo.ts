import { readdirSync } from 'node:fs';

const DEMO = /^demo(?:-([0-9]+))?$/;

/** The id of the newest demo job, or undefined. Light: the short way of a finished demo asks it. */
export function newestDemo(outDir: string): string | undefined {
  try {
    return readdirSync(outDir)
      .filter((name) => DEMO.test(name))
      .sort((a, b) => Number(DEMO.exec(b)?.[1] ?? 1) - Number(DEMO.exec(a)?.[1] ?? 1))[0];
  } catch {
    return undefined;
  }
}

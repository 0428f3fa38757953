import { arch, cpus, totalmem, type } from 'node:os';
import type { HardwareCache } from '../contract/environment.ts';
import { findProgram } from '../process/find-program.ts';
import { runProcess } from '../process/run-process.ts';
import { detectAccelerator } from './platform.ts';

export type Hardware = HardwareCache['hardware'];

const MIB = 1024 * 1024;
const QUERY = ['--query-gpu=uuid,name,memory.total', '--format=csv,noheader,nounits'];

/** Reads `nvidia-smi`'s lines `uuid, name, MiB`; a line of another shape is passed over. */
export function parseGpus(text: string): Hardware['gpus'] {
  return text.split('\n').flatMap((line) => {
    const [uuid, name, memory] = line.split(',').map((part) => part.trim());
    const vramMiB = Number(memory);
    return uuid && name && Number.isInteger(vramMiB) && vramMiB > 0 ? [{ uuid, name, vramMiB }] : [];
  });
}

async function nvidiaGpus(): Promise<Hardware['gpus']> {
  const program = findProgram('nvidia-smi');
  if (program === undefined) return [];
  try {
    const { code, stdout } = await runProcess({ argv: [program, ...QUERY], env: {}, cwd: '/', timeoutMs: 20_000 });
    return code === 0 ? parseGpus(stdout) : [];
  } catch {
    return [];
  }
}

/** Memory this process may use, in bytes: the machine's, or less where a control group says so. */
function usableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

/** What this machine has. The accelerator is `cuda` only when a card answers, not when a driver is merely installed. */
export async function detectHardware(): Promise<Hardware> {
  const seen = detectAccelerator();
  const gpus = seen === 'cuda' ? await nvidiaGpus() : [];
  return {
    os: type(),
    arch: arch(),
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: Math.max(1, cpus().length),
    ramMiB: Math.floor(usableMemory() / MIB),
    accelerator: seen === 'cuda' && gpus.length === 0 ? 'cpu' : seen,
    gpus,
  };
}

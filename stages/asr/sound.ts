import { closeSync, openSync, readSync } from 'node:fs';

/** 16-bit mono PCM at 16 kHz, addressed by sample. */
export interface Sound {
  readonly samples: number;
  /** Samples `[from, to)`; shorter where the sound has ended. */
  read(from: number, to: number): Int16Array;
}

export const soundOf = (pcm: Int16Array): Sound => ({
  samples: pcm.length,
  read: (from, to) => pcm.subarray(Math.max(0, from), Math.max(0, to)),
});

/** Opens a file of `bytes` length without reading it; only the asked places are read. Dispose it to close the file. */
export function openSound(path: string, bytes: number): Sound & Disposable {
  const fd = openSync(path, 'r');
  return {
    samples: Math.floor(bytes / 2),
    read: (from, to) => {
      const first = Math.max(0, from);
      const buffer = Buffer.alloc(2 * Math.max(0, to - first));
      let filled = 0;
      while (filled < buffer.length) {
        const count = readSync(fd, buffer, filled, buffer.length - filled, 2 * first + filled);
        if (count === 0) break;
        filled += count;
      }
      return new Int16Array(buffer.buffer, buffer.byteOffset, Math.floor(filled / 2));
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

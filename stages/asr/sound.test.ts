import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSound, soundOf } from './sound.ts';

test('a file and samples in memory read the same, also beyond both ends', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sound-'));
  try {
    const pcm = Int16Array.from([1, -2, 300, -400, 32_767]);
    writeFileSync(join(dir, 'a.pcm'), pcm);
    using sound = openSound(join(dir, 'a.pcm'), 11);
    expect(sound.samples).toBe(5);
    for (const [from, to] of [
      [0, 5],
      [-3, 2],
      [3, 99],
      [7, 9],
      [4, 2],
    ] as const)
      expect([...sound.read(from, to)]).toEqual([...soundOf(pcm).read(from, to)]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

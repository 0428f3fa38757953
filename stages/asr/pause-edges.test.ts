import { describe, expect, test } from 'vitest';
import { rattle } from '../../tests/helpers/rattle.ts';
import { pauseEdges } from './pause-edges.ts';
import { soundOf } from './sound.ts';

describe('the edges of a pause', () => {
  const noisy = soundOf(rattle([20_000, 6000], [12_000, 60], [20_000, 6000]));
  const silent = soundOf(rattle([20_000, 6000], [12_000, 0], [20_000, 6000]));

  test('are where the sound falls and rises, however the detector saw them', () => {
    for (const sound of [noisy, silent]) {
      const seen = [-500, -100, 0, 100, 512, 1400].map((late) =>
        pauseEdges(sound, { from: 20_000 + late, to: 32_000 + late / 2 }),
      );
      expect(new Set(seen.map(({ from }) => from)).size).toBe(1);
      expect(new Set(seen.map(({ to }) => to)).size).toBe(1);
      const { from, to } = seen[0] as { from: number; to: number };
      expect(Math.abs(from - 20_000)).toBeLessThan(200);
      expect(Math.abs(to - 32_000)).toBeLessThan(200);
    }
  });

  test('stay where the detector saw them when the pause is as loud as the speech', () => {
    const music = soundOf(rattle([60_000, 6000]));
    expect(pauseEdges(music, { from: 20_000, to: 32_000 })).toEqual({ from: 20_000, to: 32_000 });
  });
});

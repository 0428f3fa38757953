import { describe, expect, it } from 'vitest';
import { fitLine, type Take } from './fit-line.ts';

const LIMITS = { maxRate: 1.3, maxStretch: 1.25, maxProduct: 1.4 };

/** An engine that says a line in `lengthAt(rate)` milliseconds, and what it was asked. */
function speaker(lengthAt: (rate: number) => number) {
  const asked: number[] = [];
  const take = (lengthMs: number): Take<number> => ({ audio: lengthMs, lengthMs });
  return {
    asked,
    speak: async (rate: number) => {
      asked.push(rate);
      return take(Math.round(lengthAt(rate)));
    },
    stretch: async ({ lengthMs }: Take<number>, factor: number) => take(Math.round(lengthMs / factor)),
  };
}

describe('fitting a line', () => {
  it('leaves a line that fits as it is and never slows it down', async () => {
    const engine = speaker(() => 1000);
    const fitted = await fitLine(5000, LIMITS, engine);
    expect(fitted).toMatchObject({ rate: 1, stretch: 1, naturalMs: 1000, take: { lengthMs: 1000 } });
    expect(engine.asked).toEqual([1]);
  });

  it('asks the engine for a higher rate before it stretches', async () => {
    const fitted = await fitLine(
      2500,
      LIMITS,
      speaker((rate) => 3000 / rate),
    );
    expect(fitted.rate).toBe(1.2);
    expect(fitted.stretch).toBe(1);
    expect(fitted.take.lengthMs).toBeLessThanOrEqual(2500);
  });

  it('corrects the rate once when the engine does not follow it', async () => {
    const lazy = speaker((rate) => 3000 / (1 + (rate - 1) * 0.7));
    const fitted = await fitLine(2600, LIMITS, lazy);
    expect(lazy.asked).toHaveLength(3);
    expect(fitted.take.lengthMs).toBeLessThanOrEqual(2600);
    const eager = speaker((rate) => (rate > 1.15 ? 1500 : 3000 / rate));
    const slower = await fitLine(2600, LIMITS, eager);
    expect(eager.asked).toHaveLength(3);
    expect(slower.take.lengthMs).toBeLessThanOrEqual(2600);
  });

  it('takes the slowest of the takes that fit', async () => {
    const fitted = await fitLine(
      2600,
      LIMITS,
      speaker((rate) => (rate >= 1.1 ? 2000 : 2550 + 450 / rate)),
    );
    expect(fitted.rate).toBeLessThan(1.2);
  });

  it('stretches what the engine cannot say fast enough, by 1.4 in all at most', async () => {
    const fitted = await fitLine(
      1000,
      LIMITS,
      speaker((rate) => 3000 / rate),
    );
    expect(fitted.rate).toBe(1.3);
    expect(fitted.stretch).toBeCloseTo(1.4 / 1.3, 2);
    expect(fitted.rate * fitted.stretch).toBeLessThanOrEqual(1.4);
    expect(fitted.take.lengthMs).toBeGreaterThan(1000);
  });

  it('counts what the engine really did against the limit, not what it was asked', async () => {
    const overdone = speaker((rate) => 3000 / (1 + (rate - 1) * 1.3));
    const fitted = await fitLine(1000, LIMITS, overdone);
    expect(3000 / fitted.take.lengthMs).toBeLessThanOrEqual(1.401);
  });

  it('stretches by no more than the line needs', async () => {
    const fitted = await fitLine(
      2200,
      LIMITS,
      speaker((rate) => 3000 / rate),
    );
    expect(fitted.stretch).toBeLessThan(1.07);
    expect(fitted.take.lengthMs).toBeLessThanOrEqual(2200);
  });

  it('stays within 1.25 when an engine has no rate at all', async () => {
    const fitted = await fitLine(
      1000,
      LIMITS,
      speaker(() => 3000),
    );
    expect(fitted.stretch).toBe(1.25);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AdmissionRequest, Need } from './admission.ts';
import { admit, EVICTING_PATIENCE, impossible, machineLimits, PATIENCE } from './admission.ts';

const request = (id: string, changes: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  id,
  cpu: 1,
  ramMiB: 0,
  seq: Number(id),
  overtaken: 0,
  evicts: false,
  ...changes,
});
const ids = (starts: readonly AdmissionRequest[]): readonly string[] => starts.map(({ id }) => id);

const total: Need = { cpu: 4, ramMiB: 100 };
const requests = fc
  .array(
    fc.record({
      cpu: fc.integer({ min: 1, max: total.cpu }),
      ramMiB: fc.integer({ min: 0, max: total.ramMiB }),
      overtaken: fc.integer({ min: 0, max: 2 * EVICTING_PATIENCE }),
      evicts: fc.boolean(),
      urgency: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map((need, n): AdmissionRequest => ({ ...need, id: `${n}`, seq: n })));
const free = fc.record({ cpu: fc.integer({ min: 0, max: 4 }), ramMiB: fc.integer({ min: 0, max: 100 }) });
const sum = (list: readonly Need[], of: keyof Need): number => list.reduce((all, need) => all + need[of], 0);

describe('admit', () => {
  test('first come, first served, and a small one passes a large one that does not fit', () => {
    expect(ids(admit([request('2'), request('1', { cpu: 2 }), request('3')], { cpu: 3, ramMiB: 0 }))).toEqual([
      '1',
      '2',
    ]);
    expect(ids(admit([request('1', { cpu: 2 }), request('2')], { cpu: 1, ramMiB: 0 }))).toEqual(['2']);
  });

  test('the more urgent one goes first, but not past one whose patience is at an end', () => {
    const urgent = request('3', { urgency: 5 });
    expect(ids(admit([request('1'), request('2', { urgency: 1 }), urgent], { cpu: 1, ramMiB: 0 }))).toEqual(['3']);
    const old = request('1', { overtaken: PATIENCE });
    expect(ids(admit([old, urgent], { cpu: 1, ramMiB: 0 }))).toEqual(['1']);
  });

  test('nobody passes one whose patience is at an end', () => {
    const large = request('1', { cpu: 2, overtaken: PATIENCE });
    expect(admit([large, request('2')], { cpu: 1, ramMiB: 0 })).toEqual([]);
    expect(ids(admit([request('0'), large], { cpu: 2, ramMiB: 0 }))).toEqual(['1']);
  });

  test('what wants only cpu goes on while memory is set aside for another', () => {
    const large = request('1', { ramMiB: 90, overtaken: PATIENCE });
    expect(ids(admit([large, request('2')], { cpu: 2, ramMiB: 10 }))).toEqual(['2']);
  });

  test('who needs an eviction comes after who does not', () => {
    expect(ids(admit([request('1', { evicts: true }), request('2')], { cpu: 1, ramMiB: 0 }))).toEqual(['2']);
  });

  test('never gives more than there is', () => {
    fc.assert(
      fc.property(requests, free, (ready, room) => {
        const starts = admit(ready, room);
        expect(sum(starts, 'cpu')).toBeLessThanOrEqual(room.cpu);
        expect(sum(starts, 'ramMiB')).toBeLessThanOrEqual(room.ramMiB);
      }),
    );
  });

  test('starts somebody whenever everything is free', () => {
    fc.assert(
      fc.property(requests, (ready) => {
        expect(admit(ready, total).length > 0).toBe(ready.length > 0);
      }),
    );
  });

  test('does not depend on the order in which the requests are listed', () => {
    fc.assert(
      fc.property(requests, free, (ready, room) => {
        expect(ids(admit(ready.toReversed(), room))).toEqual(ids(admit(ready, room)));
      }),
    );
  });

  test('starves nobody: beside an endless stream of others every request starts after a bounded number of starts', () => {
    fc.assert(
      fc.property(
        fc.record({
          cpu: fc.integer({ min: 1, max: 4 }),
          ramMiB: fc.integer({ min: 0, max: 100 }),
          evicts: fc.boolean(),
        }),
        fc.infiniteStream(
          fc.record({
            cpu: fc.integer({ min: 1, max: 2 }),
            ramMiB: fc.integer({ min: 0, max: 60 }),
            rounds: fc.integer({ min: 1, max: 3 }),
          }),
        ),
        (need, others) => {
          // Others that arrived earlier and keep coming; each runs for some rounds.
          let running: { readonly need: Need; left: number }[] = [];
          let overtaken = 0;
          const waiting: (AdmissionRequest & { readonly rounds: number })[] = [];
          for (let round = 0; round < 400; round += 1) {
            while (waiting.length < 4) {
              const { value } = others.next();
              waiting.push({ ...value, id: `${round}.${waiting.length}`, seq: -1, overtaken: 0, evicts: false });
            }
            const room = {
              cpu:
                total.cpu -
                sum(
                  running.map((one) => one.need),
                  'cpu',
                ),
              ramMiB:
                total.ramMiB -
                sum(
                  running.map((one) => one.need),
                  'ramMiB',
                ),
            };
            const starts = admit([request('1', { ...need, overtaken }), ...waiting], room);
            if (starts.some(({ id }) => id === '1')) return;
            overtaken += starts.length;
            for (const start of starts) {
              const at = waiting.findIndex(({ id }) => id === start.id);
              const [one] = waiting.splice(at, 1);
              running.push({ need: start, left: one?.rounds ?? 1 });
            }
            running = running.map((one) => ({ ...one, left: one.left - 1 })).filter(({ left }) => left > 0);
          }
          throw new Error(`still waiting after ${overtaken} starts of others`);
        },
      ),
    );
  });
});

test('what is larger than the machine is refused with the figures and the setting', () => {
  expect(impossible('It', { cpu: 4, ramMiB: 100 }, total)).toBeUndefined();
  expect(impossible('It', { cpu: 5, ramMiB: 0 }, total)).toMatchObject({
    code: 'ERR_IMPOSSIBLE',
    details: {
      why: 'It needs 5 cpu slots, the limit is 4.',
      fix: [expect.stringContaining('BABELREEL_LIMITS_CPUS=5')],
    },
  });
  expect(impossible('It', { cpu: 1, ramMiB: 101 }, total)?.details.fix?.[0]).toContain('BABELREEL_LIMITS_RAM_MIB=101');
});

test('a limit of 0 is the machine', () => {
  const limits = machineLimits({ cpus: 0, ramMiB: 0 });
  expect(limits.cpu).toBeGreaterThan(0);
  expect(limits.ramMiB).toBeGreaterThan(0);
  expect(machineLimits({ cpus: 3, ramMiB: 7 })).toEqual({ cpu: 3, ramMiB: 7 });
});

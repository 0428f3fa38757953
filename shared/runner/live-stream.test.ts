import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { abortable, createLiveStream, readLines } from './live-stream.ts';

const dir = mkdtempSync(join(tmpdir(), 'live-stream-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
let files = 0;
const newPath = (): string => {
  files += 1;
  return join(dir, `${files}.jsonl`);
};
const never = new AbortController().signal;

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** Lines as canonical JSON has them: any text but a newline; some of several bytes a letter, some longer than what is read at once. */
const lines = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => JSON.stringify({ text })) },
    { weight: 2, arbitrary: fc.constantFrom('{"text":"a\u2028b\u2029c\u0085d"}', '{}', '"हिन्दी 😀"') },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 65_500, max: 140_000 }).map((length) => `"${'é😀'.repeat(length / 6)}"`),
    },
  ),
  { maxLength: 25 },
);

describe('a stream that is being written', () => {
  it('gives every line exactly once and in order to readers that start at any time', async () => {
    await fc.assert(
      fc.asyncProperty(
        lines,
        fc.array(fc.nat(25), { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.nat(2)),
        async (all, starts, pauses) => {
          const stream = createLiveStream(newPath());
          const readers: Promise<string[]>[] = [];
          for (let at = 0; at <= all.length; at += 1) {
            for (const start of starts)
              if (Math.min(start, all.length) === at) readers.push(collect(stream.read({ signal: never })));
            const line = all[at];
            if (line !== undefined) stream.append(line);
            for (let rest = pauses.next().value as number; rest > 0; rest -= 1) await turn();
          }
          stream.end();
          readers.push(collect(stream.read({ signal: never })));
          for (const read of await Promise.all(readers)) expect(read).toEqual(all);
          expect(await collect(readLines(stream.path, never))).toEqual(all);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('goes on being read after its file was moved into the store', async () => {
    const stream = createLiveStream(newPath());
    stream.append('one');
    const reader = stream.read({ signal: never });
    expect(await reader.next()).toMatchObject({ value: 'one' });
    stream.append('two');
    stream.end();
    rmSync(stream.path);
    expect(await collect(reader)).toEqual(['two']);
  });

  it('tells a reader that waits, and when it goes on', async () => {
    const stream = createLiveStream(newPath());
    const told: boolean[] = [];
    const reading = collect(stream.read({ signal: never, onWait: (waiting) => void told.push(waiting) }));
    await turn();
    expect(told).toEqual([true]);
    stream.append('one');
    await turn();
    expect(told).toEqual([true, false, true]);
    stream.end();
    expect(await reading).toEqual(['one']);
    expect(told.at(-1)).toBe(false);
  });

  it('that fails gives what was written and then ends every reader with the error, also one that starts later', async () => {
    const stream = createLiveStream(newPath());
    stream.append('one');
    const waiting = [stream.read({ signal: never }), stream.read({ signal: never })].map(async (reader) => {
      expect(await reader.next()).toMatchObject({ value: 'one' });
      await expect(reader.next()).rejects.toThrow('the producer died');
    });
    await turn();
    stream.fail(new Error('the producer died'));
    await Promise.all(waiting);
    const late = stream.read({ signal: never });
    expect(await late.next()).toMatchObject({ value: 'one' });
    await expect(late.next()).rejects.toThrow('the producer died');
  });

  it('keeps its first end: an error after it is nobody’s', async () => {
    const stream = createLiveStream(newPath());
    stream.append('one');
    stream.end();
    stream.fail(new Error('too late'));
    expect(await collect(stream.read({ signal: never }))).toEqual(['one']);
  });

  it('lets a waiting reader go when its signal is aborted, and no other', async () => {
    const stream = createLiveStream(newPath());
    const stop = new AbortController();
    const stopped = collect(stream.read({ signal: stop.signal }));
    const other = collect(stream.read({ signal: never }));
    await turn();
    stop.abort(new Error('stopped by the user'));
    await expect(stopped).rejects.toThrow('stopped by the user');
    await expect(collect(stream.read({ signal: stop.signal }))).rejects.toThrow('stopped by the user');
    stream.append('one');
    stream.end();
    expect(await other).toEqual(['one']);
  });

  it('never writes over a file that is there', () => {
    const path = newPath();
    writeFileSync(path, 'mine');
    expect(() => createLiveStream(path)).toThrow('EEXIST');
  });
});

describe('a promise with a signal', () => {
  it('is as it was, until the signal is aborted', async () => {
    await expect(abortable(Promise.resolve(1), never)).resolves.toBe(1);
    await expect(abortable(Promise.reject(new Error('own')), never)).rejects.toThrow('own');
    const stop = new AbortController();
    const endless = abortable(new Promise(() => {}), stop.signal);
    stop.abort(new Error('stop'));
    await expect(endless).rejects.toThrow('stop');
    await expect(abortable(Promise.resolve(1), stop.signal)).rejects.toThrow('stop');
  });
});

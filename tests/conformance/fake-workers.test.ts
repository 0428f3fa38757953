import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { RawWorker, WorkerCommand } from './raw-worker.ts';
import { startRawWorker } from './raw-worker.ts';
import { describeWorker } from './worker-conformance.ts';

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const env = { FAKE_ENGINE: 'translate/fake', PATH: '/usr/bin:/bin', PYTHONPATH: path('shared/worker') };
const fakes: readonly (readonly [string, WorkerCommand])[] = [
  ['fake.py', { argv: ['python3', '-s', '-B', path('tests/fixtures/workers/fake.py')], env }],
  ['fake.ts', { argv: [process.execPath, path('tests/fixtures/workers/fake.ts')], env }],
];
const models = [{ id: 'fake.model', path: '/', digest: 'sha256:1' }];

for (const [name, command] of fakes) {
  describeWorker(name, () => ({
    engine: 'translate/fake',
    role: 'translate',
    command,
    models,
    params: {},
    request: { text: 'hello', source: 'en', target: 'es' },
    refused: { text: 'refuse', source: 'en', target: 'es' },
  }));

  describe(`the library under ${name}`, () => {
    const loaded = async (params: Readonly<Record<string, unknown>> = {}): Promise<RawWorker> => {
      const raw = startRawWorker(command);
      raw.send({ type: 'hello', protocol: 1 });
      await raw.next('ready');
      raw.send({ type: 'load', models, params, device: 'cpu', threads: 1 });
      return raw;
    };
    const ask = (raw: RawWorker, id: string, text: string): void =>
      raw.send({ type: 'run', id, op: 'translate', requests: [{ text }], dir: raw.dir });

    test('what an engine prints does not reach the protocol', async () => {
      await using raw = await loaded();
      await raw.next('loaded');
      ask(raw, 'a', 'print noise');
      await raw.next('result');
      await raw.next('done');
      for (const line of raw.lines) expect(JSON.parse(line)).toHaveProperty('type');
    });

    test('a failed load says why by code, leaves nothing loaded, and a later load works', async () => {
      await using raw = await loaded();
      await raw.next('loaded');
      raw.send({ type: 'load', models, params: { fail: true }, device: 'cpu', threads: 1 });
      expect(await raw.next('failed')).toMatchObject({ code: 'ERR_MEMORY' });
      ask(raw, 'a', 'hello');
      expect((await raw.next('failed')).message).toContain('nothing is loaded');
      raw.send({ type: 'load', models, params: {}, device: 'cpu', threads: 1 });
      await raw.next('loaded');
    });

    test('an unexpected error is a failed request with its type and message, not retryable', async () => {
      await using raw = await loaded();
      await raw.next('loaded');
      ask(raw, 'a', 'raise because');
      const failed = await raw.next('failed');
      expect(failed).toMatchObject({ id: 'a', index: 0, code: 'ERR_ENGINE_REFUSED', retryable: false });
      expect(failed.message).toMatch(/^(Value)?Error: because$/);
    });

    test('a cancel reaches an engine that looks for it, in the middle of a request', async () => {
      await using raw = await loaded();
      await raw.next('loaded');
      ask(raw, 'a', 'wait');
      await sleep(200);
      expect(raw.lines.some((line) => line.includes('"result"'))).toBe(false);
      raw.send({ type: 'cancel', id: 'a' });
      expect(['result', 'failed']).toContain((await nextSaid(raw)).type);
    });

    test('the end of input ends a worker that is deep in a request', async () => {
      await using raw = await loaded();
      await raw.next('loaded');
      ask(raw, 'a', name === 'fake.py' ? 'sleep 60000' : 'wait');
      await sleep(200);
      raw.closeInput();
      expect(await Promise.race([raw.exited, sleep(2_000, 'still alive')])).not.toBe('still alive');
    });

    test('a line that is no message is refused and the worker lives on', async () => {
      await using raw = await loaded();
      await raw.next('loaded');
      raw.sendText('{"type":\n');
      expect((await raw.next('failed')).message).toContain('not a message');
      ask(raw, 'a', 'hello');
      expect((await raw.next('result')).value).toEqual({ text: 'HELLO', unknownWords: [] });
    });

    test('an answer that does not fit into a line is refused by name, and the worker lives on', async () => {
      // Its capital has more bytes.
      await using raw = await loaded();
      await raw.next('loaded');
      ask(raw, 'a', 'ŉ'.repeat(400_000));
      expect(await raw.next('failed')).toMatchObject({ id: 'a', index: 0, code: 'ERR_ENGINE_REPLY' });
      await raw.next('done');
    });
  });
}

async function nextSaid(raw: RawWorker) {
  for (;;) {
    const message = await raw.nextAny(2_000);
    if (message.type !== 'beat' && message.type !== 'progress') return message;
  }
}

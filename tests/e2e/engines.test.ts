import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { EngineDefinition } from '../../shared/contract/engine.ts';
import type { WireAudio } from '../../shared/contract/protocol.ts';
import type { Role } from '../../shared/contract/roles/index.ts';
import { ROLE_NAMES } from '../../shared/contract/roles/index.ts';
import { findEngines } from '../../shared/engines/registry.ts';
import { describeWorker } from '../conformance/worker-conformance.ts';
import { PROJECT_DIR, realWorker } from '../helpers/real-worker.ts';

const dir = mkdtempSync(join(tmpdir(), 'babelreel-engines-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Two seconds of a hum: enough for a worker to chew on, and no language. */
const SAMPLES = 32_000;
const hum = Int16Array.from({ length: SAMPLES }, (_, n) => Math.round(3000 * Math.sin(n / 20)));
writeFileSync(join(dir, 'hum.pcm'), Buffer.from(hum.buffer));
const audio = (format = 's16le/16000/1'): WireAudio => ({
  path: join(dir, 'hum.pcm'),
  offsetBytes: 0,
  lengthBytes: 2 * SAMPLES,
  format,
});

/** Nobody speaks it: an engine that answers for it does not look. */
const NO_LANGUAGE = 'zxx';

interface Sample {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly request: unknown;
  readonly refused: unknown;
}

const firstLanguage = ({ languages }: EngineDefinition): string => {
  const [first] = languages;
  return typeof first === 'string' ? first : (first?.[0] ?? 'en');
};

/** What an engine of each role is asked, in a language it says it does. */
const SAMPLES_OF: Readonly<Record<Role, (engine: EngineDefinition) => Sample>> = {
  vad: () => ({ request: { audio: audio() }, refused: { audio: audio('s16le/48000/2') } }),
  asr: (engine) => ({
    request: { audio: audio(), language: firstLanguage(engine) },
    refused: { audio: audio(), language: NO_LANGUAGE },
  }),
  align: (engine) => ({
    request: { audio: audio(), language: firstLanguage(engine), words: ['yes'] },
    refused: { audio: audio(), language: NO_LANGUAGE, words: ['yes'] },
  }),
  translate({ languages }) {
    const [source, target] = languages[0] as readonly [string, string];
    const text = 'Good morning.';
    return {
      params: { source, target },
      request: { text, source, target },
      refused: { text, source, target: NO_LANGUAGE },
    };
  },
  synthesize(engine) {
    const request = { text: 'Good morning.', language: engine.voices?.[0]?.language ?? firstLanguage(engine), rate: 1 };
    return { request, refused: { ...request, voice: 'nobody' } };
  },
};

const engines = await findEngines(join(PROJECT_DIR, 'stages'));

test('every role has an engine, and nothing outside stages is one', () => {
  expect(new Set([...engines.values()].map(({ definition }) => definition.role))).toEqual(new Set(ROLE_NAMES));
  for (const { dir: folder } of engines.values()) expect(folder.startsWith(join(PROJECT_DIR, 'stages/'))).toBe(true);
});

for (const { id, definition, dir: folder } of engines.values()) {
  const { params = {}, request, refused } = SAMPLES_OF[definition.role](definition);
  const filled = definition.params.parse(params) as Readonly<Record<string, unknown>>;
  const stage = basename(dirname(dirname(folder)));
  describeWorker(id, async () => ({
    engine: id,
    role: definition.role,
    params: filled,
    request,
    refused,
    ...(await realWorker(stage, definition, filled)),
  }));
}

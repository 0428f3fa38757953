import { z } from 'zod';
import { defineEngine } from '../../../../shared/contract/engine.ts';
import { ACCENTS, FIRST_VOICE } from './voices.ts';

/** One short-lived process of about 5 MiB a line, started by a Node worker. */
export const engine = defineEngine({
  role: 'synthesize',
  name: 'espeak-ng',
  version: '1',
  rank: 50,
  environment: 'espeak-ng',
  worker: 'worker.ts',
  languages: [...FIRST_VOICE.keys()],
  params: z.object({}),
  models: () => [],
  resources: { resident: { ramMiB: 90, vramMiB: 0 }, active: { cpu: 1 }, threads: 'fixed' },
  determinism: 'exact',
  batch: 8,
  voices: [
    ...[...FIRST_VOICE].map(([language, name]) => ({ name, language })),
    ...ACCENTS.map(([name, language]) => ({ name, language })),
  ],
  network: 'none',
  licence: { code: 'GPL-3.0-or-later', weights: 'none', commercial: 'yes' },
  worth:
    'A robotic voice for 120 languages that is always there and costs next to nothing. A recogniser got 87 of 100 of its English words; its Portuguese was heard by nobody yet.',
  weakness:
    'Sounds like a machine. One male voice a language. Names and foreign words are read by the rules of the language, often wrongly.',
});

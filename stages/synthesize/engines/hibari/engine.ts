import { z } from 'zod';
import { defineEngine } from '../../../../shared/contract/engine.ts';

/** 207 MiB resident after load and a few lines; one thread, about 100 times faster than speech. */
export const engine = defineEngine({
  role: 'synthesize',
  name: 'hibari',
  version: '1',
  rank: 10,
  environment: 'hibari',
  worker: 'worker.py',
  languages: ['en', 'en-US'],
  params: z.object({}),
  models: () => ['synthesize.hibari.heart'],
  resources: { resident: { ramMiB: 260, vramMiB: 0 }, active: { cpu: 1 }, threads: 'fixed' },
  determinism: 'exact',
  batch: 8,
  voices: [{ name: 'heart', language: 'en-US' }],
  network: 'none',
  licence: { code: 'Apache-2.0', weights: 'Apache-2.0', commercial: 'yes' },
  worth:
    'A neural voice, American English, female. A recogniser that heard 100 of its words got all of them right; how natural it sounds was not judged.',
  weakness:
    'English only, one voice. Its speed does not follow the rate asked for, so lines are measured and fitted in two passes. Text without Latin letters is refused.',
});

import { z } from 'zod';
import { defineEngine } from '../../../../shared/contract/engine.ts';

/**
 * The worker runs the library on one thread. With its own choice, a thread for every core, the threads mostly wait for each other: a chunk
 * of 11 s took 1.15 s of processor time on two cores and takes 0.61 s on one. So one core stays free for the aligner, and recognition and
 * alignment run side by side. Load 0.5 s, 290 MiB at the peak.
 */
export const engine = defineEngine({
  role: 'asr',
  name: 'moonshine',
  version: '1',
  rank: 10,
  environment: 'moonshine',
  worker: 'worker.py',
  languages: ['en'],
  params: z.object({}),
  models: () => ['asr.moonshine.tiny-en'],
  resources: { resident: { ramMiB: 300, vramMiB: 0 }, active: { cpu: 1 }, threads: 'fixed' },
  determinism: 'exact',
  batch: 1,
  network: 'none',
  licence: { code: 'MIT', weights: 'MIT', commercial: 'yes' },
  worth:
    'A small neural recogniser that writes with case and punctuation. It got 2 to 5 % of the words of real readings wrong (71 to 119 words).',
  weakness:
    'English only. It gives no times of words and no confidence. On noise and silence it says "You". Rare words come out as what they sound like.',
});

import { z } from 'zod';
import { defineEngine } from '../../../../shared/contract/engine.ts';

/**
 * The library starts a thread for every core and cannot be told otherwise: neither OMP_NUM_THREADS nor the affinity of the process
 * limits it. Measured on two cores, chunks of 11 s: one worker 25 times as fast as the speech, two workers at once 22 times together.
 * A task asks for one slot all the same: it shares the cores with what else runs, and to keep them all for it would leave one idle while
 * the single-threaded aligner works. A chunk costs 0.1 s of processor time for each second. Load 0.5 s, 290 MiB at the peak.
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

/**
 * A model hub in a process of its own, so that it does not take the time of what is measured:
 * `hub-process.ts LARGE_BYTES SMALL_FILES DELAY_MS`. Tells its address and what it serves when it is ready, and what it was asked whenever
 * it gets a message.
 */
import { randomFillSync } from 'node:crypto';
import { type HubRepo, startHubServer } from '../../tests/helpers/hub-server.ts';
import { lockedEntry } from '../../tests/helpers/hub-store.ts';

const [largeBytes = 0, smallFiles = 0, delayMs = 0] = process.argv.slice(2).map(Number);
const SMALL_BYTES = 1000;

const large = Buffer.alloc(largeBytes);
for (let at = 0; at < largeBytes; at += 1 << 30) randomFillSync(large, at, Math.min(1 << 30, largeBytes - at));
const small = Array.from({ length: smallFiles }, (_, index): [string, Buffer] => [
  `part-${index}.json`,
  randomFillSync(Buffer.alloc(SMALL_BYTES)),
]);
const repo: HubRepo = {
  repo: 'org/bench',
  revision: 'a'.repeat(40),
  files: { ...(largeBytes > 0 && { 'model.bin': large }), ...Object.fromEntries(small) },
};
const hub = await startHubServer({ repos: [repo], delayMs });
process.on('message', () => process.send?.(hub.requests));
process.on('disconnect', () => process.exit());
process.send?.({ url: hub.url, entry: lockedEntry('asr.bench', repo) });

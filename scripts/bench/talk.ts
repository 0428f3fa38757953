import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PROJECT_DIR } from '../../tests/helpers/workspace.ts';

const RECORDING = join(
  PROJECT_DIR,
  '.cache/environments/moonshine/lib/python3.11/site-packages/moonshine_voice/assets/two_cities.wav',
);

/**
 * A talk of `seconds` (48 kHz mono wav): the recording of the demo again and again, each lap at another gain, so that no chunk is like
 * another and no answer can come from the memo.
 */
export function writeTalk(path: string, seconds: number): void {
  const wav = readFileSync(RECORDING);
  const sampleRate = wav.readUInt32LE(24);
  const start = wav.indexOf('data', 12) + 8;
  const lap = new Int16Array(
    wav.buffer.slice(wav.byteOffset + start, wav.byteOffset + wav.length - ((wav.length - start) % 2)),
  );
  const talk = new Int16Array(seconds * sampleRate);
  for (let at = 0, number = 0; at < talk.length; at += lap.length, number += 1) {
    const gain = 0.97 ** number;
    for (let index = 0; index < lap.length && at + index < talk.length; index += 1)
      talk[at + index] = Math.round((lap[index] ?? 0) * gain);
  }
  const header = Buffer.from(wav.subarray(0, 44));
  header.writeUInt32LE(36 + talk.byteLength, 4);
  header.write('data', 36);
  header.writeUInt32LE(talk.byteLength, 40);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.concat([header, Buffer.from(talk.buffer)]));
}

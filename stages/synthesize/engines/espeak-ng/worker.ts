import { spawn } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { type Answer, type Call, Refused, serve } from '../../../../shared/worker/worker.ts';
import { ACCENTS, FIRST_VOICE } from './voices.ts';

/** The role's request; written out because a worker imports no contract. */
interface Request {
  readonly text: string;
  readonly language: string;
  readonly voice?: string;
  readonly rate: number;
}

/** espeak-ng's own default. Length times words per minute is constant from 80 to 250, a little less exact above. */
const NATURAL_WORDS_PER_MINUTE = 175;
const NAMES: ReadonlySet<string> = new Set([...FIRST_VOICE.values(), ...ACCENTS.map(([name]) => name)]);

/** The samples of a RIFF file of one channel and 16 bits. Lengths in its header are right because espeak-ng wrote a file, not a pipe. */
function readWave(file: Buffer): { readonly sampleRateHz: number; readonly pcm: Buffer } {
  if (file.length < 44 || file.toString('latin1', 0, 4) !== 'RIFF') throw new Error('espeak-ng wrote no wave file');
  let sampleRateHz = 0;
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.toString('latin1', at, at + 4);
    const bytes = file.readUInt32LE(at + 4);
    if (name === 'fmt ') {
      if (file.readUInt16LE(at + 10) !== 1 || file.readUInt16LE(at + 22) !== 16)
        throw new Error('espeak-ng wrote another format than 16 bit mono');
      sampleRateHz = file.readUInt32LE(at + 12);
    }
    if (name === 'data') return { sampleRateHz, pcm: file.subarray(at + 8, Math.min(at + 8 + bytes, file.length)) };
    at += 8 + bytes + (bytes % 2);
  }
  throw new Error('espeak-ng wrote a wave file without samples');
}

/** One process a line; text goes by stdin, so that no text is ever taken for an option. */
function runEspeak(args: readonly string[], text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('espeak-ng', args, { stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-2000);
    });
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Refused('ERR_ENGINE_REFUSED', `espeak-ng ended with ${code ?? signal}: ${said.trim()}`));
    });
    child.stdin.end(text);
  });
}

async function speak(_state: null, request: Request, call: Call): Promise<Answer> {
  const voice = request.voice ?? FIRST_VOICE.get(request.language);
  if (voice === undefined || !NAMES.has(voice))
    throw new Refused('ERR_ENGINE_REFUSED', `espeak-ng has no voice ${request.voice ?? `for ${request.language}`}`);
  if (!/[\p{L}\p{N}]/u.test(request.text))
    throw new Refused('ERR_ENGINE_REFUSED', 'the text has no letter or digit to speak');
  const wave = call.newFile('speech.wav');
  const speed = Math.round(NATURAL_WORDS_PER_MINUTE * request.rate);
  // Two opening brackets would start espeak-ng's own phoneme notation; a line break would end the sentence.
  const text = request.text.replaceAll('[[', '[ [').replaceAll(/\s+/gu, ' ');
  await runEspeak(['-b', '1', '-v', voice, '-s', String(speed), '-w', wave, '--stdin'], text);
  const { sampleRateHz, pcm } = readWave(await readFile(wave));
  await rm(wave);
  const audio = call.newFile('speech.pcm');
  await writeFile(audio, pcm);
  return { value: { sampleRateHz, samples: pcm.length / 2 }, files: { audio } };
}

await serve<null, Request>({ engine: 'synthesize/espeak-ng', load: () => null, run: speak });

import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ObjectRef } from '../../shared/contract/media.ts';
import { file, stream } from '../../shared/contract/ports.ts';
import { defineStage, forgetTypes } from '../../shared/contract/stage.ts';
import { VoiceClip } from '../../shared/contract/utterance.ts';
import { mix } from '../../stages/mix/stage.ts';
import { makeFakeJob } from '../../tests/helpers/fake-job.ts';
import { FFMPEG } from '../../tests/helpers/media-files.ts';
import { speakTones, writeProgramme } from '../../tests/helpers/mix-material.ts';

/** B11: the real mix stage under the real runner, against the bare encode of a sound of the same length. A line every ten seconds. */
const CLIP_SECONDS = 10;
const RATE = 22_050;

const material = defineStage({
  id: 'material',
  purpose: 'makes the sound of a film and the lines of its dub',
  params: z.object({ seconds: z.int() }),
  inputs: { media: file('text/plain') },
  outputs: { programme: file('audio/pcm'), clips: stream(VoiceClip) },
  async run({ params, outputs, step }) {
    writeProgramme(outputs.programme.path, 60, 0.3);
    const minute = readFileSync(outputs.programme.path);
    for (let at = 60; at < params.seconds; at += 60) appendFileSync(outputs.programme.path, minute);
    for (let index = 0; index < params.seconds / CLIP_SECONDS; index += 1) {
      const lengthMs = 2000 + ((index * 617) % 2000);
      const reply = z.object({ audio: ObjectRef });
      const { audio } = await step({ op: 'clip', request: { index }, reply, cpu: 0 }, async ({ dir }) => {
        await writeFile(join(dir, 'clip'), speakTones(lengthMs, 180 + ((index * 37) % 200), 0.3));
        return { value: {}, files: { audio: join(dir, 'clip') } };
      });
      await outputs.clips.write({
        utteranceId: String(index).padStart(16, '0'),
        startMs: index * CLIP_SECONDS * 1000 + 700,
        lineMs: lengthMs,
        audio,
        sampleRateHz: RATE,
        samples: audio.bytes / 2,
        slotMs: lengthMs,
        naturalMs: lengthMs,
        rate: 1,
        stretch: 1,
        fits: true,
      });
    }
  },
});

interface Cost {
  readonly seconds: number;
  /** Of this process, where the lines are placed. */
  readonly cpuSeconds: number;
  readonly encodeSeconds: number;
}

async function place(seconds: number): Promise<Cost> {
  const job = makeFakeJob({
    lines: [],
    stages: new Map([forgetTypes(material), forgetTypes(mix)].map((stage) => [stage.id, stage])),
    graph: [
      {
        id: 'material',
        inputs: { media: 'media.file' },
        outputs: { programme: 'file', clips: 'stream' },
        params: { seconds },
      },
      {
        id: 'mix',
        inputs: { programme: 'material.programme', clips: 'material.clips' },
        outputs: { audio: 'file', loudness: 'file' },
        params: mix.params.parse({}),
        whole: true,
      },
    ],
    deliverables: [{ from: 'mix.audio', to: 'dub.m4a' }],
    code: { material: 'a', mix: 'b' },
  });
  let before = process.cpuUsage();
  let used = before;
  const result = await job.run({
    onEvent(event) {
      if (event.type === 'stage.start' && event.stage === 'mix') before = process.cpuUsage();
      if (event.type === 'stage.done' && event.stage === 'mix') used = process.cpuUsage(before);
    },
  });
  const record = result.records.get('mix');
  expect(record?.figures).toMatchObject({ clips: seconds / CLIP_SECONDS, durationMs: seconds * 1000 });
  const programme = join(job.dir, 'programme.pcm');
  writeProgramme(programme, 60, 0.3);
  const minute = readFileSync(programme);
  writeFileSync(programme, '');
  for (let at = 0; at < seconds; at += 60) appendFileSync(programme, minute);
  const encodeSeconds = encode(programme);
  rmSync(job.dir, { recursive: true });
  return { seconds: record?.seconds ?? Number.NaN, cpuSeconds: (used.user + used.system) / 1e6, encodeSeconds };
}

function encode(programme: string): number {
  const raw = ['-f', 's16le', '-ar', '48000', '-ac', '2', '-i', programme];
  const coded = ['-c:a', 'aac', '-aac_coder', 'fast', '-b:a', '160k', '-f', 'mp4', `${programme}.m4a`];
  const started = performance.now();
  execFileSync(FFMPEG, ['-v', 'error', '-nostdin', '-y', ...raw, ...coded]);
  return (performance.now() - started) / 1000;
}

test('240 lines over 40 minutes cost at most 5 s beyond the encode, and 4.4 times what 60 over 10 minutes cost', async () => {
  const small = await place(600);
  const large = await place(2400);
  for (const [name, cost] of Object.entries({ '60 lines, 10 min': small, '240 lines, 40 min': large }))
    process.stdout.write(
      `  ${name}: mix ${cost.seconds.toFixed(1)} s, bare encode ${cost.encodeSeconds.toFixed(1)} s, cpu of this process ${cost.cpuSeconds.toFixed(1)} s (load ${loadavg()[0]?.toFixed(1)})\n`,
    );
  process.stdout.write(
    `  4 times the lines: ${(large.seconds / small.seconds).toFixed(2)} × the time, ${(large.cpuSeconds / small.cpuSeconds).toFixed(2)} × the cpu\n`,
  );
  expect(large.seconds - large.encodeSeconds).toBeLessThanOrEqual(5);
  // Of the cpu, which other work on the machine hardly moves.
  expect(large.cpuSeconds / small.cpuSeconds).toBeLessThanOrEqual(4.4);
});

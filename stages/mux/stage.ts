import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../shared/contract/failure.ts';
import { Language } from '../../shared/contract/language.ts';
import type { MediaStream, Probe } from '../../shared/contract/media.ts';
import type { MediaCommand } from '../../shared/contract/media-command.ts';
import { type FileInput, file, files } from '../../shared/contract/ports.ts';
import { defineStage } from '../../shared/contract/stage.ts';
import { fitsMp4Audio, sortStreams, unfitForMp4 } from './containers.ts';
import { type MuxPlan, mkvOptions, mp4Options } from './mux-options.ts';
import { languageOf, type Track } from './track.ts';

/** A film shorter by more than this after muxing has lost something: containers round, and sound and picture rarely end together. */
const LENGTH_TOLERANCE_MS = 1000;

const toTrack = ({ path, from }: FileInput): Track => ({ path, language: languageOf(from) });
const isDamaged = (made: Probe, film: Probe): boolean => made.durationMs < film.durationMs - LENGTH_TOLERANCE_MS;

/** The film with soft subtitles and dubs; the picture is copied, not encoded, unless subtitles are to be burned in. */
export const mux = defineStage({
  id: 'mux',
  purpose: 'Puts subtitles and dubs into the film, as MKV and MP4, without touching the picture.',
  whole: true,
  params: z.object({
    /** Counted over audio streams from 0. */
    audioStream: z.int().nonnegative().default(0),
    sourceLanguage: Language,
    /** Subtitles of this language become part of the picture, which is then encoded again. */
    burnIn: Language.nullable().default(null),
  }),
  inputs: { media: file('media'), subtitles: files('application/x-subrip'), dubs: files('audio/mp4') },
  outputs: {
    mkv: file('video/x-matroska'),
    /** Absent when the picture's codec does not belong into MP4. */
    mp4: file('video/mp4', { optional: true }),
  },
  tools: ['ffmpeg'],
  async run({ params, inputs, outputs, media, scratch, progress, warn, count }) {
    const probe = await media.probe(inputs.media.path);
    const film = sortStreams(probe.streams, params.audioStream);
    const subtitles = (await Promise.all(inputs.subtitles.map(withCues))).filter((input) => input !== undefined);
    const dubs = inputs.dubs.map(toTrack);
    for (const stream of film.dropped.filter(({ type }) => type === 'subtitle'))
      warn({
        code: 'subtitles-left-out',
        message: `The film's own ${stream.codec} subtitles (stream ${stream.index}) cannot be copied into MKV.`,
        data: { stream: stream.index, codec: stream.codec },
      });

    const cwd = join(scratch, 'mux');
    await mkdir(cwd);
    const burned = await prepareBurnIn(params.burnIn, inputs.subtitles, film.video[0], cwd);
    const plan: MuxPlan = {
      film,
      sourceLanguage: params.sourceLanguage,
      subtitles: subtitles.map(toTrack),
      dubs,
      ...(burned === undefined ? {} : { burned: '[v]' }),
    };
    const unfit = burned === undefined ? unfitForMp4(film.video) : unfitForMp4(film.video.slice(1));
    const containers = [
      { name: 'mkv', path: outputs.mkv.path, options: mkvOptions(plan) },
      ...(unfit.length === 0 ? [{ name: 'mp4', path: outputs.mp4.path, options: mp4Options(plan) }] : []),
    ] as const;
    for (const { codec } of unfit)
      warn({
        code: 'no-mp4',
        message: `No MP4 was made: players do not expect ${codec} pictures in it, and the picture is never encoded again unasked. The MKV has everything.`,
        data: { codec },
      });
    if (unfit.length === 0 && film.chosenAudio !== undefined && !fitsMp4Audio(film.chosenAudio))
      warn({
        code: 'audio-encoded-for-mp4',
        message: `In the MP4 the original sound is AAC: ${film.chosenAudio.codec} does not belong into MP4. The MKV has it untouched.`,
        data: { codec: film.chosenAudio.codec },
      });

    let damage = 0;
    for (const [index, { name, path, options }] of containers.entries()) {
      const done = index * probe.durationMs;
      const command: MediaCommand = {
        inputs: [
          { path: inputs.media.path, trust: 'foreign' },
          ...plan.subtitles.map((track) => ({ path: track.path, trust: 'own' as const, options: ['-f', 'srt'] })),
          ...plan.dubs.map((track) => ({ path: track.path, trust: 'own' as const })),
        ],
        outputs: [{ path, options }],
        ...(burned === undefined ? {} : { filterGraph: burned, cwd }),
        expectedMs: probe.durationMs,
        onProgress: (ms) => progress(done + ms, containers.length * probe.durationMs),
      };
      damage = Math.max(damage, (await media.ffmpeg(command)).damageCount);
      const made = await media.probe(path);
      if (isDamaged(made, probe))
        throw new Failure('ERR_MEDIA_TRUNCATED', `The ${name.toUpperCase()} is shorter than the film.`, {
          why: `It has ${made.durationMs} ms, the film ${probe.durationMs} ms.`,
        });
    }
    if (damage > 0)
      warn({
        code: 'damaged-media',
        message: `ffmpeg complained ${damage} times while it copied the film.`,
        data: { damage },
      });
    count({ containers: containers.length, subtitleTracks: subtitles.length, dubTracks: dubs.length });
  },
});

/** Undefined for subtitles without a cue, which ffmpeg takes for damaged: a film without speech has such. */
async function withCues(input: FileInput): Promise<FileInput | undefined> {
  return (await readFile(input.path, 'utf8')).includes('-->') ? input : undefined;
}

/** Puts the subtitles under a constant name and answers the graph that burns them in; undefined when there is nothing to burn in. */
async function prepareBurnIn(
  language: string | null,
  subtitles: readonly FileInput[],
  video: MediaStream | undefined,
  cwd: string,
): Promise<string | undefined> {
  if (language === null) return undefined;
  const wanted = subtitles.find(({ from }) => languageOf(from) === language);
  if (wanted === undefined || video === undefined)
    throw new Failure('ERR_PARAMETER', `Subtitles in ${language} cannot be burned in.`, {
      why: video === undefined ? 'The film has no picture.' : 'The job makes no subtitles in this language.',
      fix: [`./prepare-job.sh --media FILE -t ${language}`],
    });
  if ((await withCues(wanted)) === undefined) return undefined;
  await copyFile(wanted.path, join(cwd, 'burn-in.srt'));
  return `[0:${video.index}]subtitles=filename=burn-in.srt[v]`;
}

import type { MediaCommand, MediaInput, MediaOutput } from '../../shared/contract/media-command.ts';

export interface ExtractPlan {
  readonly media: string;
  /** Counted over audio streams from 0. */
  readonly audioStream: number;
  readonly speech: string;
  /** Undefined when nothing will be dubbed. */
  readonly programme: string | undefined;
  /** Index of a stream that is read along so that time 0 stays where it is; see `anchorStream`. */
  readonly anchor: number | undefined;
  readonly durationMs: number;
  readonly onProgress: (ms: number) => void;
}

/**
 * Sample 0 is the container's start_time: silence is put before a stream that starts late and into gaps, once they differ from the
 * clock by more than 40 ms; ffmpeg's own limit of 100 ms would be seen on lips.
 */
const ON_THE_CLOCK = 'aresample=async=1:min_hard_comp=0.04:first_pts=0';
const SPEECH = 'aformat=sample_fmts=s16:sample_rates=16000:channel_layouts=mono';
const PROGRAMME = 'aformat=sample_fmts=s16:sample_rates=48000:channel_layouts=stereo';

/** One pass over the film that writes every output. */
export function extractCommand(plan: ExtractPlan): MediaCommand {
  return placed(plan, { path: plan.media, trust: 'foreign' }, plan.audioStream);
}

/**
 * The way round for a stream that changes its channels or rate on the way, as broadcasts do: ffmpeg then makes a new filter graph
 * that begins at time 0 once more, and the film would come out twice as long. So the samples are brought to one format first, in
 * a container that keeps their times, and put on the clock in a second pass.
 */
export function extractInTwoPasses(plan: ExtractPlan, between: string): readonly [MediaCommand, MediaCommand] {
  const unify: MediaCommand = {
    inputs: [{ path: plan.media, trust: 'foreign' }],
    outputs: [
      { path: between, options: ['-map', '[one]', '-c:a', 'pcm_s16le', ...atMost(plan.durationMs), '-f', 'nut'] },
      ...anchorOutput(plan),
    ],
    filterGraph: `[0:a:${plan.audioStream}]${PROGRAMME}[one]`,
    expectedMs: plan.durationMs,
    onProgress: (ms) => plan.onProgress(ms / 2),
  };
  const onProgress = (ms: number): void => plan.onProgress((plan.durationMs + ms) / 2);
  return [unify, placed({ ...plan, onProgress }, { path: between, trust: 'own' }, 0)];
}

function placed(plan: ExtractPlan, input: MediaInput, audioStream: number): MediaCommand {
  const split =
    plan.programme === undefined
      ? `[speech_in];`
      : `,asplit=2[speech_in][programme_in];[programme_in]${PROGRAMME}[programme];`;
  return {
    inputs: [input],
    outputs: [
      raw(plan.speech, 'speech', plan.durationMs),
      ...(plan.programme === undefined ? [] : [raw(plan.programme, 'programme', plan.durationMs)]),
      ...anchorOutput(input.trust === 'foreign' ? plan : undefined),
    ],
    filterGraph: `[0:a:${audioStream}]${ON_THE_CLOCK}${split}[speech_in]${SPEECH}[speech]`,
    expectedMs: plan.durationMs,
    onProgress: plan.onProgress,
  };
}

const raw = (path: string, label: string, durationMs: number): MediaOutput => ({
  path,
  options: ['-map', `[${label}]`, '-c:a', 'pcm_s16le', ...atMost(durationMs), '-f', 's16le'],
});

/** Copies the anchor to nowhere; the null muxer opens no file, its name is only there to have one. */
const anchorOutput = (plan: ExtractPlan | undefined): readonly MediaOutput[] =>
  plan?.anchor === undefined
    ? []
    : [{ path: `${plan.speech}.none`, options: ['-map', `0:${plan.anchor}`, '-c', 'copy', '-f', 'null'] }];

/**
 * A bound on what one bogus time stamp can make of a disk: a jump of days would be filled with silence. Wide, since the length of
 * some files is only estimated from their bit rate.
 */
export const longestMs = (durationMs: number): number => 4 * durationMs + 600_000;
const atMost = (durationMs: number): readonly string[] => ['-t', String(longestMs(durationMs) / 1000)];

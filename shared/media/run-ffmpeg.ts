import { dirname } from 'node:path';
import { Failure } from '../contract/failure.ts';
import type { MediaCommand, MediaResult } from '../contract/media-command.ts';
import { describeExit, lastWords, resourceFailure } from '../process/exit-failure.ts';
import { spawnGroup } from '../process/spawn-group.ts';
import { withRoom } from '../store/disk-failure.ts';
import { watchActivity } from './activity-watch.ts';
import { composeFfmpeg } from './compose-ffmpeg.ts';
import { createDamageCounter } from './damage-counter.ts';
import { createProgressFeed } from './progress-feed.ts';

export interface FfmpegOptions {
  /** Absolute path of the program. */
  readonly ffmpeg: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly denyNetwork?: boolean;
  /** File that gets what ffmpeg prints. */
  readonly log?: string;
  /** 60 s unless told. */
  readonly stallMs?: number;
}

const STALL_MS = 60_000;
const GRACE_MS = 3_000;
/** Nothing made here is longer than a day of film. */
const LONGEST_MS = 24 * 3_600_000;

/** Three times the length of the film, but ten minutes for a short one. */
const hardLimit = (expectedMs: number | undefined): number => Math.max(600_000, 3 * (expectedMs ?? LONGEST_MS));

/**
 * Runs one ffmpeg command to its end. A result says only that ffmpeg ended well: it also does so on damaged input, so look at
 * `damageCount` and at the length of what was made.
 * @throws Failure ERR_MEDIA_TOOL (ended badly, or a time limit), ERR_DISK_FULL, ERR_MEMORY, ERR_CANCELLED
 */
export async function runFfmpeg(command: MediaCommand, options: FfmpegOptions): Promise<MediaResult> {
  const { ffmpeg, env, cwd, signal, denyNetwork = false, log, stallMs = STALL_MS } = options;
  if (signal.aborted) throw cancelled();
  const damage = createDamageCounter();
  const hardMs = hardLimit(command.expectedMs);
  let stop: Stop | undefined;

  await using group = spawnGroup({
    argv: [ffmpeg, ...composeFfmpeg(command)],
    env,
    cwd,
    extraFd: 3,
    denyNetwork,
    onStderrLine: damage.push,
    ...(log === undefined ? {} : { stderrLog: log }),
  });
  const end = (reason: Stop): void => {
    stop ??= reason;
    void group.stop({ graceMs: GRACE_MS });
  };
  using watch = watchActivity({ pid: group.pid, stallMs, hardMs, onLimit: end });
  const progress = createProgressFeed((ms) => {
    watch.touch();
    command.onProgress?.(ms);
  });
  group.extra?.on('data', progress.push);
  const onAbort = (): void => end('cancel');
  signal.addEventListener('abort', onAbort, { once: true });
  const exit = await group.drained.finally(() => signal.removeEventListener('abort', onAbort));

  const stderrTail = group.stderrTail();
  if (stop === 'cancel') throw cancelled();
  if (stop !== undefined) throw tooSlow(stop, stop === 'stall' ? stallMs : hardMs, progress.reachedMs());
  const exhausted = resourceFailure('ffmpeg', exit, stderrTail);
  if (exhausted !== undefined) throw withRoom(exhausted, dirname(command.outputs[0]?.path ?? cwd));
  if (exit.code !== 0) {
    throw new Failure('ERR_MEDIA_TOOL', `ffmpeg ended with ${describeExit(exit)}.`, { why: lastWords(stderrTail) });
  }
  return { reachedMs: progress.reachedMs(), damageLines: damage.lines(), damageCount: damage.count(), stderrTail };
}

type Stop = 'cancel' | 'stall' | 'hard';

const cancelled = (): Failure => new Failure('ERR_CANCELLED', 'ffmpeg was stopped.');

const tooSlow = (limit: 'stall' | 'hard', limitMs: number, reachedMs: number): Failure =>
  new Failure('ERR_MEDIA_TOOL', limit === 'stall' ? 'ffmpeg stopped working.' : 'ffmpeg took too long.', {
    why: `It reached ${(reachedMs / 1000).toFixed(1)} s of the output; the ${limit === 'stall' ? 'no-progress' : 'hard'} limit is ${Math.round(limitMs / 1000)} s.`,
  });

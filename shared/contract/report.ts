import type { Licence } from './engine.ts';
import type { FailureClass, FailureCode } from './failure.ts';
import type { EngineId, StageInstance } from './ids.ts';
import type { NetworkAttempt } from './offline.ts';
import type { Warning } from './stage.ts';

/** A failure for a program (`--json`); absent parts are null. */
export interface FailureJson {
  readonly code: FailureCode;
  readonly class: FailureClass;
  readonly stage: string | null;
  readonly message: string;
  /** Why, with figures. */
  readonly cause: string | null;
  readonly fix: readonly string[];
  readonly log: string | null;
}

export interface ReportStage {
  readonly id: StageInstance;
  readonly state: 'hit' | 'run' | 'failed' | 'cancelled' | 'not-run';
  /** How long it took when it was made. */
  readonly seconds: number | null;
  readonly engines: readonly EngineId[];
  readonly figures: Readonly<Record<string, number>>;
}

export interface ReportEngine {
  readonly id: EngineId;
  readonly version: string;
  readonly licence: Licence;
  readonly worth: string;
  readonly weakness: string;
  /** Calls it answered for the stages of this job when they were made; the memo's answers are not among them. */
  readonly calls: number | null;
}

/** Null where the workflow has no such thing or it is not known. */
export interface ReportFigures {
  readonly words: number | null;
  readonly utterances: number | null;
  /** Where somebody speaks, as detected. */
  readonly speechMs: number | null;
  /** Of that, how much is covered by recognised text. */
  readonly speechWithTextMs: number | null;
  readonly cues: number | null;
  /** Words whose times are estimated, of `words`. */
  readonly estimatedWords: number | null;
  /** Spoken lines of the dub that are longer than their slot; they are kept whole. */
  readonly linesThatDoNotFit: number | null;
}

/** `report/1`: what out/<id>/report.json holds and report.md says. Times in milliseconds, `seconds` in seconds. */
export interface ReportData {
  readonly schema: 'report/1';
  readonly jobId: string;
  readonly app: string;
  readonly workflow: string;
  readonly outcome: 'done' | 'failed' | 'cancelled';
  readonly seconds: number;
  readonly media: {
    readonly name: string;
    readonly durationMs: number;
    readonly clip: { readonly startMs: number; readonly endMs: number };
  };
  readonly languages: {
    readonly source: string;
    readonly targets: readonly string[];
    readonly dubInto: readonly string[];
  };
  readonly stages: readonly ReportStage[];
  readonly warnings: readonly (Warning & { readonly stage: StageInstance })[];
  readonly engines: readonly ReportEngine[];
  readonly figures: ReportFigures;
  readonly deliverables: readonly { readonly to: string; readonly bytes: number | null; readonly status: string }[];
  /** How the network was kept away, in words; only what was really done. */
  readonly offline?: string;
  /** What engines wanted from a network and did not get. */
  readonly attempts?: readonly NetworkAttempt[];
  /** How often this run started ffmpeg and ffprobe. */
  readonly toolCalls?: { readonly ffmpeg: number; readonly ffprobe: number };
  readonly failure?: FailureJson;
}

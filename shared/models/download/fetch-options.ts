import type { Failure } from '../../contract/failure.ts';
import type { FileDigests } from '../../store/file-digests.ts';
import type { ModelPlaces } from '../layout/locate-model.ts';
import type { ModelRegistry } from '../registry/open-registry.ts';

export interface FetchProgress {
  /** Of what is to be fetched now, with what an earlier download left. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Over the last seconds; 0 while there is nothing to go by. */
  readonly bytesPerSecond: number;
  readonly secondsLeft: number | null;
  readonly model: string;
  readonly path: string;
  /** Model and path for a line on the screen. */
  readonly now: string;
}

/** How patient a download is; tests are less so. */
export interface Patience {
  /** So long may nothing come: 30 s. */
  readonly stallMs: number;
  /** So long may a connection take: 10 s. */
  readonly connectMs: number;
  /** The first pause after something that may pass; each next one is twice as long: 500 ms. */
  readonly pauseMs: number;
  /** The longest pause that a server can ask for: 60 s. */
  readonly longestPauseMs: number;
}

export const USUAL_PATIENCE: Patience = { stallMs: 30_000, connectMs: 10_000, pauseMs: 500, longestPauseMs: 60_000 };

export interface PlanOptions {
  readonly registry: ModelRegistry;
  /** Of several model roots the first is written. */
  readonly places: ModelPlaces;
  /** Undefined: nothing is remembered, files that are there are hashed each time. */
  readonly digests?: FileDigests | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FetchOptions extends PlanOptions {
  /** The `local` root, whose lock of models learns about unlocked entries. */
  readonly localDir: string;
  /** Hubs, tried in this order; servers of url sources are named by their entries. */
  readonly endpoints: readonly string[];
  /** Sent to an endpoint's own origin alone, over https or to this machine; in no message and no file. */
  readonly token?: string | undefined;
  /** 10^9 bytes; 0 or absent: as much as the file system has. */
  readonly quotaGB?: number | undefined;
  /** At most about five times a second. */
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
  /** Sentences for the user: who is waited for, what was locked, which repository has another name now. */
  readonly onMessage?: ((text: string) => void) | undefined;
  /** Where it is not as usual. */
  readonly patience?: Partial<Patience> | undefined;
  /** For proxies and certificates; of this process where absent. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface FetchOutcome {
  readonly id: string;
  /** `package`: it comes with an environment, nothing was done here. */
  readonly outcome: 'already' | 'fetched' | 'failed' | 'package';
  readonly fetchedBytes: number;
  /** Taken from another model or folder that has the same bytes. */
  readonly linkedBytes: number;
  readonly seconds: number;
  readonly failure?: Failure;
}

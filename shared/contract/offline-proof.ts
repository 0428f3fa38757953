import type { Digest, EngineId } from './ids.ts';
import type { NetworkAttempt, NetworkDenial } from './offline.ts';

/** One way out that a probe really tried. */
export interface ControlTry {
  readonly by: 'python' | 'node';
  readonly what: string;
  /** It got out, or nothing kept it in. */
  readonly out: boolean;
  /** What the system said. */
  readonly said: string;
}

/** The negative control: a proof is void when its probes were not stopped, or could not have got out anyway. */
export interface NetworkControl {
  /** The same probes reach a server of this machine when nothing is denied: they do try. */
  readonly reachesWithoutDenial: boolean;
  readonly tries: readonly ControlTry[];
  /** The server heard nothing and no try got out. */
  readonly blocked: boolean;
  /** A Python process with the guard alone was refused, and its attempt was written down. */
  readonly guardSees: boolean;
}

export interface ProvedDeliverable {
  readonly to: string;
  readonly bytes: number;
  readonly sha256: Digest;
  /** The job's own run delivered the same bytes; null where it has not delivered it. */
  readonly sameAsOwnRun: boolean | null;
}

/** `offline-proof/1`: what out/<id>/offline-proof.json holds. Everything in it was seen in one run in a private store. */
export interface OfflineProof {
  readonly schema: 'offline-proof/1';
  readonly jobId: string;
  readonly app: string;
  readonly madeAt: string;
  readonly platform: string;
  readonly seconds: number;
  readonly method: Exclude<NetworkDenial, null>;
  readonly kernelEnforced: boolean;
  readonly control: NetworkControl;
  readonly attempts: readonly NetworkAttempt[];
  /** Engine -> answers it gave in this run. */
  readonly calls: Readonly<Record<EngineId, number>>;
  readonly toolCalls: { readonly ffmpeg: number; readonly ffprobe: number };
  readonly models: readonly { readonly id: string; readonly revision: string | null; readonly digest: Digest | null }[];
  /** Engine -> identity of the environment it ran in. */
  readonly environments: Readonly<Record<EngineId, Digest | null>>;
  readonly deliverables: readonly ProvedDeliverable[];
  /** `inference_works` and `no_downloads`. */
  readonly offline_capable: boolean;
  /** The kernel stopped the control, and nobody tried to reach a network. */
  readonly no_downloads: boolean;
  /** The run ended well, delivered everything, and every engine of the manifest answered. */
  readonly inference_works: boolean;
  /** Why it is no proof; empty when it is one. */
  readonly problems: readonly string[];
}

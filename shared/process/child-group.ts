import type { Readable, Writable } from 'node:stream';

export interface Exit {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program and everything it started, as one process group whose id is the leader's pid. */
export interface ChildGroup extends AsyncDisposable {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  /** What the program writes to file descriptor 3. */
  readonly extra: Readable | null;
  /** Settles on the exit of the leader, not on the closing of its pipes, which a stray grandchild could hold open. */
  readonly exited: Promise<Exit>;
  /** `exited`, and its output has been read to the end, or half a second has passed. */
  readonly drained: Promise<Exit>;
  /** The last lines on stderr, cleaned for showing; identical lines in a row are one. */
  stderrTail(): readonly string[];
  /** Signals the whole group; nothing happens when it is gone. */
  kill(signal: 'term' | 'kill'): void;
  /** SIGTERM to the group, SIGKILL after `graceMs`; settles when the leader is gone. */
  stop(options: { readonly graceMs: number }): Promise<Exit>;
}

/**
 * Everything that is expected to go wrong, with the exit code a shell sees (docs/concepts.md). Bugs are thrown as they are and end as exit 70.
 * `retry` says what the executor does with a task that fails so: `transient` up to 3 tries, `resource` once with the smaller runtime
 * profile, `permanent` never, `poison` after three deaths of a worker on the same task.
 */
export type FailureClass =
  | 'usage'
  | 'media'
  | 'incomplete'
  | 'offline'
  | 'model'
  | 'environment'
  | 'locked'
  | 'resource'
  | 'quality'
  | 'internal'
  | 'cancelled';

export const EXIT_CODES: Readonly<Record<FailureClass, number>> = {
  usage: 2,
  media: 3,
  incomplete: 4,
  offline: 5,
  model: 6,
  environment: 7,
  locked: 8,
  resource: 9,
  quality: 10,
  internal: 70,
  cancelled: 130,
};

export type Retry = 'transient' | 'resource' | 'permanent' | 'poison';

interface FailureKind {
  readonly class: FailureClass;
  readonly retry: Retry;
  /** One sentence for docs/errors.md. */
  readonly meaning: string;
}

const kind = (failureClass: FailureClass, retry: Retry, meaning: string): FailureKind => ({
  class: failureClass,
  retry,
  meaning,
});

/** The only list of failure codes; docs/errors.md is generated from it. */
export const FAILURES = {
  ERR_USAGE: kind('usage', 'permanent', 'A flag, value or combination of them is not known.'),
  ERR_LANGUAGE_UNKNOWN: kind('usage', 'permanent', 'A language tag is not BCP-47 or not in config/languages.json.'),
  ERR_LANGUAGE_PAIR: kind('usage', 'permanent', 'No engine on this machine does this language or pair of languages.'),
  ERR_ENGINE_UNKNOWN: kind('usage', 'permanent', 'No engine folder has this name.'),
  ERR_ENGINE_LICENCE: kind('usage', 'permanent', 'With --commercial no engine with a suitable licence is left.'),
  ERR_PARAMETER: kind('usage', 'permanent', 'A stage has no such parameter or the value is out of range.'),
  ERR_JOB_UNKNOWN: kind('usage', 'permanent', 'There is no job with this id.'),
  ERR_MANIFEST_INVALID: kind(
    'usage',
    'permanent',
    'job.json was edited, is truncated or does not have the expected shape.',
  ),
  ERR_MANIFEST_NEWER: kind('usage', 'permanent', 'job.json was written by a newer babelreel.'),
  ERR_CONFIG_INVALID: kind('usage', 'permanent', 'A file under config/ does not have the expected shape.'),
  ERR_MEDIA_MISSING: kind('media', 'permanent', 'The media file does not exist or is not a regular file.'),
  ERR_MEDIA_EMPTY: kind('media', 'permanent', 'The media file has no bytes.'),
  ERR_MEDIA_UNREADABLE: kind(
    'media',
    'permanent',
    'The file is not media that ffmpeg can read under the allowed formats.',
  ),
  ERR_MEDIA_PLAYLIST: kind(
    'media',
    'permanent',
    'The file is a playlist, whatever its name says; playlists can name other files.',
  ),
  ERR_MEDIA_NO_AUDIO: kind('media', 'permanent', 'The file has no audio stream, or not the one asked for.'),
  ERR_MEDIA_TRUNCATED: kind(
    'media',
    'permanent',
    'Less could be decoded than the container announces, or decoding reported damage.',
  ),
  ERR_MEDIA_CHANGED: kind('media', 'permanent', 'The media file is not the one the job was prepared for.'),
  ERR_MEDIA_TOOL: kind('media', 'permanent', 'ffmpeg or ffprobe failed.'),
  ERR_STAGE_OUTPUT: kind('media', 'permanent', 'A stage ended without an output that its contract promises.'),
  ERR_ENGINE_REFUSED: kind('media', 'permanent', 'An engine refused a request.'),
  ERR_ENGINE_REPLY: kind('media', 'permanent', 'An engine answered with something its role does not allow.'),
  ERR_WORKER_DIED: kind('incomplete', 'transient', 'An engine process ended without answering.'),
  ERR_WORKER_START: kind(
    'environment',
    'permanent',
    'An engine process did not come up; its environment may be broken.',
  ),
  ERR_WORKER_TIMEOUT: kind(
    'incomplete',
    'transient',
    'An engine process gave no sign of life or progress within its limit.',
  ),
  ERR_WORKER_POISONED: kind('incomplete', 'poison', 'The same request ended an engine process three times.'),
  ERR_OFFLINE: kind('offline', 'permanent', 'Something has to be fetched and the network is off or forbidden.'),
  ERR_MODEL_UNKNOWN: kind('usage', 'permanent', 'The registry has no model with this id.'),
  ERR_MODEL_GATED: kind(
    'model',
    'permanent',
    'The terms of a model have to be accepted on its page, or the token that says so is missing or refused.',
  ),
  ERR_MODEL_SOURCE: kind(
    'model',
    'permanent',
    'A server did not give a file of a model: it cannot be reached, has no such file, or what it gave has another digest.',
  ),
  ERR_MODEL_MISSING: kind('model', 'permanent', 'A file of a model is not there.'),
  ERR_MODEL_CORRUPT: kind('model', 'permanent', 'A file of a model does not have the digest the registry knows.'),
  ERR_ENVIRONMENT: kind('environment', 'permanent', 'An environment could not be made or repaired.'),
  ERR_SYSTEM_PACKAGE: kind('environment', 'permanent', 'A system package is missing.'),
  ERR_LOCK_MISMATCH: kind(
    'environment',
    'permanent',
    'An engine on this machine is not the one the job was locked to.',
  ),
  ERR_JOB_LOCKED: kind('locked', 'permanent', 'Another runner has this job.'),
  ERR_DISK_FULL: kind('resource', 'resource', 'The disk or quota is full.'),
  ERR_STATE: kind(
    'usage',
    'permanent',
    'The state folder is on a network file system, or its database was written by a newer babelreel.',
  ),
  ERR_NOT_WRITABLE: kind('resource', 'permanent', 'A folder that has to be written cannot be.'),
  ERR_MEMORY: kind('resource', 'resource', 'An engine ran out of memory.'),
  ERR_IMPOSSIBLE: kind('resource', 'permanent', 'An engine needs more than this machine has.'),
  ERR_QUALITY: kind('quality', 'permanent', 'With --strict: a warning or a gate failed.'),
  ERR_STALL: kind('internal', 'permanent', 'Stages wait for each other and nothing is running; this is a bug.'),
  ERR_INTERNAL: kind('internal', 'permanent', 'A bug; the log has the details.'),
  ERR_CANCELLED: kind('cancelled', 'permanent', 'Stopped by the user.'),
} as const satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof FAILURES;

export interface FailureDetails {
  /** Why, with figures: one or two sentences. */
  readonly why?: string;
  /** What is safe: "Nothing is lost: …". */
  readonly safe?: string;
  /** Commands that help, most likely first, each ready to be typed. */
  readonly fix?: readonly string[];
  readonly stage?: string;
  /** The command that goes on when the cause is gone; shown for classes after which a run can go on. */
  readonly again?: string;
  /** Path of the log that has more. */
  readonly log?: string;
  readonly cause?: unknown;
}

/** The one class of expected failures. Compare `code`, never `message`. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly details: FailureDetails;

  /** @param message what failed, one sentence, no trailing code */
  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'Failure';
    this.code = code;
    this.details = details;
  }

  get class(): FailureClass {
    return FAILURES[this.code].class;
  }

  get retry(): Retry {
    return FAILURES[this.code].retry;
  }

  get exitCode(): number {
    return EXIT_CODES[this.class];
  }

  /** The same failure with details that only a caller further out knows, such as the stage. */
  with(details: FailureDetails): Failure {
    return new Failure(this.code, this.message, { ...details, ...this.details });
  }
}

export const isFailure = (error: unknown): error is Failure => error instanceof Failure;

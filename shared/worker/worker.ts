import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ToWorker, WireAudio, WireModel } from '../contract/protocol.ts';
import { MAX_LINE_BYTES, PROTOCOL_VERSION } from '../contract/protocol.ts';
import type { Inbound } from './watch-thread.ts';

/**
 * The Node side of the worker protocol. Must be the first import of a worker.ts: from here on `console.log` and `process.stdout` write to
 * stderr. Node cannot duplicate a descriptor, so a native library that itself writes to fd 1 breaks a line; the runner then says so
 * (ERR_ENGINE_REPLY). Reading `process.stdout` first would also make fd 1 non-blocking, which whole-line writes must not have.
 */
Object.defineProperty(process, 'stdout', { configurable: true, get: () => process.stderr });

export interface Job {
  readonly models: readonly WireModel[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly device: string;
  readonly threads: number;
}

/** One run: what an engine may know and say while it works. */
export interface Call {
  readonly op: string;
  readonly dir: string;
  /** True once the runner wants this run to end; true also inside a loop that never yields. */
  cancelled(): boolean;
  /** Says that work goes on; a run without progress for too long is ended. */
  progress(done: number, total: number): void;
  /** Absolute path of a file that does not exist yet inside `dir`; `name` only shapes its end. */
  newFile(name: string): string;
}

export interface Answer {
  readonly value: Readonly<Record<string, unknown>>;
  /** Reply field -> absolute path inside `dir`. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A role's request as a worker sees it, already checked by the runner; audio references are slices of local files. */
export type WireRequest = { readonly audio: WireAudio } & Readonly<Record<string, unknown>>;

export interface WorkerOptions<State, Request = WireRequest> {
  /** `role/name`. */
  readonly engine: string;
  load(job: Job): Promise<State> | State;
  run(state: State, request: Request, call: Call): Promise<Answer> | Answer;
  /** The role's operation unless told. */
  readonly op?: string;
}

/** A request that cannot be answered; the worker lives on and takes the next one. */
export class Refused extends Error {
  readonly code: string;
  readonly retryable: boolean;
  constructor(code: string, message: string, retryable = false) {
    super(message);
    this.code = code;
    this.retryable = retryable;
  }
}

/** Bytes of a slice. Refuses one that reaches past the end of the file. */
export function readAudio(audio: WireAudio): Buffer {
  const bytes = Buffer.allocUnsafe(audio.lengthBytes);
  const fd = openSync(audio.path, 'r');
  try {
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(fd, bytes, at, bytes.length - at, audio.offsetBytes + at);
      if (count === 0)
        throw new Refused(
          'ERR_ENGINE_REFUSED',
          `the audio ends ${bytes.length - at} bytes before the end of the slice`,
        );
      at += count;
    }
  } finally {
    closeSync(fd);
  }
  return bytes;
}

/** The one operation of each role; shared/contract/roles says what it means. */
const OPERATIONS: Readonly<Record<string, string>> = {
  vad: 'detect',
  asr: 'transcribe',
  align: 'align',
  translate: 'translate',
  synthesize: 'speak',
};

/** Shared with the watch thread, see there. */
const shared = new Int32Array(new SharedArrayBuffer(12));

function send(message: object): void {
  write(`${JSON.stringify(message)}\n`);
}

function write(line: string): void {
  while (Atomics.compareExchange(shared, 0, 0, 1) !== 0) Atomics.wait(shared, 0, 1, 100);
  try {
    const bytes = Buffer.from(line);
    for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
  } finally {
    Atomics.store(shared, 0, 0);
  }
}

function failed(error: unknown, id?: string, index?: number): object {
  const where = { ...(id === undefined ? {} : { id }), ...(index === undefined ? {} : { index }) };
  const of = (code: string, message: string, retryable = false): object => ({
    type: 'failed',
    ...where,
    code,
    retryable,
    message: message.slice(0, 4000),
  });
  if (error instanceof Refused) return of(error.code, error.message, error.retryable);
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const errno = error instanceof Error && 'code' in error ? error.code : undefined;
  if (errno === 'ENOSPC' || errno === 'EDQUOT' || errno === 'EFBIG') return of('ERR_DISK_FULL', text);
  if (error instanceof RangeError && /allocation failed/i.test(text)) return of('ERR_MEMORY', text);
  process.stderr.write(`${error instanceof Error ? error.stack : text}\n`);
  return of('ERR_ENGINE_REFUSED', text);
}

function resultLine(id: string, index: number, answer: Answer, dir: string): string {
  const wrong = (message: string): string =>
    `${JSON.stringify({ type: 'failed', id, index, code: 'ERR_ENGINE_REPLY', retryable: false, message })}\n`;
  const files = Object.fromEntries(Object.entries(answer.files ?? {}).map(([field, path]) => [field, basename(path)]));
  const missing = Object.entries(files).find(([, name]) => !existsSync(join(dir, name)));
  if (missing !== undefined) return wrong(`the file for ${missing[0]} was not written into call.dir`);
  const hasFiles = Object.keys(files).length > 0;
  const line = `${JSON.stringify({ type: 'result', id, index, value: answer.value, ...(hasFiles ? { files } : {}) })}\n`;
  const bytes = Buffer.byteLength(line);
  return bytes > MAX_LINE_BYTES
    ? wrong(`the answer has ${bytes} bytes, a line at most ${MAX_LINE_BYTES}; use a file`)
    : line;
}

/** Files named so far. Never the same name twice: the folder of a run is used again. */
let filesNamed = 0;

function createCall(message: { id: string; op: string; dir: string }, cancels: number): Call {
  return {
    op: message.op,
    dir: message.dir,
    cancelled: () => Atomics.load(shared, 1) !== cancels,
    progress: (done, total) => send({ type: 'progress', id: message.id, done, total }),
    newFile: (name) => join(message.dir, `${++filesNamed}-${basename(name)}`),
  };
}

/** VmHWM or VmRSS: `maxRSS` keeps the peak of the parent across fork and exec. */
function residentMiB(field: 'VmHWM' | 'VmRSS'): number {
  try {
    const kib = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    if (kib !== undefined) return Math.floor(Number(kib) / 1024);
  } catch {
    // Not Linux.
  }
  return Math.floor(process.resourceUsage().maxRSS / 1024);
}

type Loaded<State> = { readonly state: State } | undefined;

async function answer<State, Request>(
  options: WorkerOptions<State, Request>,
  loaded: Loaded<State>,
  run: { readonly id: string; readonly op: string; readonly requests: readonly unknown[]; readonly call: Call },
): Promise<void> {
  const op = options.op ?? OPERATIONS[options.engine.split('/')[0] ?? ''] ?? options.engine;
  if (loaded === undefined) throw new Refused('ERR_ENGINE_REFUSED', 'nothing is loaded');
  if (run.op !== op) throw new Refused('ERR_ENGINE_REFUSED', `unknown operation '${run.op}', this engine does '${op}'`);
  for (const [index, request] of run.requests.entries()) {
    if (run.call.cancelled()) throw new Refused('ERR_CANCELLED', 'cancelled');
    try {
      const reply = await options.run(loaded.state, request as Request, run.call);
      write(resultLine(run.id, index, reply, run.call.dir));
    } catch (error) {
      if (run.call.cancelled()) throw new Refused('ERR_CANCELLED', 'cancelled');
      send(failed(error, run.id, index));
    }
  }
}

/** `--once request.json`: loads, answers the requests of one file and prints a line for each; for people. */
async function once<State, Request>(options: WorkerOptions<State, Request>, path: string): Promise<void> {
  const message = JSON.parse(readFileSync(path, 'utf8')) as Job & { op?: string; requests: unknown[]; dir?: string };
  const dir = resolve(message.dir ?? '.');
  mkdirSync(dir, { recursive: true });
  const op = message.op ?? options.op ?? OPERATIONS[options.engine.split('/')[0] ?? ''] ?? options.engine;
  const run = { id: 'once', op, dir };
  try {
    const state = await options.load({
      models: message.models ?? [],
      params: message.params ?? {},
      device: message.device ?? 'cpu',
      threads: message.threads ?? 1,
    });
    await answer(options, { state }, { ...run, requests: message.requests, call: createCall(run, 0) });
    process.exit(0);
  } catch (error) {
    send(failed(error, run.id));
    process.exit(1);
  }
}

/** Answers the runner until it says `shutdown` or closes stdin; the process ends with it. */
export async function serve<State, Request = WireRequest>(options: WorkerOptions<State, Request>): Promise<void> {
  const file = process.argv[2] === '--once' ? process.argv[3] : undefined;
  if (file !== undefined) return once(options, file);
  let loaded: Loaded<State>;
  const counted = { loads: 0, peakMiB: 0, peakAt: Number.NEGATIVE_INFINITY };

  const load = async (message: ToWorker & { type: 'load' }): Promise<void> => {
    // Cleared first: a load that fails must not leave the former model answering.
    loaded = undefined;
    const started = performance.now();
    try {
      const { models, params, device, threads } = message;
      loaded = { state: await options.load({ models, params, device, threads }) };
      counted.loads += 1;
      const echo = models.map(({ id, digest }) => ({ id, digest }));
      const seconds = (performance.now() - started) / 1000;
      send({ type: 'loaded', models: echo, seconds, rssMiB: residentMiB('VmRSS') });
    } catch (error) {
      send(failed(error));
    }
  };

  const run = async (message: ToWorker & { type: 'run' }, cancels: number): Promise<void> => {
    const started = performance.now();
    const cpu = process.cpuUsage();
    try {
      await answer(options, loaded, { ...message, call: createCall(message, cancels) });
    } catch (error) {
      send(failed(error, message.id));
      return;
    }
    const used = process.cpuUsage(cpu);
    const now = performance.now();
    // Reading the peak costs about as much as a small round trip, and it only grows: not after every short run.
    if (now - started > 10 || now - counted.peakAt > 1000) {
      counted.peakMiB = residentMiB('VmHWM');
      counted.peakAt = now;
    }
    const cpuMs = Math.round((used.user + used.system) / 1000);
    const counters = { loads: counted.loads, calls: message.requests.length, cpuMs, peakRssMiB: counted.peakMiB };
    counted.loads = 0;
    send({ type: 'done', id: message.id, counters });
  };

  const handle = async (line: string, cancels: number): Promise<void> => {
    let message: ToWorker;
    try {
      message = JSON.parse(line) as ToWorker;
    } catch (error) {
      send(failed(new Refused('ERR_ENGINE_REFUSED', `not a message of the protocol: ${String(error)}`)));
      return;
    }
    switch (message.type) {
      case 'hello':
        if (message.protocol === PROTOCOL_VERSION)
          send({
            type: 'ready',
            protocol: PROTOCOL_VERSION,
            engine: options.engine,
            pid: process.pid,
            runtime: `node ${process.versions.node}`,
          });
        else
          send(
            failed(
              new Refused(
                'ERR_WORKER_START',
                `the runner speaks protocol ${message.protocol}, this worker ${PROTOCOL_VERSION}`,
              ),
            ),
          );
        return;
      case 'load':
        return load(message);
      case 'run':
        return run(message, cancels);
      case 'cancel':
        return;
      case 'shutdown':
        return endGroup();
      default:
        send(failed(new Refused('ERR_ENGINE_REFUSED', 'unknown message type')));
    }
  };

  let queue = Promise.resolve();
  const watch = new Worker(new URL('./watch-thread.ts', import.meta.url), { workerData: { shared }, stdin: false });
  watch.on('message', (inbound: Inbound) => {
    if (inbound === null) {
      queue = queue.then(endGroup);
    } else if (inbound.tooLong) {
      const id = /"id"\s*:\s*"([^"\\]{1,200})"/.exec(inbound.line)?.[1];
      send(
        failed(
          new Refused(
            'ERR_ENGINE_REFUSED',
            `a message of more than ${MAX_LINE_BYTES} bytes; anything larger goes by file`,
          ),
          id,
        ),
      );
    } else {
      queue = queue.then(() => handle(inbound.line, inbound.cancels));
    }
  });
  watch.on('error', (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(70);
  });
}

/** Leaves at once, with the helpers an engine may have started. */
function endGroup(): never {
  process.on('SIGTERM', () => undefined);
  try {
    process.kill(-process.pid, 'SIGTERM');
  } catch {
    // Not the leader of a group: run by hand.
  }
  process.exit(0);
}

import type { z } from 'zod';
import { Failure } from '../contract/failure.ts';
import type { Digest } from '../contract/ids.ts';
import type { JobManifest, JobStage } from '../contract/job.ts';
import type { AudioRef, ObjectRef, Probe } from '../contract/media.ts';
import type { MediaCommand, MediaResult } from '../contract/media-command.ts';
import type { Role } from '../contract/roles/index.ts';
import { ROLES } from '../contract/roles/index.ts';
import type { AnyStage, Step, StepResult, Warning } from '../contract/stage.ts';
import type { Task, TaskEvent } from '../contract/task.ts';
import { orderedEach } from './ordered-each.ts';

/** What a stage asks of the world, given by the run. */
export interface StageServices {
  readonly manifest: JobManifest;
  environmentOf(engine: string): Digest | null;
  modelsOf(engine: string): Task['models'];
  submit(task: Task, signal: AbortSignal, onEvent: (event: TaskEvent) => void): Promise<unknown>;
  step(options: {
    readonly op: string;
    readonly request: unknown;
    readonly reply: z.ZodType;
    readonly cpu: number;
    readonly signal: AbortSignal;
    readonly work: (tools: { readonly dir: string; readonly signal: AbortSignal }) => Promise<StepResult>;
  }): Promise<unknown>;
  tool<T>(need: { readonly cpu: number }, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
  ffmpeg(command: MediaCommand, signal: AbortSignal): Promise<MediaResult>;
  probe(path: string, signal: AbortSignal): Promise<Probe>;
  /** Path of a stored or memoised object. */
  open(digest: Digest): string;
}

export interface StageNotes {
  readonly warnings: Warning[];
  readonly figures: Record<string, number>;
  /** Engine calls of this attempt, memo hits not counted. */
  readonly engineCalls: Record<string, number>;
  /** Answers that came from the memo. */
  memoHits: number;
}

export interface ContextOptions {
  readonly stage: JobStage;
  readonly definition: AnyStage;
  readonly services: StageServices;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly scratch: string;
  readonly signal: AbortSignal;
  readonly notes: StageNotes;
  onProgress(done: number, total: number | null): void;
  onWarning(warning: Warning): void;
  onTask(event: TaskEvent): void;
  /** Told of every call that leaves the stage. */
  during<T>(call: Promise<T>): Promise<T>;
}

/** Builds the context a stage's `run` receives. Its static type is inferred by defineStage; here everything is checked at run time. */
export function createStageContext(options: ContextOptions): unknown {
  const { stage, definition, services, signal, notes } = options;
  const needs = definition.role;
  const handles =
    needs === undefined
      ? {}
      : typeof needs === 'string'
        ? { engine: engineHandle(needs.replace('?', ''), needs, options) }
        : {
            engines: Object.fromEntries(
              Object.entries(needs).map(([name, need]) => [name, engineHandle(name, need, options)]),
            ),
          };
  return {
    params: definition.params.parse(stage.params),
    inputs: options.inputs,
    outputs: options.outputs,
    ...handles,
    each: <A, B>(items: AsyncIterable<A>, work: (item: A) => Promise<B>, each?: { readonly ahead?: number }) =>
      orderedEach(items, work, { ahead: each?.ahead ?? 16, signal }),
    step: (
      { op, request, reply, cpu }: Step<z.ZodType, unknown>,
      work: (tools: { readonly dir: string; readonly signal: AbortSignal }) => Promise<StepResult>,
    ) => options.during(services.step({ op: `${stage.stage}/${op}`, request, reply, cpu, signal, work })),
    tool: <T>(need: { readonly cpu: number }, work: (signal: AbortSignal) => Promise<T>) =>
      options.during(services.tool(need, work, signal)),
    media: {
      ffmpeg: (command: MediaCommand) => options.during(services.ffmpeg(command, signal)),
      probe: (path: string) => options.during(services.probe(path, signal)),
    },
    open: (reference: ObjectRef | AudioRef) =>
      services.open('$object' in reference ? reference.$object : reference.$audio),
    scratch: options.scratch,
    signal,
    progress: (done: number, total?: number) => options.onProgress(done, total ?? null),
    warn: (warning: Warning) => {
      notes.warnings.push(warning);
      options.onWarning(warning);
    },
    count: (figures: Readonly<Record<string, number>>) => {
      for (const [name, value] of Object.entries(figures)) notes.figures[name] = (notes.figures[name] ?? 0) + value;
    },
  };
}

function engineHandle(
  needName: string,
  need: string,
  options: ContextOptions,
): { call(request: unknown): Promise<unknown> } | undefined {
  const { stage, services, signal, notes } = options;
  const role = need.replace('?', '') as Role;
  const id = stage.engines[needName];
  if (id === undefined) {
    if (need.endsWith('?')) return undefined;
    throw new Failure('ERR_MANIFEST_INVALID', `Stage ${stage.id} has no engine for ${needName}.`, { stage: stage.id });
  }
  const locked = services.manifest.lock.engines[id];
  if (locked === undefined) throw new Error(`engine ${id} is not locked`);
  const base: Omit<Task, 'request'> = {
    role,
    engine: { id, version: locked.version, environment: services.environmentOf(id) },
    models: services.modelsOf(id),
    op: ROLES[role].op,
    params: stage.engineParams[needName] ?? {},
    runtime: { threads: stage.runtime.threads, device: 'cpu' },
  };
  return {
    async call(request) {
      const checked: unknown = ROLES[role].request.parse(request);
      const reply = services.submit({ ...base, request: checked }, signal, (event) => {
        if (event.type === 'task.start') notes.engineCalls[id] = (notes.engineCalls[id] ?? 0) + 1;
        if (event.type === 'task.memo') notes.memoHits += 1;
        options.onTask(event);
      });
      return options.during(reply);
    },
  };
}

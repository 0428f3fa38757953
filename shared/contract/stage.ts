import type { z } from 'zod';
import type { AudioRef, ObjectRef, Probe } from './media.ts';
import type { MediaCommand, MediaResult } from './media-command.ts';
import type { InputsOf, OutputsOf, Ports } from './ports.ts';
import type { Role, RoleReply, RoleRequest } from './roles/index.ts';

/** The engine a stage was given. Every call is memoised, batched, admitted and retried behind this one method. */
export interface EngineHandle<R extends Role> {
  call(request: RoleRequest<R>): Promise<RoleReply<R>>;
}

/**
 * `role: 'asr'` gives `engine`; `role: {hear: 'asr', fit: 'align'}` gives `engines.hear` and `engines.fit`; no role gives neither.
 * `'align?'` is a need the stage can do without: the handle is undefined when no engine does the language.
 */
type NamedRole = Role | `${Role}?`;
export type RoleNeed = NamedRole | Readonly<Record<string, NamedRole>> | undefined;
type HandleOf<Need> = Need extends Role
  ? EngineHandle<Need>
  : Need extends `${infer R extends Role}?`
    ? EngineHandle<R> | undefined
    : never;
export type EnginesOf<Need> = Need extends NamedRole
  ? { readonly engine: HandleOf<Need> }
  : Need extends Readonly<Record<string, NamedRole>>
    ? { readonly engines: { readonly [K in keyof Need]: HandleOf<Need[K]> } }
    : unknown;

/** Memoised local work of a stage: the same request gives the same answer, so it is done once. */
export interface Step<Reply extends z.ZodType, Request> {
  readonly op: string;
  /** Plain JSON; AudioRef and ObjectRef inside it enter the key by content. */
  readonly request: Request;
  /** Shape of the answer; ObjectRefs in it are the files that `work` returned. */
  readonly reply: Reply;
  readonly cpu: number;
}

export interface StepResult {
  readonly value: Readonly<Record<string, unknown>>;
  /** Reply field -> absolute path of a file made in `dir`; stored, and put into the reply as an ObjectRef. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Warning {
  /** Stable kebab-case name: `line-does-not-fit`, `no-speech`, `damaged-media`. */
  readonly code: string;
  readonly message: string;
  /** Figures and ids behind the message. */
  readonly data?: Readonly<Record<string, string | number | boolean>>;
}

export interface MediaActions {
  /** Runs one ffmpeg command under the rules of shared/media; admitted and cancelled like a task. */
  ffmpeg(command: MediaCommand): Promise<MediaResult>;
  probe(path: string): Promise<Probe>;
}

interface BaseContext<P extends z.ZodType, I extends Ports, O extends Ports> {
  readonly params: z.output<P>;
  readonly inputs: InputsOf<I>;
  readonly outputs: OutputsOf<O>;
  /** Ordered results with bounded read-ahead over a live stream: the one way to be parallel. `ahead` is 16 unless told. */
  each<A, B>(
    items: AsyncIterable<A>,
    work: (item: A) => Promise<B>,
    options?: { readonly ahead?: number },
  ): AsyncIterable<B>;
  step<Reply extends z.ZodType, Request>(
    step: Step<Reply, Request>,
    work: (tools: { readonly dir: string; readonly signal: AbortSignal }) => Promise<StepResult>,
  ): Promise<z.output<Reply>>;
  /** Local work that is heavy but not worth remembering. The stage body itself never holds a resource. */
  tool<T>(need: { readonly cpu: number }, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  readonly media: MediaActions;
  /** Absolute path of the object an input item or a reply names. Never put it into an output. */
  open(reference: ObjectRef | AudioRef): string;
  /** Private folder of this attempt, gone afterwards. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** Work done so far in milliseconds of film or in items; `total` when known. Drives progress and ETA. */
  progress(done: number, total?: number): void;
  warn(warning: Warning): void;
  /** Named figures for the report: `{words: 120, chunks: 12}`. Same name again adds up. */
  count(figures: Readonly<Record<string, number>>): void;
}

export type StageContext<P extends z.ZodType, I extends Ports, O extends Ports, Need> = BaseContext<P, I, O> &
  EnginesOf<Need>;

export interface StageDefinition<
  P extends z.ZodType = z.ZodType,
  I extends Ports = Ports,
  O extends Ports = Ports,
  Need extends RoleNeed = RoleNeed,
> {
  readonly id: string;
  /** One line for --plan and the docs. */
  readonly purpose: string;
  readonly params: P;
  readonly inputs: I;
  readonly outputs: O;
  readonly role?: Need;
  /** Waits for its whole inputs; never reads a stream that is still being written. */
  readonly whole?: boolean;
  /** System tools whose version changes the output. */
  readonly tools?: readonly ('ffmpeg' | 'node.icu')[];
  run(context: StageContext<P, I, O, Need>): Promise<void>;
}

export const defineStage = <
  P extends z.ZodType,
  I extends Ports,
  O extends Ports,
  const Need extends RoleNeed = undefined,
>(
  definition: StageDefinition<P, I, O, Need>,
): StageDefinition<P, I, O, Need> => definition;

/** A stage whose types have been forgotten: what a table of stages holds and the runner runs. */
export interface AnyStage {
  readonly id: string;
  readonly purpose: string;
  readonly params: z.ZodType;
  readonly inputs: Ports;
  readonly outputs: Ports;
  readonly role?: RoleNeed;
  readonly whole?: boolean;
  readonly tools?: readonly ('ffmpeg' | 'node.icu')[];
  run(context: unknown): Promise<void>;
}

/** The one place where a stage's types are given up. The runner builds each context from the same definition, so they stay true. */
export const forgetTypes = <P extends z.ZodType, I extends Ports, O extends Ports, Need extends RoleNeed>(
  stage: StageDefinition<P, I, O, Need>,
): AnyStage => stage as unknown as AnyStage;

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Digest } from '../../shared/contract/ids.ts';
import type { AudioRef, ObjectRef } from '../../shared/contract/media.ts';
import type { Ports } from '../../shared/contract/ports.ts';
import { ROLES, type Role } from '../../shared/contract/roles/index.ts';
import type {
  MediaActions,
  RoleNeed,
  StageContext,
  StageDefinition,
  Step,
  StepResult,
  Warning,
} from '../../shared/contract/stage.ts';

/** One file of a `files` port, with the stage instance it comes from. */
export interface FilesEntry {
  readonly path: string;
  readonly from: string;
}

export interface StageRun {
  readonly params?: Readonly<Record<string, unknown>>;
  /** A path for a file port, an array for a stream port, an array of paths or FilesEntry for a files port. */
  readonly inputs?: Readonly<Record<string, string | readonly unknown[]>>;
  /** Answers a role's request; the reply is checked against the role. */
  readonly answer?: (role: Role, request: unknown) => unknown | Promise<unknown>;
  /** digest -> path, for `open`; files given as inputs are known already. */
  readonly objects?: Map<string, string>;
  readonly media?: MediaActions;
}

export interface StageResult {
  readonly streams: Readonly<Record<string, unknown[]>>;
  readonly files: Readonly<Record<string, string>>;
  readonly warnings: readonly Warning[];
  readonly figures: Readonly<Record<string, number>>;
  readonly calls: readonly { readonly role: Role; readonly request: unknown }[];
  readonly objects: ReadonlyMap<string, string>;
}

const digestFile = (path: string): Digest =>
  `sha256:${createHash('sha256').update(readFileSync(path)).digest('hex')}` as Digest;

/** Runs one stage's body alone, with a test's own answers in the place of engines. Only for unit tests of stages. */
export async function runStage<P extends z.ZodType, I extends Ports, O extends Ports, Need extends RoleNeed>(
  stage: StageDefinition<P, I, O, Need>,
  run: StageRun,
): Promise<StageResult> {
  const scratch = mkdtempSync(join(tmpdir(), 'stage-'));
  const objects = run.objects ?? new Map<string, string>();
  const streams: Record<string, unknown[]> = {};
  const files: Record<string, string> = {};
  const warnings: Warning[] = [];
  const figures: Record<string, number> = {};
  const calls: { role: Role; request: unknown }[] = [];

  const fileInput = (path: string, from: string) => {
    const digest = digestFile(path);
    objects.set(digest, path);
    return { path, digest, bytes: readFileSync(path).length, from };
  };
  const inputs = Object.fromEntries(
    Object.entries(stage.inputs).map(([name, port]) => {
      const given = run.inputs?.[name];
      if (given === undefined) return [name, undefined];
      if (port.kind === 'file') return [name, fileInput(given as string, name)];
      if (port.kind === 'files')
        return [
          name,
          (given as (string | FilesEntry)[]).map((file) =>
            typeof file === 'string' ? fileInput(file, name) : fileInput(file.path, file.from),
          ),
        ];
      return [
        name,
        (async function* () {
          for (const item of given as unknown[]) yield port.item.parse(item);
        })(),
      ];
    }),
  );
  const outputs = Object.fromEntries(
    Object.entries(stage.outputs).map(([name, port]) => {
      if (port.kind !== 'stream') {
        files[name] = join(scratch, name);
        return [name, { path: files[name] }];
      }
      const items: unknown[] = [];
      streams[name] = items;
      return [name, { write: async (item: unknown) => void items.push(port.item.parse(item)) }];
    }),
  );
  const handle = (need: string) => handleOf(need.replace('?', '') as Role);
  const handleOf = (role: Role) => ({
    call: async (request: unknown) => {
      calls.push({ role, request: ROLES[role].request.parse(request) });
      if (run.answer === undefined) throw new Error(`no answer for ${role}`);
      return ROLES[role].reply.parse(await run.answer(role, request));
    },
  });
  const need = stage.role as RoleNeed;
  const engines =
    typeof need === 'string'
      ? { engine: handle(need) }
      : { engines: Object.fromEntries(Object.entries(need ?? {}).map(([name, role]) => [name, handle(role)])) };

  let steps = 0;
  const context = {
    params: stage.params.parse(run.params ?? {}),
    inputs,
    outputs,
    ...engines,
    async *each<A, B>(items: AsyncIterable<A>, work: (item: A) => Promise<B>): AsyncIterable<B> {
      for await (const item of items) yield await work(item);
    },
    step: async (
      step: Step<z.ZodType, unknown>,
      work: (tools: { dir: string; signal: AbortSignal }) => Promise<StepResult>,
    ) => {
      const dir = mkdtempSync(join(scratch, `step-${steps++}-`));
      const result = await work({ dir, signal: new AbortController().signal });
      const stored = Object.entries(result.files ?? {}).map(([name, path]) => {
        const input = fileInput(path, 'step');
        return [name, { $object: input.digest, bytes: input.bytes }];
      });
      return step.reply.parse({ ...result.value, ...Object.fromEntries(stored) });
    },
    tool: <T>(_need: unknown, work: (signal: AbortSignal) => Promise<T>) => work(new AbortController().signal),
    media: run.media ?? {
      ffmpeg: () => Promise.reject(new Error('no ffmpeg here')),
      probe: () => Promise.reject(new Error('no ffprobe here')),
    },
    open: (reference: ObjectRef | AudioRef) => {
      const path = objects.get('$object' in reference ? reference.$object : reference.$audio);
      if (path === undefined) throw new Error('no such object');
      return path;
    },
    scratch,
    signal: new AbortController().signal,
    progress: () => {},
    warn: (warning: Warning) => void warnings.push(warning),
    count: (more: Readonly<Record<string, number>>) => {
      for (const [name, value] of Object.entries(more)) figures[name] = (figures[name] ?? 0) + value;
    },
  };
  await stage.run(context as unknown as StageContext<P, I, O, Need>);
  return { streams, files, warnings, figures, calls, objects };
}

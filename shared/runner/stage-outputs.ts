import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../contract/failure.ts';
import type { Digest } from '../contract/ids.ts';
import type { Port } from '../contract/ports.ts';
import type { AnyStage } from '../contract/stage.ts';
import { canonicalJson } from '../util/canonical-json.ts';
import { createLiveStream, type LiveStream } from './live-stream.ts';

export interface StageOutputs {
  readonly values: Readonly<Record<string, unknown>>;
  readonly streams: ReadonlyMap<string, LiveStream>;
  /** Ends the streams and checks that every promised file is there. Port -> absolute path. */
  finish(): Readonly<Record<string, string>>;
  fail(error: Error): void;
  /** Closes the streams of a stage that turned out not to be needed. */
  finishUnused(): void;
  /** Objects named by items that were written. */
  readonly refs: ReadonlySet<Digest>;
}

/** Opens the outputs of a stage in its scratch folder. Items are canonical JSON, so that equal content has equal digests. */
export function openOutputs(definition: AnyStage, scratch: string, instance: string): StageOutputs {
  const streams = new Map<string, LiveStream>();
  const values: Record<string, unknown> = {};
  const refs = new Set<Digest>();
  for (const [name, port] of Object.entries(definition.outputs)) {
    if (port.kind === 'stream') {
      const stream = createLiveStream(join(scratch, `${name}.jsonl`));
      streams.set(name, stream);
      values[name] = {
        write: async (item: unknown) => {
          const checked: unknown = port.item.parse(item);
          collectRefs(checked, refs);
          stream.append(canonicalJson(checked));
        },
      };
    } else {
      values[name] = { path: join(scratch, name) };
    }
  }
  return {
    values,
    streams,
    refs,
    fail: (error) => {
      for (const stream of streams.values()) stream.fail(error);
    },
    finishUnused() {
      for (const stream of streams.values()) stream.end();
    },
    finish() {
      for (const stream of streams.values()) stream.end();
      const files: Record<string, string> = {};
      for (const [name, port] of Object.entries(definition.outputs)) {
        const path = streams.get(name)?.path ?? join(scratch, name);
        const problem = outputProblem(port, path);
        if (problem === 'absent') continue;
        if (problem !== undefined) {
          throw new Failure('ERR_STAGE_OUTPUT', `Stage ${instance} ended without a usable output ${name}.`, {
            why: problem,
            stage: instance,
          });
        }
        files[name] = path;
      }
      return files;
    },
  };
}

function outputProblem(port: Port, path: string): 'absent' | string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return port.kind === 'file' && port.optional ? 'absent' : 'The file was not written.';
  return stat.isFile() ? undefined : 'It is not a regular file.';
}

function collectRefs(value: unknown, refs: Set<Digest>): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const member of value) collectRefs(member, refs);
    return;
  }
  if ('$object' in value && typeof value.$object === 'string') refs.add(value.$object as Digest);
  for (const member of Object.values(value)) collectRefs(member, refs);
}

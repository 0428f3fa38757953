import { Failure } from '../contract/failure.ts';
import type { Digest, StageInstance } from '../contract/ids.ts';
import { MEDIA_PORT, splitPortReference } from '../contract/ids.ts';
import type { JobManifest, JobStage } from '../contract/job.ts';
import type { FileInput, StreamPort } from '../contract/ports.ts';
import type { StageRecord } from '../contract/record.ts';
import type { AnyStage } from '../contract/stage.ts';
import { abortable, type LiveStream, readLines } from './live-stream.ts';

/** What a consumer gets from a producer: streams that are being written, or the record of what is finished. */
export type Opened =
  | { readonly kind: 'live'; readonly streams: ReadonlyMap<string, LiveStream> }
  | { readonly kind: 'finished'; readonly record: StageRecord };

export interface Producer {
  /** Resolves when its streams can be read, at the latest when it is finished. */
  readonly opened: Promise<Opened>;
  readonly finished: Promise<StageRecord>;
}

export interface InputSources {
  readonly manifest: JobManifest;
  producer(instance: StageInstance): Producer;
  /** Path of a stored object, checked to be there. */
  objectPath(digest: Digest): string;
  readonly signal: AbortSignal;
  onWait(what: string | null): void;
}

/** Waits for every file input and opens every stream input of a stage; the values have the types its ports promise. */
export async function openInputs(
  stage: JobStage,
  definition: AnyStage,
  sources: InputSources,
): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [name, port] of Object.entries(definition.inputs)) {
    const wiring = stage.inputs[name];
    if (port.kind === 'files') {
      const references = wiring === undefined ? [] : [wiring].flat();
      const files = await Promise.all(references.map((reference) => fileInput(reference, sources)));
      values[name] = files.filter((file) => file !== undefined);
    } else if (port.kind === 'file') {
      const file = typeof wiring === 'string' ? await fileInput(wiring, sources) : undefined;
      if (file === undefined && !port.optional) {
        throw new Failure('ERR_STAGE_OUTPUT', `Stage ${stage.id} has no file for its input ${name}.`, {
          stage: stage.id,
        });
      }
      values[name] = file;
    } else {
      if (typeof wiring !== 'string') throw new Error(`stream input ${stage.id}.${name} is not wired`);
      values[name] = readItems(wiring, port, sources);
    }
  }
  return values;
}

async function fileInput(reference: string, sources: InputSources): Promise<FileInput | undefined> {
  const { manifest } = sources;
  if (reference === MEDIA_PORT) {
    return { path: manifest.media.path, digest: manifest.media.digest, bytes: manifest.media.bytes, from: 'media' };
  }
  const { instance, port } = splitPortReference(reference);
  sources.onWait(`${reference} (whole)`);
  const record = await abortable(sources.producer(instance).finished, sources.signal);
  sources.onWait(null);
  const output = record.outputs[port];
  if (output === undefined) return undefined;
  return { path: sources.objectPath(output.digest), digest: output.digest, bytes: output.bytes, from: instance };
}

/** Items of a stream, checked on the way in: a store that was tampered with must not reach a stage. */
async function* readItems(reference: string, port: StreamPort, sources: InputSources): AsyncGenerator<unknown, void> {
  const { instance, port: name } = splitPortReference(reference);
  sources.onWait(`${reference} to start`);
  const opened = await abortable(sources.producer(instance).opened, sources.signal);
  sources.onWait(null);
  const live = opened.kind === 'live' ? opened.streams.get(name) : undefined;
  if (opened.kind === 'live' && live === undefined) throw new Error(`stage ${instance} has no stream ${name}`);
  const lines =
    live !== undefined
      ? live.read({ signal: sources.signal, onWait: (waiting) => sources.onWait(waiting ? reference : null) })
      : readLines(sources.objectPath(finishedDigest(opened, name, instance)), sources.signal);
  for await (const line of lines) yield port.item.parse(JSON.parse(line));
}

function finishedDigest(opened: Opened, port: string, instance: StageInstance): Digest {
  const output = opened.kind === 'finished' ? opened.record.outputs[port] : undefined;
  if (output === undefined)
    throw new Failure('ERR_STAGE_OUTPUT', `The record of stage ${instance} has no stream ${port}.`, {
      stage: instance,
    });
  return output.digest;
}

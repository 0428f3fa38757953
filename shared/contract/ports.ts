import type { z } from 'zod';
import type { Digest } from './ids.ts';

/** JSON Lines of one item type. Its consumer may read it while it is still being written. */
export interface StreamPort<Item extends z.ZodType = z.ZodType> {
  readonly kind: 'stream';
  readonly item: Item;
}

/** One object. An input that is a file waits until its producer is finished. */
export interface FilePort<Optional extends boolean = boolean> {
  readonly kind: 'file';
  /** Media type, for people and for the record: `application/json`, `audio/pcm`. */
  readonly type: string;
  readonly optional: Optional;
}

/** Any number of files of one kind, by name: mux takes one subtitle per language. Wired with a list. */
export interface FilesPort {
  readonly kind: 'files';
  readonly type: string;
}

export type Port = StreamPort | FilePort | FilesPort;
export type Ports = Readonly<Record<string, Port>>;

export const stream = <Item extends z.ZodType>(item: Item): StreamPort<Item> => ({ kind: 'stream', item });

export function file(type: string): FilePort<false>;
export function file(type: string, options: { readonly optional: true }): FilePort<true>;
export function file(type: string, options?: { readonly optional: true }): FilePort {
  return { kind: 'file', type, optional: options?.optional ?? false };
}

/** As an input: all files wired to it, each with the instance it comes from. Not allowed as an output. */
export const files = (type: string): FilesPort => ({ kind: 'files', type });

export interface FileInput {
  /** Absolute path, read-only. */
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: number;
  /** The stage instance it comes from, `media` for the film. */
  readonly from: string;
}

/** Write the file at `path`; it is inside the scratch folder and does not exist yet. */
export interface FileOutput {
  readonly path: string;
}

export interface StreamOutput<Item> {
  /** Appends one item; checked against the port's schema. */
  write(item: Item): Promise<void>;
}

export type InputsOf<P extends Ports> = {
  readonly [K in keyof P]: P[K] extends StreamPort<infer Item>
    ? AsyncIterable<z.output<Item>>
    : P[K] extends FilesPort
      ? readonly FileInput[]
      : P[K] extends FilePort<true>
        ? FileInput | undefined
        : FileInput;
};

export type OutputsOf<P extends Ports> = {
  readonly [K in keyof P]: P[K] extends StreamPort<infer Item> ? StreamOutput<z.output<Item>> : FileOutput;
};

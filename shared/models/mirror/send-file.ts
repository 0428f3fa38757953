import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { etagOf } from './hub-answers.ts';
import type { MirroredFile } from './mirror-catalog.ts';
import { parseRange } from './parse-range.ts';

/** Files whose bytes turned out to be wrong while they were sent, by path and what changes with the content. */
export type KnownBad = Set<string>;

const CHUNK_BYTES = 1 << 20;

export interface SendOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly file: MirroredFile;
  readonly headers: Readonly<Record<string, string>>;
  readonly bad: KnownBad;
}

/**
 * Answers HEAD or GET for one file, whole or the range asked for. A whole file is hashed on its way: the official clients do not, so
 * the last piece of wrong bytes is held back and the connection cut, and the client sees a download that failed instead of a model. `gone`:
 * nothing was answered, the file is not there any more or is known to be wrong. An aborted request ends quietly and leaves nothing open.
 */
export async function sendFile({ request, response, file, headers, bad }: SendOptions): Promise<'sent' | 'gone'> {
  const handle = await open(file.at, 'r').catch(() => undefined);
  if (handle === undefined) return 'gone';
  try {
    const stat = await handle.stat({ bigint: true });
    const identity = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
    if (!stat.isFile() || stat.size !== BigInt(file.bytes) || bad.has(identity)) return 'gone';
    const etag = etagOf(file);
    const common = {
      ...headers,
      ETag: etag,
      'X-Linked-Etag': etag,
      'X-Linked-Size': String(file.bytes),
      'Accept-Ranges': 'bytes',
      'Content-Type': 'application/octet-stream',
    };
    const changed = request.headers['if-range'] !== undefined && request.headers['if-range'] !== etag;
    const range = changed ? undefined : parseRange(request.headers.range, file.bytes);
    if (range === 'unsatisfiable') {
      response.writeHead(416, { ...common, 'Content-Range': `bytes */${file.bytes}`, 'Content-Length': '0' }).end();
      return 'sent';
    }
    const { from, end } = range ?? { from: 0, end: file.bytes };
    response.writeHead(range === undefined ? 200 : 206, {
      ...common,
      'Content-Length': String(end - from),
      ...(range === undefined ? {} : { 'Content-Range': `bytes ${from}-${end - 1}/${file.bytes}` }),
    });
    if (request.method === 'HEAD' || from === end) {
      response.end();
      return 'sent';
    }
    const whole = from === 0 && end === file.bytes;
    await stream({ handle, from, end, response, sha256: whole ? file.sha256 : undefined }).catch((error: unknown) => {
      if (error instanceof WrongBytes) bad.add(identity);
      response.destroy();
    });
    return 'sent';
  } finally {
    await handle.close();
  }
}

interface StreamOptions {
  readonly handle: FileHandle;
  readonly from: number;
  readonly end: number;
  readonly response: ServerResponse;
  /** What all the bytes together have to have; undefined for a part of a file. */
  readonly sha256: string | undefined;
}

class WrongBytes extends Error {}

async function stream({ handle, from, end, response, sha256 }: StreamOptions): Promise<void> {
  const bytes = handle.createReadStream({ start: from, end: end - 1, highWaterMark: CHUNK_BYTES, autoClose: false });
  if (sha256 === undefined) return pipeline(bytes, response);
  return pipeline(bytes, holdLast(sha256), response);
}

/** Lets pieces through one behind, so that the last one can be kept back when the digest of all is not the expected one. */
function holdLast(sha256: string): Transform {
  const hash = createHash('sha256');
  let held: Uint8Array | undefined;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      const ready = held;
      held = chunk;
      done(null, ready);
    },
    flush(done) {
      if (hash.digest('hex') === sha256) done(null, held);
      else done(new WrongBytes());
    },
  });
}

import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isFailure } from '../../contract/failure.ts';
import type { KnownFile, ModelFile } from '../../contract/model.ts';
import { diskFailure, onDisk } from '../../store/disk-failure.ts';
import { ownedName } from '../../store/owned-name.ts';
import { incomingDir } from '../layout/hub-layout.ts';
import type { ListedModel } from '../registry/open-registry.ts';
import type { Endpoint } from './endpoint.ts';
import type { Head, TakeChunk } from './exchange.ts';
import { describeStart } from './fetch-file.ts';
import type { Patience } from './fetch-options.ts';
import { writeJournal } from './part-file.ts';
import { pauseBefore } from './pause.ts';
import { fileUrl } from './request-rest.ts';
import { connectionFailure, givenUp, PassingError, refusalOf, sourceFailure } from './source-failure.ts';
import { stopped } from './stopped.ts';
import { createWriteBehind } from './write-behind.ts';

export interface LearnFileOptions {
  readonly root: string;
  readonly endpoint: Endpoint;
  readonly model: ListedModel;
  /** What is known of it; what comes has to agree. */
  readonly said: ModelFile;
  /** Bytes; more is refused. */
  readonly limit: number;
  readonly token?: string | undefined;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
}

const MOST_TRIES = 3;

/**
 * Downloads a file that nobody knows the digest of, and learns size and digest from what comes. It stays in `incoming/` under its digest, where the
 * download finds it complete. There is nothing to verify it with, so it is fetched in one piece. Throws ERR_MODEL_SOURCE, ERR_MODEL_GATED,
 * ERR_DISK_FULL, ERR_NOT_WRITABLE.
 */
export async function learnFile(options: LearnFileOptions): Promise<KnownFile> {
  const { root, endpoint, model, said, patience, signal } = options;
  const asked = { model, path: said.path, endpoint: endpoint.url };
  const dir = incomingDir(root);
  await onDisk({ folder: dir }, () => mkdir(dir, { recursive: true }));
  for (let tries = 1; ; tries += 1) {
    const temporary = join(dir, ownedName('.learn'));
    try {
      return await learnOnce(temporary, options);
    } catch (error) {
      await rm(temporary, { force: true });
      if (signal?.aborted) throw stopped(error);
      const failure = connectionFailure(asked, diskFailure(error, { folder: dir }));
      if (isFailure(failure)) throw failure;
      if (tries >= MOST_TRIES)
        throw givenUp(asked, `${tries} tries failed; the last one: ${failure.message}.`, failure);
      await pauseBefore(tries, { afterMs: failure.afterMs, patience, signal });
    }
  }
}

async function learnOnce(temporary: string, options: LearnFileOptions): Promise<KnownFile> {
  const { root, endpoint, model, said, limit, token } = options;
  const asked = { model, path: said.path, endpoint: endpoint.url };
  await using handle = await open(temporary, 'wx+', 0o644);
  const behind = createWriteBehind(handle, 0);
  const sha256 = createHash('sha256');
  let announced: number | undefined;
  let bytes = 0;
  const take: TakeChunk = (chunk) => {
    bytes += chunk.length;
    if (bytes > limit) throw sourceFailure(asked, `More than ${limit} bytes came.`);
    sha256.update(chunk);
    return behind.take(chunk);
  };
  const onHead = ({ status, headers }: Head): TakeChunk | undefined => {
    if (status !== 200) return undefined;
    if ((headers['content-encoding'] ?? 'identity') !== 'identity')
      throw sourceFailure(asked, `The answer is packed (${headers['content-encoding']}), which was not asked for.`);
    announced = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
    if (announced !== undefined && announced !== (said.bytes ?? announced))
      throw sourceFailure(asked, `The registry says it has ${said.bytes} bytes, the server says ${announced}.`);
    return take;
  };
  const answer = await endpoint.send({ url: fileUrl(endpoint.url, model, said.path), token, onHead });
  if (answer.status !== 200) throw refusalOf(asked, answer, token);
  await behind.settle();
  if (announced !== undefined && bytes !== announced)
    throw new PassingError(`the answer ended after ${bytes} of ${announced} bytes`);
  const start = await handle.read(Buffer.alloc(512), 0, 512, 0);
  const strange = describeStart(start.buffer.subarray(0, start.bytesRead));
  if (strange !== '' && !/\.(html?|xml|svg)$/.test(said.path)) throw sourceFailure(asked, strange);
  const learned = { ...said, bytes, sha256: sha256.digest('hex') };
  await refuseDifference(learned, options, handle);
  await handle.sync();
  const part = join(incomingDir(root), `${learned.sha256}.part`);
  await rename(temporary, part);
  await writeJournal(root, learned, { endpoint: endpoint.url, etag: answer.headers.etag ?? null });
  return learned;
}

/** What the entry or the hub said of it must be true of what came. */
async function refuseDifference(
  learned: KnownFile,
  { model, endpoint, said }: LearnFileOptions,
  handle: { readFile(): Promise<Buffer> },
): Promise<void> {
  const asked = { model, path: said.path, endpoint: endpoint.url };
  if (said.bytes !== undefined && said.bytes !== learned.bytes)
    throw sourceFailure(asked, `It should have ${said.bytes} bytes, and ${learned.bytes} came.`);
  if (said.sha256 !== undefined && said.sha256 !== learned.sha256)
    throw sourceFailure(
      asked,
      `The registry says its sha256 is ${said.sha256}, that of what came is ${learned.sha256}.`,
    );
  if (said.gitSha1 === undefined) return;
  const content = await handle.readFile();
  const id = createHash('sha1').update(`blob ${learned.bytes}\0`).update(content).digest('hex');
  if (id !== said.gitSha1)
    throw sourceFailure(asked, `Its git id should be ${said.gitSha1}, that of what came is ${id}.`);
}

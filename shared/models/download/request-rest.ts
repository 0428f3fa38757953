import type { KnownFile } from '../../contract/model.ts';
import type { ListedModel } from '../registry/open-registry.ts';
import type { Answer, Endpoint } from './endpoint.ts';
import type { Head, TakeChunk } from './exchange.ts';
import type { PartFile } from './part-file.ts';
import { PassingError, refusalOf, sourceFailure } from './source-failure.ts';

export interface RequestRestOptions {
  readonly token?: string | undefined;
  readonly onBytes: (bytes: number) => void;
  readonly onAnswer: (answer: Answer, endpoint: Endpoint) => void;
}

/** Where a file of a model is served; files of plain servers have an address of their own on a mirror (../mirror/serve-mirror.ts). */
export function fileUrl(endpoint: string, { entry, revision }: ListedModel, path: string): URL {
  const { source } = entry;
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  if (source.type === 'url') {
    const folder = endpoint === source.base ? source.base.replace(/\/+$/, '') : `${endpoint}/url/${entry.id}`;
    return new URL(`${folder}/${encoded}`);
  }
  if (source.type !== 'hub') throw new TypeError(`${entry.id} is not fetched by address`);
  return new URL(`${endpoint}/${source.repo}/resolve/${revision ?? encodeURIComponent(source.branch)}/${encoded}`);
}

/** The answer does not fit to what is known of the file; another try may bring another one. */
export class WrongAnswer extends Error {}

/**
 * Asks for what a part lacks and takes what comes. Throws a Failure for what another try cannot change, a WrongAnswer, a PassingError, or the
 * error of the connection.
 */
export async function requestRest(
  endpoint: Endpoint,
  part: PartFile,
  { model, file }: { readonly model: ListedModel; readonly file: KnownFile },
  { token, onBytes, onAnswer }: RequestRestOptions,
): Promise<void> {
  const asked = { model, path: file.path, endpoint: endpoint.url };
  const { journal, size: from } = part;
  const isSameServer = journal?.endpoint === endpoint.url;
  // A weak ETag does not promise equal bytes. Another server may name the same bytes otherwise; the digest will tell.
  const etag = isSameServer && journal.etag?.startsWith('"') === true ? journal.etag : undefined;
  const headers: Record<string, string> = {};
  if (from > 0) headers.range = `bytes=${from}-`;
  if (from > 0 && etag !== undefined) headers['if-range'] = etag;
  let ready: Promise<void> | undefined;

  const put: TakeChunk = (chunk) => {
    if (part.size + chunk.length > file.bytes)
      throw new WrongAnswer(`More came than the ${file.bytes} bytes that the registry knows.`);
    const wait = part.take(chunk);
    onBytes(chunk.length);
    return wait;
  };
  const prepare = async (start: number, head: Head): Promise<void> => {
    if (start === 0 && from > 0) await part.restart();
    if (start > 0 && isSameServer) return;
    await part.note({ endpoint: endpoint.url, etag: head.headers.etag ?? null });
  };
  const onHead = (head: Head): TakeChunk | undefined => {
    if (head.status !== 200 && head.status !== 206) return undefined;
    const encoding = head.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity')
      throw sourceFailure(asked, `The answer is packed (${encoding}), which was not asked for.`);
    const start = head.status === 206 ? from : 0;
    refuseOtherSize(head, start, file.bytes);
    if (start > 0 && etag !== undefined && (head.headers.etag ?? etag) !== etag) throw new ChangedError();
    ready = prepare(start, head);
    // Only the first piece waits for the disk; those that follow are taken as they come.
    let isFirst = true;
    return (chunk) => {
      if (!isFirst) return put(chunk);
      isFirst = false;
      return ready?.then(() => put(chunk));
    };
  };
  try {
    const answer = await endpoint.send({ url: fileUrl(endpoint.url, model, file.path), headers, token, onHead });
    await ready;
    if (answer.status === 416 && from > 0) throw await unsatisfiable(answer, part, file.bytes);
    if (answer.status !== 200 && answer.status !== 206) throw refusalOf(asked, answer, token);
    onAnswer(answer, endpoint);
  } catch (error) {
    await ready?.catch(() => {});
    if (!(error instanceof ChangedError)) throw error;
    await part.restart();
    throw new PassingError('the file changed on the server meanwhile: its ETag is another one');
  }
}

class ChangedError extends Error {}

function refuseOtherSize({ status, headers }: Head, start: number, bytes: number): void {
  if (status === 206) {
    const range = headers['content-range'] ?? 'none';
    const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range) ?? [];
    if (Number(first) !== start || (total !== '*' && Number(total) !== bytes))
      throw new WrongAnswer(`Bytes from ${start} of ${bytes} were asked for, and the answer says it has "${range}".`);
  }
  const length = headers['content-length'];
  if (length === undefined || start + Number(length) === bytes) return;
  const page = headers['content-type']?.includes('html') === true ? ' It is an error page (HTML), not the file.' : '';
  throw new WrongAnswer(`The server announces ${start + Number(length)} bytes, the registry knows ${bytes}.${page}`);
}

/** What "that range does not exist" means: another file there, or a server that cannot go on. */
async function unsatisfiable({ headers }: Answer, part: PartFile, bytes: number): Promise<Error> {
  const total = /^bytes \*\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
  if (total !== undefined && Number(total) !== bytes)
    return new WrongAnswer(`The server has ${total} bytes, the registry knows ${bytes}.`);
  const { size } = part;
  await part.restart();
  return new PassingError(`the server has nothing from byte ${size} on (416)`);
}

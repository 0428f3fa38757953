import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { ERROR_PAGE, type HubLie } from './hub-lies.ts';

export type { HubLie } from './hub-lies.ts';

/** A repository as the server has it. */
export interface HubRepo {
  readonly repo: string;
  /** 40 hexadecimal digits: the one commit it has. */
  readonly revision: string;
  /** The branch that stands at it; default `main`. */
  readonly branch?: string;
  readonly files: Readonly<Record<string, Buffer>>;
  /** Paths kept outside git, which the hub names by sha256; default: every file of at least 1 kB whose name ends in .bin or .safetensors. */
  readonly lfs?: readonly string[];
  /** Served only with `Authorization: Bearer <token>`; without a token 401, with another one 403, both GatedRepo. */
  readonly gated?: { readonly token: string };
  /** Names it had: they are answered by 307 to the same address under the new name. */
  readonly renamedFrom?: readonly string[];
}

export interface HubServerOptions {
  readonly repos?: readonly HubRepo[];
  /** Served at `/plain/<path>`, for url sources. */
  readonly plain?: Readonly<Record<string, Buffer>>;
  /** Before every answer. */
  readonly delayMs?: number;
  /** Entries of one page of a tree; default 1000. */
  readonly pageSize?: number;
  /** PEM texts; then the server speaks https. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** What one request was and got. */
export interface SeenRequest {
  readonly method: string;
  /** Address without host, decoded, without query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** First byte asked for; 0 without a Range. */
  readonly from: number;
  status: number;
  /** Bytes of the body given to the socket so far. */
  sentBytes: number;
}

export interface HubServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`: an endpoint. */
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** GETs of the bytes of this file: `<path in the repository>`, `org/name:<path>`, or `plain:<path>`. */
  gets(file: string): readonly SeenRequest[];
  /** The next `times` (default 1) GETs of this file are answered so. Several lies about one file are told one after the other. */
  lie(file: string, lie: HubLie, times?: number): void;
  /** As `lie`, for API requests whose path contains `part`. */
  lieAboutApi(part: string, lie: HubLie, times?: number): void;
  /** Forgets what was seen and what was to be lied about. */
  reset(): void;
  close(): Promise<void>;
}

export const gitSha1 = (data: Buffer): string =>
  createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');
export const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** As the tests' repositories are read: large binary files lie outside git. */
export const isLfs = ({ lfs }: HubRepo, path: string, data: Buffer): boolean =>
  lfs === undefined ? data.length >= 1000 && /\.(bin|safetensors)$/.test(path) : lfs.includes(path);

/** The id of the pointer that git keeps in place of a file. */
const pointerSha1 = (data: Buffer): string =>
  gitSha1(Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(data)}\nsize ${data.length}\n`));

/** An honest answer is sent as fast as it is taken; one that is cut or slow goes in small pieces. */
const [CHUNK, CHUNKS_UNDER_WAY, SMALL_CHUNK] = [1 << 20, 4, 64 << 10];

/**
 * A server on 127.0.0.1 that speaks the protocol of a model hub and can lie, once or many times, about one file:
 *
 *     await using hub = await startHubServer({ repos: [{ repo: 'org/name', revision, files: { 'model.bin': bytes } }] });
 *     hub.lie('model.bin', { kind: 'reset', atPercent: 50 });
 *     …download from hub.url…
 *     expect(hub.gets('model.bin').map(({ from }) => from)).toEqual([0, half]);
 */
export async function startHubServer(options: HubServerOptions): Promise<HubServer> {
  const requests: SeenRequest[] = [];
  const lies: { readonly about: (key: string) => boolean; readonly lie: HubLie; left: number }[] = [];
  const etags = new Map<string, string>();
  const nextLie = (keys: readonly string[]): HubLie | undefined => {
    const found = lies.find(({ about, left }) => left > 0 && keys.some(about));
    if (found !== undefined) found.left -= 1;
    return found?.lie;
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://hub');
    const path = decodeURIComponent(url.pathname);
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const headers = request.headers as Record<string, string>;
    const seen: SeenRequest = { method: request.method ?? '', path, headers, from, status: 0, sentBytes: 0 };
    requests.push(seen);
    if (options.delayMs !== undefined) await sleep(options.delayMs);
    const call: Call = { seen, request, response, url };
    const plain = /^\/plain\/(.+)$/.exec(path)?.[1];
    if (plain !== undefined) return sendFile(call, `plain:${plain}`, options.plain?.[plain], sha256);
    const parts = /^\/(api\/models\/)?([^/]+\/[^/]+)(?:\/(resolve|revision|tree)\/([^/]+)(?:\/(.*))?)?$/.exec(path);
    const [, api, name = '', what, revision, file] = parts ?? [];
    const repo = options.repos?.find((one) => one.repo === name || one.renamedFrom?.includes(name));
    if (repo === undefined) return refuse(call, api === undefined ? 404 : 401, 'RepoNotFound');
    if (repo.repo !== name) {
      const to = url.pathname.replace(encodeURI(name), encodeURI(repo.repo)) + url.search;
      return send(call, 307, { location: to }, '');
    }
    if (repo.gated !== undefined && request.headers.authorization !== `Bearer ${repo.gated.token}`)
      return refuse(call, request.headers.authorization === undefined ? 401 : 403, 'GatedRepo');
    if (revision !== undefined && revision !== repo.revision && revision !== (repo.branch ?? 'main'))
      return refuse(call, 404, 'RevisionNotFound');
    if (what === 'resolve') {
      const data = repo.files[file ?? ''];
      const etag = data !== undefined && isLfs(repo, file ?? '', data) ? sha256 : gitSha1;
      return sendFile(call, `${repo.repo}:${file}`, data, etag, { 'x-repo-commit': repo.revision });
    }
    const lie = nextLie([`api:${path}`]);
    if (lie !== undefined) return lieWithoutBytes(call, lie);
    if (what === 'tree') return sendTree(call, repo);
    const siblings = Object.keys(repo.files).map((rfilename) => ({ rfilename }));
    return sendJson(call, { id: repo.repo, modelId: repo.repo, sha: repo.revision, private: false, siblings });
  }

  function sendTree(call: Call, repo: HubRepo): Promise<void> {
    const entries = Object.entries(repo.files).map(([path, data]) => {
      const size = data.length;
      if (!isLfs(repo, path, data)) return { type: 'file', oid: gitSha1(data), size, path };
      return { type: 'file', oid: pointerSha1(data), size, path, lfs: { oid: sha256(data), size, pointerSize: 130 } };
    });
    const at = Number(call.url.searchParams.get('cursor') ?? 0);
    const end = at + (options.pageSize ?? 1000);
    const next = new URL(call.url);
    next.searchParams.set('cursor', String(end));
    const link = end < entries.length ? { link: `<${server.origin}${next.pathname}${next.search}>; rel="next"` } : {};
    return sendJson(call, entries.slice(at, end), link);
  }

  async function sendFile(
    call: Call,
    key: string,
    data: Buffer | undefined,
    etagOf: (data: Buffer) => string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    if (data === undefined) return refuse(call, 404, 'EntryNotFound', more);
    const lie = call.seen.method === 'GET' ? nextLie([key, key.slice(key.indexOf(':') + 1)]) : undefined;
    if (lie?.kind === 'new-etag') etags.set(key, `changed-${requests.length}`);
    const etag = `"${etags.get(key) ?? etagOf(data)}"`;
    const common = { etag, 'accept-ranges': 'bytes', 'content-type': 'application/octet-stream', ...more };
    if (lie !== undefined && (await toldInstead(call, lie, data, common))) return;
    const ifRange = call.request.headers['if-range'];
    const isPart =
      call.request.headers.range !== undefined &&
      lie?.kind !== 'ignore-range' &&
      (ifRange === undefined || ifRange === etag);
    const from = isPart ? call.seen.from : 0;
    if (isPart && from >= data.length)
      return send(call, 416, { ...common, 'content-range': `bytes */${data.length}` }, '');
    const start = lie?.kind === 'other-range' ? Math.max(0, from - 7) : from;
    const body = lie?.kind === 'wrong-bytes' ? flipped(data.subarray(start)) : data.subarray(start);
    const range = isPart ? { 'content-range': `bytes ${start}-${data.length - 1}/${data.length}` } : {};
    const length = lie?.kind === 'short-without-length' ? {} : { 'content-length': String(body.length) };
    await send(call, isPart ? 206 : 200, { ...common, ...range, ...length }, body, lie);
  }

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch(() => response.destroy());
  };
  const web = options.tls === undefined ? createServer(handle) : createTlsServer(options.tls, handle);
  web.listen(0, '127.0.0.1');
  await new Promise((resolve) => web.once('listening', resolve));
  const scheme = options.tls === undefined ? 'http' : 'https';
  const server = { origin: `${scheme}://127.0.0.1:${(web.address() as AddressInfo).port}` };
  const close = async (): Promise<void> => {
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
  };
  return {
    url: server.origin,
    requests,
    gets: (file) =>
      requests.filter(({ method, path }) => method === 'GET' && fileKeys(path).some((key) => key === file)),
    lie: (file, lie, times = 1) => void lies.push({ about: (key) => key === file, lie, left: times }),
    lieAboutApi: (part, lie, times = 1) =>
      void lies.push({ about: (key) => key.startsWith('api:') && key.includes(part), lie, left: times }),
    reset() {
      requests.length = 0;
      lies.length = 0;
      etags.clear();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Call {
  readonly seen: SeenRequest;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

function fileKeys(path: string): readonly string[] {
  const plain = /^\/plain\/(.+)$/.exec(path)?.[1];
  if (plain !== undefined) return [`plain:${plain}`, plain];
  const [, repo, file] = /^\/([^/]+\/[^/]+)\/resolve\/[^/]+\/(.+)$/.exec(path) ?? [];
  return file === undefined ? [] : [file, `${repo}:${file}`];
}

function flipped(data: Buffer): Buffer {
  const copy = Buffer.from(data);
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}

/** The lies that replace the whole answer; false when the lie is about how the bytes are sent. */
async function toldInstead(
  call: Call,
  lie: HubLie,
  data: Buffer,
  common: Readonly<Record<string, string>>,
): Promise<boolean> {
  switch (lie.kind) {
    case 'wrong-length': {
      const body = lie.by < 0 ? data.subarray(0, lie.by) : Buffer.concat([data, Buffer.alloc(lie.by)]);
      await send(call, 200, { ...common, 'content-length': String(body.length) }, body);
      return true;
    }
    case 'range-not-satisfiable':
      await send(call, 416, { ...common, 'content-range': `bytes */${data.length}` }, '');
      return true;
    case 'gzip': {
      const body = gzipSync(data);
      await send(call, 200, { ...common, 'content-encoding': 'gzip', 'content-length': String(body.length) }, body);
      return true;
    }
    case 'error-page':
    case 'busy':
    case 'status':
    case 'redirect':
      await lieWithoutBytes(call, lie);
      return true;
    default:
      return false;
  }
}

async function lieWithoutBytes(call: Call, lie: HubLie): Promise<void> {
  switch (lie.kind) {
    case 'busy':
      return send(call, lie.status, { 'retry-after': lie.retryAfter }, 'later');
    case 'status':
      return send(call, lie.status, lie.code === undefined ? {} : { 'x-error-code': lie.code }, 'no');
    case 'redirect':
      return send(call, lie.status ?? 302, { location: lie.to }, '');
    case 'error-page':
      return send(call, 200, { 'content-type': 'text/html' }, ERROR_PAGE);
    case 'reset':
      call.response.destroy();
      return;
    default:
      throw new Error(`no such lie about an answer without bytes: ${lie.kind}`);
  }
}

const sendJson = (call: Call, value: unknown, headers: Readonly<Record<string, string>> = {}): Promise<void> =>
  send(call, 200, { 'content-type': 'application/json', ...headers }, JSON.stringify(value));

const refuse = (call: Call, status: number, code: string, more: Readonly<Record<string, string>> = {}): Promise<void> =>
  send(call, status, { 'x-error-code': code, 'x-error-message': `${code}.`, ...more }, code);

/** When the other side took what is on its way, or went. */
const roomIn = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      response.off('drain', end).off('close', end);
      resolve();
    };
    response.on('drain', end).on('close', end);
  });

/** Keeps some pieces on their way, so that the kernel always has something to send; a piece counts when it is the kernel's. */
async function sendFast(response: ServerResponse, data: Buffer, onSent: (bytes: number) => void): Promise<void> {
  const underWay: Promise<void>[] = [];
  for (let at = 0; at < data.length && !response.destroyed; at += CHUNK) {
    const chunk = data.subarray(at, at + CHUNK);
    const written = new Promise<void>((resolve) => {
      response.write(chunk, (error) => {
        if (error == null) onSent(chunk.length);
        resolve();
      });
    });
    underWay.push(written);
    if (underWay.length > CHUNKS_UNDER_WAY) await underWay.shift();
  }
  response.end();
}

/** Sends a body chunk by chunk, with the lie about how it is sent. */
async function send(
  { seen, response }: Call,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer | string,
  lie?: HubLie,
): Promise<void> {
  seen.status = status;
  response.writeHead(status, headers);
  if (seen.method === 'HEAD') return void response.end();
  const data = typeof body === 'string' ? Buffer.from(body) : body;
  const cuts = lie?.kind === 'stall' || lie?.kind === 'reset' || lie?.kind === 'short-without-length';
  const end = cuts ? Math.floor((data.length * lie.atPercent) / 100) : data.length;
  if (lie === undefined) return sendFast(response, data, (bytes) => (seen.sentBytes += bytes));
  for (let at = 0; at < end && !response.destroyed; at += SMALL_CHUNK) {
    const chunk = data.subarray(at, Math.min(end, at + SMALL_CHUNK));
    const isTaken = response.write(chunk);
    seen.sentBytes += chunk.length;
    if (lie.kind === 'slow') await sleep((chunk.length / lie.bytesPerSecond) * 1000);
    else if (!isTaken) await roomIn(response);
  }
  if (lie.kind === 'stall') return;
  // A cut connection drops what the kernel has not sent, so the other side is given a moment to take it.
  if (lie.kind === 'reset') {
    await sleep(20);
    response.destroy();
    return;
  }
  response.end();
}

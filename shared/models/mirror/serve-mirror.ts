import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Failure } from '../../contract/failure.ts';
import { errorCode } from '../../store/disk-failure.ts';
import { answerRequest } from './answer-request.ts';
import { type CatalogOptions, openCatalog } from './mirror-catalog.ts';
import type { KnownBad } from './send-file.ts';

/** One request that was answered. */
export interface MirrorRequest {
  readonly method: string;
  /** Path and query as they were asked for. */
  readonly url: string;
  /** The client's address. */
  readonly from: string;
  readonly status: number;
  /** Bytes of the socket that went out meanwhile, headers included. */
  readonly bytes: number;
  readonly ms: number;
  /** The client went away, or the connection was cut, before the end. */
  readonly aborted: boolean;
}

export interface MirrorOptions extends CatalogOptions {
  /** Loopback unless told: others can read the models from any other address. */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  readonly signal?: AbortSignal;
  readonly onRequest?: (request: MirrorRequest) => void;
}

export interface Mirror {
  /** What a client's HF_ENDPOINT or our own `models.endpoints` is set to. */
  readonly url: string;
  readonly port: number;
  /** Ids of the models it can hand out now. */
  served(): readonly string[];
  /** Ends at once, also what is being sent; doing it twice does nothing. */
  close(): Promise<void>;
}

/** A client that neither reads nor writes this long is dropped. */
const IDLE_MS = 60_000;

/**
 * Serves the complete models of the store as a read-only model hub, so that any client of one fills its cache from here. Nothing outside
 * the registry's lists of files can be asked for. Models of plain servers are under `/url/<model id>/<path>`. Aborting `signal` closes it.
 * Throws ERR_USAGE when the address cannot be listened on.
 */
export async function serveMirror(options: MirrorOptions): Promise<Mirror> {
  const { host = '127.0.0.1', port, signal, onRequest } = options;
  signal?.throwIfAborted();
  const catalog = openCatalog(options);
  const bad: KnownBad = new Set();
  const server = createServer((request, response) => {
    if (onRequest !== undefined) report(request, response, onRequest);
    answerRequest({ catalog, bad, request, response }).catch(() => {
      // One request must not end the others; the client sees a failed one.
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'Content-Length': '0' }).end();
    });
  });
  server.timeout = IDLE_MS;
  await listen(server, host, port);
  const address = server.address() as AddressInfo;

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    signal?.removeEventListener('abort', close);
    closed ??= new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closed;
  };
  signal?.addEventListener('abort', close, { once: true });
  return { url: `http://${reachable(host)}:${address.port}`, port: address.port, served: catalog.served, close };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, host, port)));
    server.listen({ host, port }, () => resolve());
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another program listens there.',
  EACCES: 'This user may not listen on that port; ports below 1024 are for root.',
  EADDRNOTAVAIL: 'This machine does not have that address.',
  ENOTFOUND: 'There is no host of that name.',
  EAI_AGAIN: 'There is no host of that name.',
};

function cannotListen(error: Error, host: string, port: number): unknown {
  const why = REASONS[errorCode(error)];
  if (why === undefined) return error;
  return new Failure('ERR_USAGE', `The mirror cannot listen on ${host}:${port}.`, {
    why,
    safe: 'Nothing was changed.',
    fix: ['./babelreel.sh models serve --port 0'],
    cause: error,
  });
}

/** For a wildcard the first address under which others see this machine. */
function reachable(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host.includes(':') ? `[${host}]` : host;
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  return outside?.address ?? '127.0.0.1';
}

function report(request: IncomingMessage, response: ServerResponse, onRequest: (request: MirrorRequest) => void): void {
  const started = performance.now();
  const { socket } = request;
  const before = socket.bytesWritten;
  const from = socket.remoteAddress ?? '';
  response.once('close', () =>
    onRequest({
      method: request.method ?? '',
      url: request.url ?? '',
      from,
      status: response.statusCode,
      bytes: socket.bytesWritten - before,
      ms: performance.now() - started,
      aborted: !response.writableFinished,
    }),
  );
}

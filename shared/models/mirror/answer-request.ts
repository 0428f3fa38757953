import type { IncomingMessage, ServerResponse } from 'node:http';
import { repoInfo, treeEntry, treeOf } from './hub-answers.ts';
import type { MirrorCatalog, MirroredRevision } from './mirror-catalog.ts';
import { type KnownBad, sendFile } from './send-file.ts';

export interface AnswerOptions {
  readonly catalog: MirrorCatalog;
  readonly bad: KnownBad;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Entries of a tree in one answer, as on the hub; `?limit=` asks for fewer. */
const PAGE = 1_000;
/** A list of paths is small; a longer body is refused unread. */
const MAX_BODY_BYTES = 1 << 20;

/** Answers one request of a hub client. Whatever is not there gets the codes that the official clients know. */
export async function answerRequest({ catalog, bad, request, response }: AnswerOptions): Promise<void> {
  const reply = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
    const text = JSON.stringify(body);
    response.writeHead(status, { ...headers, 'Content-Type': 'application/json; charset=utf-8' });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
  const refuse = (status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) =>
    reply(status, { error: message }, { ...headers, 'X-Error-Code': code, 'X-Error-Message': message });
  const notFound = (): void => refuse(404, 'EntryNotFound', 'There is nothing under this address.');

  const url = URL.parse(request.url ?? '', 'http://mirror');
  const parts = url === null ? undefined : decodeParts(url.pathname);
  const isPost = request.method === 'POST';
  if (!isPost && request.method !== 'GET' && request.method !== 'HEAD')
    return refuse(405, 'MethodNotAllowed', 'This mirror is read-only.', { Allow: 'GET, HEAD' });
  if (url === null || parts === undefined) return refuse(400, 'BadRequest', 'The address cannot be read.');

  const isApi = parts[0] === 'api' && parts[1] === 'models';
  const asked = isApi ? parts.slice(2) : parts;
  const action = asked[2] ?? (isApi ? 'revision' : '');
  if (isPost && !(isApi && action === 'paths-info'))
    return refuse(405, 'MethodNotAllowed', 'This mirror is read-only.', { Allow: 'GET, HEAD' });

  if (!isApi && parts[0] === 'url') {
    const file = catalog.urlModel(parts[1] ?? '')?.get(parts.slice(2).join('/'));
    if (file !== undefined && (await sendFile({ request, response, file, headers: {}, bad })) === 'sent') return;
    if (action !== 'resolve') return notFound();
  }
  if (asked.length < 2 || !(isApi ? API_ACTIONS : ['resolve']).includes(action)) return notFound();

  const repo = `${asked[0]}/${asked[1]}`;
  const revisions = catalog.repository(repo);
  if (revisions.length === 0) return refuse(404, 'RepoNotFound', `This mirror does not have ${repo}.`);
  const revision = findRevision(revisions, asked[3] ?? 'main');
  if (revision === undefined)
    return refuse(404, 'RevisionNotFound', `This mirror does not have the revision ${asked[3] ?? 'main'} of ${repo}.`);
  const headers = { 'X-Repo-Commit': revision.revision };
  const path = asked.slice(4).join('/');

  if (action === 'revision' && asked.length <= 4) return reply(200, repoInfo(repo, revision), headers);
  if (action === 'resolve') {
    const file = revision.files.get(path);
    if (file !== undefined && (await sendFile({ request, response, file, headers, bad })) === 'sent') return;
    return refuse(404, 'EntryNotFound', 'This file is not here.', headers);
  }
  if (action === 'paths-info') {
    const body = await readPaths(request);
    if (body === undefined) return refuse(413, 'BadRequest', 'The list of paths is too long or cannot be read.');
    const found = body.paths.flatMap((one) => revision.files.get(one) ?? []);
    const expand = body.expand ? revision : undefined;
    return reply(
      200,
      found.map((file) => treeEntry(file, expand)),
      headers,
    );
  }
  if (action !== 'tree') return notFound();
  const flag = (name: string): boolean => /^(true|1)$/i.test(url.searchParams.get(name) ?? '');
  const tree = treeOf(revision, { folder: path, recursive: flag('recursive'), expand: flag('expand') });
  if (tree === undefined) return refuse(404, 'EntryNotFound', 'This folder is not here.', headers);
  const { page, next } = pageOf(tree, url.searchParams);
  reply(200, page, next === undefined ? headers : { ...headers, Link: linkTo(request, url, next) });
}

const API_ACTIONS: readonly string[] = ['revision', 'tree', 'paths-info'];

/** Undefined for an escape that is none. A slash inside an escape stays inside its part: a branch may be named `refs/pr/1`. */
function decodeParts(pathname: string): readonly string[] | undefined {
  try {
    return pathname
      .replace(/^\/+|\/+$/g, '')
      .split('/')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

const findRevision = (all: readonly MirroredRevision[], name: string): MirroredRevision | undefined =>
  all.find(({ revision }) => revision === name) ?? all.find(({ branches }) => branches.includes(name));

function pageOf(tree: readonly object[], query: URLSearchParams): { page: readonly object[]; next?: number } {
  const whole = (name: string, otherwise: number): number => {
    const value = Number(query.get(name) ?? otherwise);
    return Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
  };
  const start = whole('cursor', 0);
  const end = start + Math.min(PAGE, Math.max(1, whole('limit', PAGE)));
  const page = tree.slice(start, end);
  return end < tree.length ? { page, next: end } : { page };
}

/** Absolute, since the official client takes the address as it is. */
function linkTo(request: IncomingMessage, url: URL, cursor: number): string {
  const next = new URL(url);
  next.searchParams.set('cursor', String(cursor));
  const host = /^[\w.:[\]-]+$/.exec(request.headers.host ?? '')?.[0] ?? 'localhost';
  return `<http://${host}${next.pathname}${next.search}>; rel="next"`;
}

/** `{paths, expand}` as JSON (npm's client) or as a form (Python's); undefined for anything else. */
async function readPaths(request: IncomingMessage): Promise<{ paths: readonly string[]; expand: boolean } | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (!request.headers['content-type']?.includes('json')) {
    const form = new URLSearchParams(text);
    return { paths: form.getAll('paths'), expand: /^true$/i.test(form.get('expand') ?? '') };
  }
  try {
    const { paths, expand } = JSON.parse(text) as { paths?: unknown; expand?: unknown };
    return { paths: [paths].flat().filter((one) => typeof one === 'string'), expand: expand === true };
  } catch {
    return undefined;
  }
}

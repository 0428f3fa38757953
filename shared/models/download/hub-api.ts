import { z } from 'zod';
import type { ListedModel } from '../registry/open-registry.ts';
import type { Answer, Endpoint } from './endpoint.ts';
import { collectBody } from './exchange.ts';
import type { Patience } from './fetch-options.ts';
import { pauseBefore } from './pause.ts';
import { connectionFailure, givenUp, PassingError, refusalOf, sourceFailure } from './source-failure.ts';

/** A file as a hub lists it. Its path is data from outside: whoever uses it as a path looks at it first. */
export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** Of a large file. */
  readonly sha256: string | undefined;
  /** Of a small one. */
  readonly gitSha1: string | undefined;
}

export interface HubListing {
  readonly revision: string;
  readonly files: readonly HubFile[];
  /** Its name now, where the repository was renamed. */
  readonly renamedTo: string | undefined;
}

export interface AskOptions {
  readonly token?: string | undefined;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
}

const Revision = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/) });
const Tree = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.int().nonnegative().default(0),
    oid: z
      .string()
      .regex(/^[0-9a-f]{40}$/)
      .optional(),
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().nonnegative() }).nullish(),
  }),
);

/** The largest list of files of a page, with room: a page of 1,000 entries has about 300 kB. */
const PAGE_BYTES = 16 << 20;
const MOST_PAGES = 200;
const MOST_TRIES = 3;

/** Where a repository is described. */
const apiUrl = (endpoint: string, repo: string, rest: string): URL => new URL(`${endpoint}/api/models/${repo}/${rest}`);

/**
 * Asks an address for its whole body, again when that may help. Throws Failure; what the answer says is not judged.
 * @param path of the file that is asked for; undefined for a question about the repository
 */
export async function askWhole(
  endpoint: Endpoint,
  {
    url,
    model,
    path,
    limit,
  }: { readonly url: URL; readonly model: ListedModel; readonly path?: string; readonly limit: number },
  { token, patience, signal }: AskOptions,
): Promise<{ readonly answer: Answer; readonly body: Buffer }> {
  const asked = { model, path, endpoint: endpoint.url };
  for (let tries = 1; ; tries += 1) {
    try {
      const body = collectBody(limit);
      const answer = await endpoint.send({
        url,
        token,
        onHead: ({ status }) => (status === 200 ? body.take : undefined),
      });
      if (answer.status !== 200) throw refusalOf(asked, answer, token);
      if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity')
        throw sourceFailure(
          asked,
          `The answer is packed (${answer.headers['content-encoding']}), which was not asked for.`,
        );
      return { answer, body: body.bytes() };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof RangeError) throw sourceFailure(asked, `Too much came: ${error.message}.`);
      const failure = connectionFailure(asked, error);
      if (!(failure instanceof PassingError)) throw failure;
      if (tries >= MOST_TRIES)
        throw givenUp(asked, `${tries} tries failed; the last one: ${failure.message}.`, failure);
      await pauseBefore(tries, { afterMs: failure.afterMs, patience, signal });
    }
  }
}

/** The commit a repository stands at and all its files there. Throws ERR_MODEL_SOURCE, ERR_MODEL_GATED. */
export async function listRepository(endpoint: Endpoint, model: ListedModel, options: AskOptions): Promise<HubListing> {
  const { source } = model.entry;
  if (source.type !== 'hub') throw new TypeError(`${model.entry.id} has no repository`);
  const asked = { model, endpoint: endpoint.url };
  const parse = <T>(schema: z.ZodType<T>, body: Buffer): T => {
    try {
      return schema.parse(JSON.parse(body.toString()));
    } catch {
      throw sourceFailure(asked, `The answer is no list of a hub: ${JSON.stringify(body.toString('utf8', 0, 60))}`);
    }
  };
  const wanted = encodeURIComponent(source.revision ?? source.branch);
  const first = { url: apiUrl(endpoint.url, source.repo, `revision/${wanted}`), model, limit: PAGE_BYTES };
  const { answer, body } = await askWhole(endpoint, first, options);
  const { sha } = parse(Revision, body);
  if (source.revision !== undefined && sha !== source.revision)
    throw sourceFailure(asked, `Revision ${source.revision} was asked for and the server answered with ${sha}.`);
  const renamedTo = renamedRepo(answer.hops, endpoint.url, source.repo);
  const files: HubFile[] = [];
  let next: URL | null = apiUrl(endpoint.url, renamedTo ?? source.repo, `tree/${sha}?recursive=true`);
  for (let page = 1; next !== null; page += 1) {
    if (page > MOST_PAGES) throw sourceFailure(asked, `Its list of files has more than ${MOST_PAGES} pages.`);
    const { answer: listed, body: text } = await askWhole(endpoint, { url: next, model, limit: PAGE_BYTES }, options);
    for (const { type, path, size, oid, lfs } of parse(Tree, text)) {
      if (type !== 'file') continue;
      files.push({ path, bytes: lfs?.size ?? size, sha256: lfs?.oid, gitSha1: lfs == null ? oid : undefined });
    }
    next = nextPage(listed.headers.link, next);
    if (next !== null && next.origin !== new URL(endpoint.url).origin)
      throw sourceFailure(asked, `The next page of its list is on ${next.host}, another server.`);
  }
  return { revision: sha, files, renamedTo };
}

function nextPage(link: string | undefined, from: URL): URL | null {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? '')?.[1];
  return target === undefined ? null : URL.parse(target, from.href);
}

/** The name in the address that a server of a renamed repository sends on to. */
export function renamedRepo(hops: readonly URL[], endpoint: string, repo: string): string | undefined {
  const base = new URL(endpoint);
  for (const hop of hops) {
    if (hop.origin !== base.origin) continue;
    const path = hop.pathname.slice(base.pathname === '/' ? 0 : base.pathname.length);
    const name = /^\/(?:api\/models\/)?([^/]+\/[^/]+)\/(?:resolve|revision|tree)\//.exec(path)?.[1];
    if (name !== undefined && name !== repo) return name;
  }
  return undefined;
}

/**
 * A process that downloads, to be killed, run twice or put on a small disk: `hub-downloader.ts DIR ENDPOINT ID…`, where DIR was made by
 * makeHubStore. With HUB_TOKEN_FILE it reads a token from there. Prints the outcomes as one JSON object; a failure of the whole as `thrown`.
 */
import { readFileSync } from 'node:fs';
import { isFailure } from '../../shared/contract/failure.ts';
import type { FetchOutcome } from '../../shared/models/download/fetch-options.ts';
import { makeHubStore } from './hub-store.ts';

const [dir = '', endpoint = '', ...ids] = process.argv.slice(2);
const tokenFile = process.env.HUB_TOKEN_FILE;
const store = makeHubStore([], dir);
const messages: string[] = [];

const shown = (failure: unknown): unknown =>
  isFailure(failure) ? { code: failure.code, message: failure.message, ...failure.details, cause: undefined } : failure;

try {
  const outcomes: readonly FetchOutcome[] = await store.fetch(ids, endpoint, {
    env: process.env,
    ...(tokenFile === undefined ? {} : { token: readFileSync(tokenFile, 'utf8').trim() }),
    onMessage: (text) => messages.push(text),
  });
  const rows = outcomes.map(({ failure, ...outcome }) => ({ ...outcome, failure: shown(failure) }));
  process.stdout.write(`${JSON.stringify({ outcomes: rows, messages })}\n`);
} catch (error) {
  if (!isFailure(error)) throw error;
  process.stdout.write(`${JSON.stringify({ thrown: shown(error), messages })}\n`);
}

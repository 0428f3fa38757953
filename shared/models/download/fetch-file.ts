import { Failure, isFailure } from '../../contract/failure.ts';
import type { KnownFile } from '../../contract/model.ts';
import { diskFailure } from '../../store/disk-failure.ts';
import type { ListedModel } from '../registry/open-registry.ts';
import type { Answer, Endpoint } from './endpoint.ts';
import type { Patience } from './fetch-options.ts';
import { openPartFile, type PartFile } from './part-file.ts';
import { pauseBefore } from './pause.ts';
import { requestRest, WrongAnswer } from './request-rest.ts';
import { connectionFailure, givenUp, PassingError, sourceFailure } from './source-failure.ts';
import { stopped } from './stopped.ts';

export interface FileToFetch {
  readonly model: ListedModel;
  readonly file: KnownFile;
}

export interface FetchFileOptions {
  readonly root: string;
  /** Tried in this order. */
  readonly endpoints: readonly Endpoint[];
  readonly token?: string | undefined;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes that are in: more, or fewer after a start from zero. */
  /** Waits until a request may be made; files that are only written meanwhile take nobody's place. */
  readonly inTurn: <T>(request: () => Promise<T>) => Promise<T>;
  readonly onSize: (bytes: number) => void;
  readonly onAnswer: (answer: Answer, endpoint: Endpoint) => void;
}

export interface FetchedFile {
  /** The verified and synced bytes; to be published. */
  readonly path: string;
  /** What came over the network. */
  readonly receivedBytes: number;
  /** To be called when they are published. */
  readonly forget: () => Promise<void>;
}

/** So many attempts in a row may bring nothing. */
const MOST_TRIES = 3;
/** What counts as something. */
const PROGRESS_BYTES = 64 * 1024;

/**
 * Fetches the bytes of one file into `incoming/` and verifies them; goes on where an earlier download stopped. Each endpoint is tried until it
 * has failed three times without progress, or given wrong bytes twice. Throws ERR_MODEL_GATED, ERR_MODEL_SOURCE, ERR_DISK_FULL,
 * ERR_NOT_WRITABLE, ERR_CANCELLED.
 */
export async function fetchFile(what: FileToFetch, options: FetchFileOptions): Promise<FetchedFile> {
  const { root, endpoints, onSize } = options;
  await using part = await openPartFile(root, what.file);
  if (part.size > what.file.bytes) await part.restart();
  onSize(part.size);
  const failures: Failure[] = [];
  let receivedBytes = 0;
  for (const endpoint of endpoints) {
    try {
      receivedBytes += await fetchFrom(endpoint, part, what, options);
      return { path: await part.finish(), receivedBytes, forget: part.forget };
    } catch (error) {
      if (!isFailure(error) || !['model', 'offline', 'usage'].includes(error.class)) throw error;
      failures.push(error);
    }
  }
  throw worst(failures, what);
}

/** What a person can do something about comes first; of several servers each is named. */
function worst(failures: readonly Failure[], { model }: FileToFetch): Failure {
  const [first] = failures;
  if (first === undefined) throw new TypeError(`no endpoint for ${model.entry.id}`);
  const told =
    failures.find(({ code }) => code === 'ERR_MODEL_GATED') ??
    failures.find(({ code }) => code === 'ERR_CONFIG_INVALID');
  if (told !== undefined || failures.length === 1) return told ?? first;
  // A mirror that is away says less than a server that was asked and refused.
  const heard = failures.find(({ code }) => code !== 'ERR_OFFLINE') ?? first;
  const why = failures.map(({ message, details }) => `${message} ${details.why ?? ''}`.trim()).join('\n');
  return new Failure(heard.code, `Fetching ${model.entry.id} from any of ${failures.length} servers failed.`, {
    ...heard.details,
    why,
  });
}

/** Bytes that were received. */
async function fetchFrom(
  endpoint: Endpoint,
  part: PartFile,
  what: FileToFetch,
  options: FetchFileOptions,
): Promise<number> {
  const { patience, signal, onSize, root } = options;
  const { bytes, path } = what.file;
  const asked = { model: what.model, path, endpoint: endpoint.url };
  let receivedBytes = 0;
  const onBytes = (more: number): void => {
    receivedBytes += more;
    onSize(part.size);
  };
  const attempt = async (): Promise<void> => {
    if (part.size < bytes || bytes === 0)
      await options.inTurn(() => requestRest(endpoint, part, what, { ...options, onBytes }));
    await part.settle();
    if (part.size < bytes) {
      const strange = /\.(html?|xml|svg)$/.test(path) ? '' : describeStart(await part.peek());
      if (strange === '') throw new PassingError(`the answer ended after ${part.size} of ${bytes} bytes`);
      const came = part.size;
      await part.restart();
      throw new WrongAnswer(`${strange} It has ${came} bytes, the registry knows ${bytes}.`);
    }
    const wrong = await findWrong(part, what.file);
    if (wrong === null) return;
    const aside = await part.quarantine();
    onSize(0);
    throw new WrongAnswer(`${wrong} What came is in ${aside}.`);
  };
  let wrongAnswers = 0;
  for (let tries = 0; ; ) {
    const before = receivedBytes;
    try {
      if (signal?.aborted) throw signal.reason;
      await attempt();
      return receivedBytes;
    } catch (error) {
      await part.settle().catch(() => {});
      if (signal?.aborted) throw stopped(error);
      onSize(part.size);
      if (error instanceof WrongAnswer) {
        wrongAnswers += 1;
        if (wrongAnswers > 1)
          throw sourceFailure(asked, `${error.message} The second answer was no better than the first.`);
        await pauseBefore(1, { patience, signal });
        continue;
      }
      const failure = connectionFailure(asked, diskFailure(error, { folder: root, neededBytes: bytes }));
      if (isFailure(failure)) throw failure;
      tries = receivedBytes - before >= PROGRESS_BYTES ? 1 : tries + 1;
      if (tries >= MOST_TRIES) {
        const why = `${tries} tries without progress at ${part.size} of ${bytes} bytes; the last one: ${failure.message}.`;
        throw givenUp(asked, why, failure);
      }
      await pauseBefore(tries, { afterMs: failure.afterMs, patience, signal });
    }
  }
}

/** What is wrong with a file of the right size; null when nothing is. */
async function findWrong(part: PartFile, file: KnownFile): Promise<string | null> {
  const { sha256, gitSha1 } = part.digests();
  if (part.size === file.bytes && sha256 === file.sha256 && (file.gitSha1 === undefined || gitSha1 === file.gitSha1))
    return null;
  if (sha256 === file.sha256)
    return `Its sha256 is right and its git id is ${gitSha1}, not ${file.gitSha1}: the registry contradicts itself.`;
  return `${describeStart(await part.peek())} Its sha256 is ${sha256}, not ${file.sha256}.`.trim();
}

/** What the first bytes give away. */
export function describeStart(bytes: Buffer): string {
  const text = bytes.toString('latin1').trimStart();
  if (/^<(!doctype html|html|head|body|\?xml)/i.test(text)) return 'It is an error page (HTML), not the file.';
  if (text.startsWith('version https://git-lfs')) return 'It is the pointer to a file, not the file (git LFS).';
  return '';
}

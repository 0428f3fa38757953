import { Failure } from '../../contract/failure.ts';
import { errorCode } from '../../store/disk-failure.ts';
import type { ListedModel } from '../registry/open-registry.ts';
import type { Answer } from './endpoint.ts';

/** What was asked for, as a message names it. */
export interface Asked {
  readonly model: ListedModel;
  /** Path of a file; absent for a question about the repository. */
  readonly path?: string | undefined;
  /** The server, as configured. */
  readonly endpoint: string;
}

/** Something that may be over in a moment. */
export class PassingError extends Error {
  /** So long the server wants to be left alone. */
  readonly afterMs: number | undefined;

  constructor(message: string, afterMs?: number, cause?: unknown) {
    super(message, { cause });
    this.afterMs = afterMs;
  }
}

const SAFE = 'What was fetched so far is kept and need not be fetched again.';

const nameOf = ({ model, path }: Asked): string => {
  const { source, id } = model.entry;
  const from = source.type === 'hub' ? source.repo : id;
  return path === undefined ? from : `${path} of ${from}`;
};

const again = ({ entry }: ListedModel): string => `./cache-models.sh --model ${entry.id}`;

/** The server gave something else than was asked for, or nothing. `why` is one sentence with figures. */
export function sourceFailure(asked: Asked, why: string, details: { readonly fix?: readonly string[] } = {}): Failure {
  return new Failure('ERR_MODEL_SOURCE', `Fetching ${nameOf(asked)} from ${new URL(asked.endpoint).host} failed.`, {
    why,
    safe: SAFE,
    fix: [...(details.fix ?? []), again(asked.model)],
  });
}

/** Nobody answered: no such name, nobody listening, no way there. */
const UNREACHABLE = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const codeOf = (error: unknown): string => errorCode(error) || errorCode((error as { cause?: unknown } | null)?.cause);

/** After the last of several tries: the server cannot be reached at all, or it does not give what was asked for. */
export function givenUp(asked: Asked, why: string, last: PassingError): Failure {
  if (!UNREACHABLE.has(codeOf(last.cause))) return sourceFailure(asked, why);
  return new Failure('ERR_OFFLINE', `The server ${new URL(asked.endpoint).host} cannot be reached.`, {
    why: `It was asked for ${nameOf(asked)}. ${why}`,
    safe: SAFE,
    fix: [again(asked.model), './babelreel.sh models import DIR'],
  });
}

/** Statuses after which the same question may get another answer. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * What an answer means that does not bring what was asked for: a PassingError when the same question may get another answer, else a Failure.
 * @param token whether the user gave one
 */
export function refusalOf(asked: Asked, answer: Answer, token: string | undefined): Failure | PassingError {
  const { status, headers } = answer;
  const code = headers['x-error-code'] ?? '';
  if (PASSING.has(status))
    return new PassingError(`the server answered ${status}`, retryAfterMs(headers['retry-after']));
  const { source, gate } = asked.model.entry;
  const last = answer.hops.at(-1);
  // Addresses of a storage server are signed for some minutes; a new one is given when the question is asked again.
  if (last !== undefined && last.origin !== new URL(asked.endpoint).origin && (status === 401 || status === 403))
    return new PassingError(`${last.host}, to which it sent us on, answered ${status}`);
  const isGated = code === 'GatedRepo' || (gate !== undefined && (status === 401 || status === 403));
  if (isGated || (status === 401 && answer.tokenSent)) return gated(asked, answer, token);
  if (source.type === 'hub') {
    const revision = asked.model.revision ?? source.branch;
    if (code === 'RepoNotFound')
      return sourceFailure(asked, `There is no repository ${source.repo} there, or it is private (${status}).`);
    if (code === 'RevisionNotFound')
      return sourceFailure(asked, `The repository ${source.repo} has no revision ${revision} there (${status}).`);
    if (code === 'EntryNotFound')
      return sourceFailure(asked, `Revision ${revision} of ${source.repo} has no such file there (${status}).`);
  }
  return sourceFailure(asked, `The server answered ${status}${code === '' ? '' : ` (${code})`}.`);
}

function gated({ model, endpoint }: Asked, { status, tokenSent }: Answer, token: string | undefined): Failure {
  const { entry } = model;
  const repo = entry.source.type === 'hub' ? entry.source.repo : entry.id;
  const page = entry.gate?.acceptUrl ?? `${endpoint}/${repo}`;
  const command = `${again(model)} --token-file token.txt`;
  const because = (): string => {
    if (token === undefined)
      return `Its terms have to be accepted on ${page}, and a token be given; none was (${status}).`;
    if (!tokenSent)
      return `The token was not sent: ${endpoint} is neither https nor on this machine, so others could read it (${status}).`;
    if (status === 401) return `The token was refused: it is wrong, expired or withdrawn (401). Terms: ${page}.`;
    return `The account of this token has not accepted the terms on ${page} (${status}).`;
  };
  return new Failure('ERR_MODEL_GATED', `Model ${entry.id} is gated.`, {
    why: because(),
    safe: 'Other models are fetched nevertheless.',
    fix: [command],
  });
}

/** Milliseconds of a Retry-After, seconds or a date; undefined when it says nothing usable. */
function retryAfterMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/;

/** What an error of the connection means: a Failure for what another try cannot change, else a PassingError. */
export function connectionFailure(asked: Asked, error: unknown): Failure | PassingError {
  if (error instanceof Failure || error instanceof PassingError) return error;
  const code = codeOf(error);
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError || error instanceof TypeError) throw error;
  if (CERTIFICATE.test(code)) {
    return sourceFailure(
      asked,
      `Its certificate is not trusted: ${text} (${code}). A company's own authority may be in the way.`,
      {
        fix: [`NODE_EXTRA_CA_CERTS=company.pem ${again(asked.model)}`],
      },
    );
  }
  return new PassingError(code === '' ? text : `${text} (${code})`, undefined, error);
}

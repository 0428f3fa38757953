import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { Failure } from '../../contract/failure.ts';
import { errorCode } from '../../store/disk-failure.ts';
import { exchange, type Head, type TakeChunk } from './exchange.ts';
import { type AddressClass, classOfHost } from './inner-address.ts';
import { trustedCertificates } from './trusted-certificates.ts';

export interface NetworkOptions {
  /** For proxies and certificates; of this process where absent. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly stallMs: number;
  readonly connectMs: number;
  readonly signal?: AbortSignal | undefined;
  /** How names become addresses; as the system does it where absent. */
  readonly lookup?: LookupFunction | undefined;
}

export interface SendOptions {
  readonly url: URL;
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string | undefined;
  readonly onHead: (head: Head) => TakeChunk | undefined;
}

/** The last answer of a chain of redirects. */
export interface Answer extends Head {
  /** Where each redirect led, in order. */
  readonly hops: readonly URL[];
  /** The token went with the first request. */
  readonly tokenSent: boolean;
}

/** A server that files are asked of, and the servers it sends us on to. */
export interface Endpoint extends AsyncDisposable {
  /** As configured, without a slash at the end. */
  readonly url: string;
  /** Throws Failure for an address that is refused; errors of the connection pass as they are. */
  send(options: SendOptions): Promise<Answer>;
}

const MOST_HOPS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** An address for a message: what stands behind the question mark may be a signature. */
export const shownUrl = (url: URL): string => `${url.origin}${url.pathname}`;

/**
 * Opens an endpoint. Redirects are followed here, since each is a question of trust: no way from https to http, none to another scheme, none
 * into this machine or network unless the endpoint is there itself, and a token goes to the endpoint's own origin alone, over https or to
 * this machine. Proxies and no_proxy of the environment are honoured, and the certificates it names.
 */
export function openEndpoint(address: string, options: NetworkOptions): Endpoint {
  const { env = process.env, stallMs, connectMs, signal, lookup = systemLookup } = options;
  const base = new URL(address);
  let dispatcher: Dispatcher | undefined;

  const endpointClass = async (): Promise<AddressClass> => {
    const known = classOfHost(base.hostname);
    if (known !== undefined) return known;
    return new Promise((resolve) => {
      lookup(base.hostname, {}, (_, address) => resolve(classOfHost(String(address)) ?? 'public'));
    });
  };
  /** The addresses of another host are judged where they are used, so that a name cannot mean another address the second time. */
  const judgedLookup: LookupFunction = (hostname, lookupOptions, callback) => {
    lookup(hostname, lookupOptions, (error, found, family) => {
      // With an error there is no address, whatever the type says.
      if (error !== null) return callback(error, '', 4);
      const addresses = Array.isArray(found) ? found.map((one) => one.address) : [found];
      const pass = (): void => callback(error, found as string, family);
      const inner = addresses.map(classOfHost).find((one) => one !== undefined && one !== 'public');
      if (inner === undefined || hostname === base.hostname) return pass();
      void endpointClass().then((own) => {
        if (own === inner) pass();
        else callback(innerAddress(base, hostname, inner), '', 4);
      });
    });
  };

  async function judgeRedirect(from: URL, to: URL): Promise<void> {
    if (to.protocol !== 'https:' && to.protocol !== 'http:')
      throw refusedRedirect(from, `It leads to a ${to.protocol.slice(0, -1)} address.`);
    if (from.protocol === 'https:' && to.protocol === 'http:')
      throw refusedRedirect(
        from,
        `It leads from https to ${shownUrl(to)}, where anybody on the way could read and change it.`,
      );
    if (to.username !== '' || to.password !== '')
      throw refusedRedirect(from, 'It leads to an address with a password.');
    const inner = classOfHost(to.hostname);
    if (inner !== undefined && inner !== 'public' && to.origin !== base.origin && inner !== (await endpointClass()))
      throw innerAddress(base, to.hostname, inner);
  }

  return {
    url: address.replace(/\/+$/, ''),
    async send({ url, method = 'GET', headers = {}, token, onHead }) {
      dispatcher ??= openDispatcher({ env, connectMs, lookup: judgedLookup });
      const mayHaveToken = url.protocol === 'https:' || classOfHost(url.hostname) === 'loopback';
      const tokenSent = token !== undefined && mayHaveToken;
      const hops: URL[] = [];
      for (let at = url; ; ) {
        const withToken = tokenSent && at.origin === base.origin;
        const common = { 'accept-encoding': 'identity', 'user-agent': 'babelreel', ...headers };
        const sent = exchange({
          dispatcher,
          url: at,
          method,
          headers: withToken ? { ...common, authorization: `Bearer ${token}` } : common,
          signal,
          stallMs,
          connectMs,
          onHead: (answer) => (isRedirect(answer) ? undefined : onHead(answer)),
        });
        const head = await sent.catch((error: unknown) => {
          throw withProxy(error, at, env);
        });
        if (!isRedirect(head)) return { ...head, hops, tokenSent };
        const to = URL.parse(head.headers.location ?? '', at.href);
        if (to === null) throw refusedRedirect(at, 'It leads to an address that is none.');
        await judgeRedirect(at, to);
        hops.push(to);
        if (hops.length > MOST_HOPS) throw refusedRedirect(url, `It was the ${hops.length}th in a row.`);
        at = to;
      }
    },
    async [Symbol.asyncDispose]() {
      await dispatcher?.destroy();
    },
  };
}

const isRedirect = ({ status, headers }: Head): boolean => REDIRECTS.has(status) && headers.location !== undefined;

function refusedRedirect(from: URL, why: string): Failure {
  return new Failure('ERR_MODEL_SOURCE', `A redirect of ${from.host} was refused.`, {
    why,
    safe: 'Nothing was sent there.',
    fix: [`curl -sI ${shownUrl(from)}`],
  });
}

const WHERE: Readonly<Record<Exclude<AddressClass, 'public'>, string>> = {
  loopback: 'this machine itself',
  private: 'a private network',
  'link-local': 'a link-local address',
};

function innerAddress(base: URL, host: string, inner: Exclude<AddressClass, 'public'>): Failure {
  return refusedRedirect(base, `It leads to ${host}, which is ${WHERE[inner]}; ${base.host} is not.`);
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for an address as the environment names it; empty: none. What no_proxy says is not looked at. */
function proxyFor(protocol: string, env: Environment): string {
  const http = env.http_proxy ?? env.HTTP_PROXY ?? '';
  return protocol === 'https:' ? (env.https_proxy ?? env.HTTPS_PROXY ?? '') || http : http;
}

/** An error of the connection may be one of the proxy, which is often set and forgotten. Its password is not told. */
function withProxy(error: unknown, url: URL, env: Environment): unknown {
  const proxy = URL.parse(proxyFor(url.protocol, env));
  const code = errorCode(error);
  if (proxy === null || !(error instanceof Error) || !/^(E[A-Z]|UND_ERR)/.test(code)) return error;
  if (code.startsWith('ERR_')) return error;
  return Object.assign(new Error(`${error.message}, with the proxy ${proxy.origin}`, { cause: error }), { code });
}

interface DispatcherOptions {
  readonly env: Environment;
  readonly connectMs: number;
  readonly lookup: LookupFunction;
}

function openDispatcher({ env, connectMs, lookup: judged }: DispatcherOptions): Dispatcher {
  const open = { timeout: connectMs, lookup: judged, allowH2: false };
  const plain = buildConnector(open);
  let secure: buildConnector.connector | undefined;
  // Made with the first https connection: reading the certificates takes longer than a small download from this machine.
  const connect: buildConnector.connector = (options, callback) => {
    if (options.protocol !== 'https:') return plain(options, callback);
    try {
      secure ??= buildConnector({ ...open, secureContext: trustedCertificates(env) });
    } catch (error) {
      return callback(error as Error, null);
    }
    return secure(options, callback);
  };
  const common = { connect, allowH2: false, keepAliveTimeout: 30_000 };
  const [httpProxy, httpsProxy] = [proxyFor('http:', env), proxyFor('https:', env)];
  if (httpProxy === '' && httpsProxy === '') return new Agent(common);
  const trusted = { timeout: connectMs, secureContext: trustedCertificates(env) };
  const noProxy = env.no_proxy ?? env.NO_PROXY ?? '';
  return new EnvHttpProxyAgent({ ...common, httpProxy, httpsProxy, noProxy, requestTls: trusted, proxyTls: trusted });
}

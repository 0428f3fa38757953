import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHubProxy } from '../helpers/hub-proxy.ts';
import { type HubRepo, type HubServer, sha256, startHubServer } from '../helpers/hub-server.ts';
import { type HubStore, lockedEntry, makeHubStore, unlockedEntry } from '../helpers/hub-store.ts';

const ID = 'asr.test';
const weights = randomBytes(200_000);
const repo: HubRepo = { repo: 'org/name', revision: 'e'.repeat(40), files: { 'model.bin': weights } };
const folder = mkdtempSync(join(tmpdir(), 'hub-tls-'));
const cert = join(folder, 'cert.pem');
let hub: HubServer;

/** A certificate that nobody signed but itself, as a company's own server may have. */
beforeAll(async () => {
  const key = join(folder, 'key.pem');
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=hub.test', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  );
  const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  hub = await startHubServer({ repos: [repo], tls });
});
afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true });
});

const expectFetched = async (store: HubStore, env: Readonly<Record<string, string>>): Promise<void> => {
  expect(await store.fetch([ID], hub.url, { env })).toMatchObject([{ outcome: 'fetched' }]);
  expect(sha256(store.read(ID, 'model.bin') ?? Buffer.alloc(0))).toBe(sha256(weights));
};

test.for(['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])('a certificate of our own is trusted by %s', async (variable) => {
  using store = makeHubStore([lockedEntry(ID, repo)]);
  await expectFetched(store, { [variable]: cert });
});

test('a certificate that nobody trusts is named as the cause, with the variable that helps', async () => {
  using store = makeHubStore([lockedEntry(ID, repo)]);
  const [outcome] = await store.fetch([ID], hub.url);
  expect(outcome?.failure).toMatchObject({ code: 'ERR_MODEL_SOURCE' });
  expect(outcome?.failure?.details.why).toMatch(/certificate is not trusted: .*DEPTH_ZERO_SELF_SIGNED_CERT/);
  expect(outcome?.failure?.details.fix?.[0]).toBe(`NODE_EXTRA_CA_CERTS=company.pem ./cache-models.sh --model ${ID}`);
});

test('a file of certificates that is not there is named', async () => {
  using store = makeHubStore([lockedEntry(ID, repo)]);
  const [outcome] = await store.fetch([ID], hub.url, { env: { SSL_CERT_FILE: '/nowhere/ca.pem' } });
  expect(outcome?.failure).toMatchObject({
    code: 'ERR_CONFIG_INVALID',
    details: { why: '/nowhere/ca.pem: there is no such file.' },
  });
});

test('no way leads from https to http', async () => {
  await using plain = await startHubServer({ plain: { weights } });
  using store = makeHubStore([lockedEntry(ID, repo)]);
  hub.lie('model.bin', { kind: 'redirect', to: `${plain.url}/plain/weights` });
  const [outcome] = await store.fetch([ID], hub.url, { env: { SSL_CERT_FILE: cert } });
  expect(outcome?.failure?.details.why).toMatch(/leads from https to http:\/\/127\.0\.0\.1/);
  expect(plain.requests).toEqual([]);
});

test('a proxy is used for https and http, and not for what no_proxy names', async () => {
  await using proxy = await startHubProxy();
  await using plain = await startHubServer({ repos: [repo] });
  const env = { SSL_CERT_FILE: cert, https_proxy: proxy.url, http_proxy: proxy.url };
  using secure = makeHubStore([lockedEntry(ID, repo)]);
  await expectFetched(secure, env);
  expect(proxy.seen).toEqual([`CONNECT ${new URL(hub.url).host}`]);
  using open = makeHubStore([lockedEntry(ID, repo)]);
  expect(await open.fetch([ID], plain.url, { env })).toMatchObject([{ outcome: 'fetched' }]);
  expect(proxy.seen[1]).toMatch(/^(GET|CONNECT) .*127\.0\.0\.1/);
  using direct = makeHubStore([lockedEntry(ID, repo)]);
  await expectFetched(direct, { ...env, no_proxy: '127.0.0.1' });
  expect(proxy.seen).toHaveLength(2);
});

test('a proxy that is not there is named', async () => {
  using store = makeHubStore([lockedEntry(ID, repo)]);
  const env = { https_proxy: 'http://user:pass-canary@127.0.0.1:9', SSL_CERT_FILE: cert };
  const [outcome] = await store.fetch([ID], hub.url, { env });
  expect(outcome?.failure).toMatchObject({ code: 'ERR_OFFLINE' });
  expect(outcome?.failure?.details.why).toMatch(/with the proxy http:\/\/127\.0\.0\.1:9 \(ECONNREFUSED\)/);
  expect(JSON.stringify(outcome)).not.toContain('pass-canary');
});

test('a hub that cannot be reached is named', async () => {
  using store = makeHubStore([lockedEntry(ID, repo)]);
  const [outcome] = await store.fetch([ID], 'http://127.0.0.1:9');
  expect(outcome?.failure?.message).toContain('127.0.0.1:9');
  expect(outcome?.failure?.details.why).toMatch(/3 tries without progress.*ECONNREFUSED/);
});

test.for([
  ['whose name nobody knows', 'https://hub.invalid'],
  ['where nobody listens', 'http://127.0.0.1:9'],
])('a hub %s ends in one message with exit 5, and a second one is asked', async ([, away]) => {
  const unlocked = unlockedEntry('asr.open', { type: 'hub', repo: 'org/name', allow: ['*.bin'] });
  using store = makeHubStore([lockedEntry(ID, repo), unlocked]);
  const outcomes = await store.fetch([ID, 'asr.open'], away as string);
  for (const { failure } of outcomes) {
    expect(failure).toMatchObject({
      code: 'ERR_OFFLINE',
      exitCode: 5,
      message: `The server ${new URL(away as string).host} cannot be reached.`,
    });
    expect(failure?.details.why).toMatch(/3 tries .*E(NOTFOUND|AI_AGAIN|CONNREFUSED)/);
  }
  expect(store.files()).toEqual([]);
  expect(await store.fetch([ID], [away as string, hub.url], { env: { SSL_CERT_FILE: cert } })).toMatchObject([
    { outcome: 'fetched' },
  ]);
});

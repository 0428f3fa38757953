import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { problemOfFix } from '../helpers/fix-command.ts';
import { type HubRepo, startHubServer } from '../helpers/hub-server.ts';
import { lockedEntry, makeHubStore } from '../helpers/hub-store.ts';

const TOKEN = 'hf_canary_Zq81mVn3';
const gate = { acceptUrl: 'https://huggingface.co/org/gated' };
const repo: HubRepo = {
  repo: 'org/gated',
  revision: 'f'.repeat(40),
  files: { 'model.bin': randomBytes(1_500_000), 'config.json': Buffer.from('{}') },
  gated: { token: TOKEN },
};

test.for([
  [
    'no token',
    undefined,
    /have to be accepted on https:\/\/huggingface\.co\/org\/gated, and a token be given; none was/,
  ],
  ['a token of somebody who did not accept', 'hf_other', /has not accepted the terms on https/],
] as const)('a gated model with %s says where to accept and how to give a token', async ([, token, says]) => {
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([lockedEntry('asr.gated', repo, { gate })]);
  const [outcome] = await store.fetch(['asr.gated'], hub.url, token === undefined ? {} : { token });
  expect(outcome?.failure).toMatchObject({ code: 'ERR_MODEL_GATED', exitCode: 6 });
  expect(outcome?.failure?.details.why).toMatch(says);
  expect(outcome?.failure?.details.fix).toEqual(['./cache-models.sh --model asr.gated --token-file token.txt']);
  expect(outcome?.failure?.details.fix?.map(problemOfFix)).toEqual([undefined]);
});

test('a token that the server does not know is called wrong', async () => {
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([lockedEntry('asr.gated', repo)]);
  hub.lie('config.json', { kind: 'status', status: 401 }, 9);
  hub.lie('model.bin', { kind: 'status', status: 401 }, 9);
  const [outcome] = await store.fetch(['asr.gated'], hub.url, { token: TOKEN });
  expect(outcome?.failure).toMatchObject({ code: 'ERR_MODEL_GATED' });
  expect(outcome?.failure?.details.why).toMatch(/token was refused: it is wrong, expired or withdrawn/);
});

test('a token goes to its own server alone, and is in no file and no message', async () => {
  await using storage = await startHubServer({ plain: { weights: repo.files['model.bin'] ?? Buffer.alloc(0) } });
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([lockedEntry('asr.gated', repo, { gate })]);
  hub.lie('model.bin', { kind: 'redirect', to: `${storage.url}/plain/weights` }, 2);
  storage.lie('weights', { kind: 'reset', atPercent: 50 });
  const messages: string[] = [];
  const outcomes = await store.fetch(['asr.gated'], hub.url, {
    token: TOKEN,
    onMessage: (text) => messages.push(text),
  });
  expect(outcomes).toMatchObject([{ outcome: 'fetched' }]);
  expect(hub.requests.every(({ headers }) => headers.authorization === `Bearer ${TOKEN}`)).toBe(true);
  expect(storage.requests.map(({ headers, from }) => [headers.authorization, from > 0])).toEqual([
    [undefined, false],
    [undefined, true],
  ]);
  const said = JSON.stringify([outcomes, messages]);
  const written = store
    .files()
    .map((path) => readFileSync(join(store.root, path), 'latin1'))
    .join();
  expect(said + written + execFileSync('ps', ['axeww', '-o', 'args']).toString()).not.toContain(TOKEN);
});

test('a token is not sent over plain http to another machine, and that is said', async () => {
  // A proxy stands in for the other machine, so that nothing leaves this one.
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([lockedEntry('asr.gated', repo, { gate })]);
  const { hostname, port } = new URL(hub.url);
  const env = { http_proxy: `http://${hostname}:${port}` };
  const [outcome] = await store.fetch(['asr.gated'], 'http://models.example', { token: TOKEN, env });
  expect(hub.requests.length).toBeGreaterThan(0);
  expect(outcome?.failure?.details.why).toContain(
    'The token was not sent: http://models.example is neither https nor on this machine',
  );
  expect(hub.requests.map(({ headers }) => headers.authorization)).toEqual(hub.requests.map(() => undefined));
  expect(JSON.stringify(outcome)).not.toContain(TOKEN);
});

test('a repository with another name is followed, stored under the name the registry has, and told once', async () => {
  const renamed: HubRepo = { ...repo, repo: 'org/new-name', renamedFrom: ['org/gated'] };
  await using hub = await startHubServer({ repos: [renamed] });
  using store = makeHubStore([lockedEntry('asr.gated', repo)]);
  const messages: string[] = [];
  const outcomes = await store.fetch(['asr.gated'], hub.url, {
    token: TOKEN,
    onMessage: (text) => messages.push(text),
  });
  expect(outcomes).toMatchObject([{ outcome: 'fetched' }]);
  expect(messages).toEqual([expect.stringContaining('org/gated has another name now: org/new-name')]);
  expect(store.files().some((path) => path.startsWith('huggingface/hub/models--org--gated/snapshots/'))).toBe(true);
});

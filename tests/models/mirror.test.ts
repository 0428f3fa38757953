import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fetchModels } from '../../shared/models/download/fetch-models.ts';
import { type Mirror, type MirrorRequest, serveMirror } from '../../shared/models/mirror/serve-mirror.ts';
import { type HubClient, openHubClient } from '../helpers/hub-client.ts';
import { type Contents, digestsBelow, hubEntry, type Machine, makeMachine, REVISION } from './transfer-material.ts';

const TOKENIZER = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: 'Whitespace' },
  post_processor: null,
  decoder: null,
  model: { type: 'WordLevel', vocab: { '[UNK]': 0, hello: 1, world: 2 }, unk_token: '[UNK]' },
};
/** A model that transformers can open without any framework of tensors: its configuration and tokenizer. */
const TINY: Contents = {
  'config.json': JSON.stringify({ model_type: 'bert', hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 1 }),
  'tokenizer.json': JSON.stringify(TOKENIZER),
  'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', unk_token: '[UNK]' }),
  'sub/folder/model.safetensors': Buffer.alloc(3_000_000, 'weights!'),
};
const COMMIT = `${REVISION}1`;
const REPO = 'org/asr.tiny';
const SNAPSHOT = `models--org--asr.tiny/snapshots/${COMMIT}`;

let client: HubClient;
beforeAll(async () => {
  client = await openHubClient();
}, 300_000);

describe('a store written by us', () => {
  let machine: Machine;
  const script = [
    'import sys, json',
    'from huggingface_hub import snapshot_download',
    'from transformers import AutoTokenizer, AutoConfig',
    `print(snapshot_download("${REPO}", local_files_only=True))`,
    'for name in sys.argv[1:] or [__import__("os").environ["WHERE"]]:',
    '    print(AutoConfig.from_pretrained(name).hidden_size, AutoTokenizer.from_pretrained(name)("hello world")["input_ids"])',
  ].join('\n');

  beforeAll(async () => {
    machine = makeMachine();
    machine.list(hubEntry('asr.tiny', TINY));
    await machine.store('asr.tiny', TINY);
  });
  afterAll(() => machine[Symbol.dispose]());

  test('opens in huggingface_hub and transformers without a network, by name and by path', async () => {
    const cache = join(machine.root, 'huggingface/hub');
    const closed = { HF_HUB_CACHE: cache, HF_HUB_OFFLINE: '1', HF_ENDPOINT: 'http://127.0.0.1:9', HOME: machine.dir };
    const [byName, byPath] = await Promise.all(
      [REPO, join(cache, SNAPSHOT)].map((where) => client.run(script, { ...closed, WHERE: where })),
    );
    expect(byName).toBe(`${join(cache, SNAPSHOT)}\n8 [1, 2]\n`);
    expect(byPath).toBe(byName);
  });
});

describe('the mirror', () => {
  let machine: Machine;
  let mirror: Mirror;
  const seen: MirrorRequest[] = [];

  beforeEach(async () => {
    machine = makeMachine();
    const entry = hubEntry('asr.tiny', TINY);
    machine.list({ ...entry, source: { ...entry.source, aliases: ['old/name'] } as typeof entry.source });
    await machine.store('asr.tiny', TINY);
    const { source: _, ...plain } = hubEntry('separate.plain', { 'v4/weights.th': 'plain bytes' });
    const source = { type: 'url', base: 'https://files.test/x', folder: 'torch/hub/checkpoints' } as const;
    machine.list({ ...plain, source });
    await machine.store('separate.plain', { 'v4/weights.th': 'plain bytes' });
    machine.list(hubEntry('asr.absent', { 'a.bin': 'absent' }));
    seen.length = 0;
    const onRequest = (one: MirrorRequest) => void seen.push(one);
    mirror = await serveMirror({ registry: machine.registry(), places: machine.places, port: 0, onRequest });
  });
  afterEach(async () => {
    await mirror.close();
    machine[Symbol.dispose]();
  });

  const get = (path: string, init: RequestInit = {}) => fetch(`${mirror.url}${path}`, init);

  test('fills an empty cache of the real client, byte by byte, and asks for no file twice', async () => {
    const cache = join(machine.dir, 'empty');
    const script = [
      'from huggingface_hub import snapshot_download',
      `for revision in ["main", "${COMMIT}", "main"]:`,
      `    print(snapshot_download("${REPO}", revision=revision))`,
    ].join('\n');
    const env = { HF_HUB_CACHE: cache, HF_ENDPOINT: mirror.url, HOME: machine.dir };
    expect(new Set((await client.run(script, env)).trim().split('\n'))).toEqual(new Set([join(cache, SNAPSHOT)]));
    expect(digestsBelow(join(cache, SNAPSHOT))).toEqual(digestsBelow(join(machine.root, 'huggingface/hub', SNAPSHOT)));
    expect(readdirSync(join(cache, 'models--org--asr.tiny/blobs')).sort()).toEqual(
      readdirSync(join(machine.root, 'huggingface/hub/models--org--asr.tiny/blobs')).sort(),
    );
    expect(readFileSync(join(cache, 'models--org--asr.tiny/refs/main'), 'utf8')).toBe(COMMIT);
    const files = seen.filter(({ url, method }) => method === 'GET' && url.includes('/resolve/'));
    expect(files.map(({ status }) => status)).toEqual(Object.keys(TINY).map(() => 200));
  });

  test('fills an empty store of our own downloader, which also learns from it what an unlocked entry stands for', async () => {
    using other = makeMachine();
    other.list(machine.registry().model('asr.tiny').entry);
    const known = hubEntry('asr.open', {});
    const source = { type: 'hub', repo: REPO, branch: 'main', aliases: [], allow: ['*.json', 'sub/**'] } as const;
    other.list({ ...known, source: { ...source, aliases: [], allow: [...source.allow] } });
    for (const id of ['asr.tiny', 'asr.open']) {
      const options = { ...other, registry: other.registry(), endpoints: [mirror.url], env: {} };
      expect(await fetchModels([id], options)).toMatchObject([
        { id, outcome: id === 'asr.tiny' ? 'fetched' : 'already' },
      ]);
    }
    const summary = (one: Machine, id: string) =>
      one
        .registry()
        .model(id)
        .files?.map(({ path, bytes, sha256, gitSha1 }) => ({ path, bytes, sha256, gitSha1 }))
        .sort((a, b) => (a.path < b.path ? -1 : 1));
    expect(summary(other, 'asr.open')).toEqual(summary(machine, 'asr.tiny'));
    const snapshot = join('huggingface/hub', SNAPSHOT);
    expect(digestsBelow(join(other.root, snapshot))).toEqual(digestsBelow(join(machine.root, snapshot)));
  });

  test('serves transformers and asks of the client for paths, sizes and pages', async () => {
    const script = [
      'from huggingface_hub import HfApi',
      'from transformers import AutoConfig',
      'api = HfApi()',
      `print(AutoConfig.from_pretrained("old/name").hidden_size)`,
      `print([p.path for p in api.get_paths_info("${REPO}", ["config.json", "nothing"])])`,
      `print(sorted(f.path for f in api.list_repo_tree("${REPO}")))`,
      `print([(f.size, f.lfs.sha256[:4]) for f in api.list_repo_tree("${REPO}", "sub", recursive=True)])`,
    ].join('\n');
    const env = { HF_HUB_CACHE: join(machine.dir, 'empty'), HF_ENDPOINT: mirror.url, HOME: machine.dir };
    const lines = (await client.run(script, env)).trim().split('\n');
    const sha256 = machine.registry().model('asr.tiny').files?.at(-1)?.sha256.slice(0, 4);
    expect(lines).toEqual([
      '8',
      "['config.json']",
      "['config.json', 'sub', 'tokenizer.json', 'tokenizer_config.json']",
      `[(3000000, '${sha256}')]`,
    ]);
  });

  test('hands long trees over in pages', async () => {
    const first = await get(`/api/models/${REPO}/tree/main?recursive=true&limit=3`);
    const next = /^<(.+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await fetch(next);
    const entries = [...((await first.json()) as { path: string }[]), ...((await second.json()) as { path: string }[])];
    expect(entries.map(({ path }) => path)).toEqual(Object.keys(TINY).sort());
    expect(second.headers.get('link')).toBeNull();
  });

  test('answers ranges, and a whole file where the range is about other bytes', async () => {
    const path = `/${REPO}/resolve/main/config.json`;
    const text = String(TINY['config.json']);
    const [part, tail, beyond, changed] = await Promise.all([
      get(path, { headers: { range: 'bytes=3-9' } }),
      get(path, { headers: { range: 'bytes=-4' } }),
      get(path, { headers: { range: `bytes=${text.length}-` } }),
      get(path, { headers: { range: 'bytes=3-', 'if-range': '"other"' } }),
    ]);
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      `bytes 3-9/${text.length}`,
      text.slice(3, 10),
    ]);
    expect(await tail.text()).toBe(text.slice(-4));
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${text.length}`]);
    expect([changed.status, await changed.text()]).toEqual([200, text]);
  });

  test('says what a client needs in a HEAD: commit, ETag that names the blob, size, and nothing of another server', async () => {
    const head = await get(`/${REPO}/resolve/main/sub/folder/model.safetensors`, { method: 'HEAD' });
    const sha256 = machine.registry().model('asr.tiny').files?.at(-1)?.sha256;
    expect(Object.fromEntries(head.headers)).toMatchObject({
      'x-repo-commit': COMMIT,
      etag: `"${sha256}"`,
      'x-linked-etag': `"${sha256}"`,
      'x-linked-size': '3000000',
      'content-length': '3000000',
      'accept-ranges': 'bytes',
    });
    expect([...head.headers.keys()].filter((name) => name.startsWith('x-xet'))).toEqual([]);
  });

  test.each([
    ['an absent model', `/api/models/org/asr.absent`, 404, 'RepoNotFound'],
    ['an unknown repository', '/nobody/nothing/resolve/main/config.json', 404, 'RepoNotFound'],
    ['an unknown revision', `/${REPO}/resolve/${'b'.repeat(40)}/config.json`, 404, 'RevisionNotFound'],
    ['a file that is not listed', `/${REPO}/resolve/main/model.bin`, 404, 'EntryNotFound'],
    ['a way out', `/${REPO}/resolve/main/..%2f..%2f..%2frefs%2fmain`, 404, 'EntryNotFound'],
    ['a blob by its place in the store', `/${REPO}/resolve/main/%2e%2e/%2e%2e/refs/main`, 404, null],
    ['a folder that is not there', `/api/models/${REPO}/tree/main/additional_chat_templates`, 404, 'EntryNotFound'],
    ['noise of the client', '/api/agent-harnesses', 404, 'EntryNotFound'],
    ['a broken escape', '/%zz', 400, 'BadRequest'],
  ])('refuses %s', async (_, path, status, code) => {
    const answer = await rawStatus(mirror, path);
    expect(answer.status).toBe(status);
    if (code !== null) expect(answer.code).toBe(code);
  });

  test('changes nothing', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'POST'])
      expect((await get(`/${REPO}/resolve/main/config.json`, { method })).status).toBe(405);
  });

  test('hands out models of plain servers by id', async () => {
    expect(await (await get('/url/separate.plain/v4/weights.th')).text()).toBe('plain bytes');
    expect((await get('/url/separate.plain/weights.th')).status).toBe(404);
    expect((await get('/url/asr.tiny/config.json')).status).toBe(404);
    expect(mirror.served()).toEqual(['asr.tiny', 'separate.plain']);
  });

  test('fills a store with models of plain servers that cannot be reached', async () => {
    using other = makeMachine();
    other.list(machine.registry().model('separate.plain').entry);
    const options = { ...other, registry: other.registry(), endpoints: [mirror.url], env: {} };
    expect(await fetchModels(['separate.plain'], options)).toMatchObject([{ outcome: 'fetched' }]);
    const folder = 'torch/hub/checkpoints';
    expect(digestsBelow(join(other.root, folder))).toEqual(digestsBelow(join(machine.root, folder)));
  });

  test('does not finish a file that has other bytes than the registry says', async () => {
    const path = join(machine.root, 'huggingface/hub', SNAPSHOT, 'sub/folder/model.safetensors');
    const bytes = readFileSync(path);
    bytes[2_999_999] = 0;
    chmodSync(path, 0o644);
    writeFileSync(path, bytes);
    const url = `/${REPO}/resolve/main/sub/folder/model.safetensors`;
    await expect(get(url).then((answer) => answer.arrayBuffer())).rejects.toThrow();
    expect((await get(url)).status).toBe(404);
  });

  test('that a port is taken is said', async () => {
    await expect(
      serveMirror({ registry: machine.registry(), places: machine.places, port: mirror.port }),
    ).rejects.toMatchObject({ code: 'ERR_USAGE', message: expect.stringContaining(String(mirror.port)) });
  });
});

describe('a mirror that sends more than the buffers of a connection hold', () => {
  const large: Contents = { 'large.bin': Buffer.alloc(48_000_000) };
  let machine: Machine;
  let mirror: Mirror;
  const aborted: MirrorRequest[] = [];
  const get = (signal?: AbortSignal) =>
    fetch(`${mirror.url}/org/asr.large/resolve/main/large.bin`, signal === undefined ? {} : { signal });

  beforeAll(async () => {
    machine = makeMachine();
    machine.list(hubEntry('asr.large', large));
    await machine.store('asr.large', large);
  });
  afterAll(() => machine[Symbol.dispose]());
  beforeEach(async () => {
    aborted.length = 0;
    const onRequest = (one: MirrorRequest): void => {
      if (one.aborted) aborted.push(one);
    };
    mirror = await serveMirror({ registry: machine.registry(), places: machine.places, port: 0, onRequest });
  });
  afterEach(() => mirror.close());

  test('keeps nothing open, neither for clients that go away nor for those that stay', async () => {
    const open = () =>
      readdirSync('/proc/self/fd').filter((fd) => {
        return existsSync(`/proc/self/fd/${fd}`) && readlinkSync(`/proc/self/fd/${fd}`).startsWith(machine.root);
      });
    for (let i = 0; i < 20; i += 1) {
      const stop = new AbortController();
      expect((await get(stop.signal)).status).toBe(200);
      stop.abort();
    }
    await expect.poll(() => aborted.length).toBe(20);
    const url = `${mirror.url}/org/asr.large/resolve/main/large.bin`;
    for (let i = 0; i < 5; i += 1) {
      expect((await (await fetch(url, { headers: { range: 'bytes=5-9' } })).arrayBuffer()).byteLength).toBe(5);
      expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
    }
    await expect.poll(open).toEqual([]);
  });

  test('ends what it is sending when it is closed', async () => {
    const answer = await get();
    await mirror.close();
    await expect(answer.arrayBuffer()).rejects.toThrow();
    await expect(get()).rejects.toThrow();
  });

  test('ends with its signal', async () => {
    const stop = new AbortController();
    const { url } = await serveMirror({ ...machine, registry: machine.registry(), port: 0, signal: stop.signal });
    expect((await fetch(`${url}/api/models/org/asr.large`)).status).toBe(200);
    stop.abort();
    await expect(fetch(`${url}/api/models/org/asr.large`)).rejects.toThrow();
  });
});

/** Without fetch, which would tidy the path up first. */
function rawStatus({ port }: Mirror, path: string): Promise<{ status: number | undefined; code: unknown }> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, code: response.headers['x-error-code'] });
    })
      .on('error', reject)
      .end();
  });
}

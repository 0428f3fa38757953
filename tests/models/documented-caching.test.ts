import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partsOf } from '../../scripts/checks/markdown.ts';
import { openRegistry } from '../../shared/models/registry/open-registry.ts';
import { makeShortFilm } from '../fault/short-film.ts';
import { type HubRepo, type HubServer, sha256, startHubServer } from '../helpers/hub-server.ts';
import { makeWorkspace, PROJECT_DIR, type Workspace } from '../helpers/workspace.ts';

/** What a reader would type for what the pages can only name. */
interface Stand {
  readonly job: string;
  readonly mirror: string;
}

const REVISION = 'd'.repeat(40);
const TOKEN = 'hf_documented';
const PAGES = ['README.md#Models', 'docs/setup/MODEL_CACHING.md', 'docs/offline.md'];

/** A page, or one section of it. */
function textOf(page: string): string {
  const [path = '', section] = page.split('#');
  const text = readFileSync(join(PROJECT_DIR, path), 'utf8');
  return section === undefined ? text : (text.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? '');
}

/** Asked about a model that the page has not fetched. */
const INCOMPLETE = ['./babelreel.sh models audit --model animate.multitalk'];
const commandsOf = (page: string): readonly string[] =>
  partsOf(textOf(page))
    .fenced.map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => /(^|\s)\.\/[a-z-]+\.sh/.test(line));

/**
 * Every command of the pages about models, run as it is written, from the launcher on. Each model that would be fetched is replaced by a tiny
 * one of the same name and the same requirements on a hub of this test; words in capitals, mount points and host names become real ones.
 */
describe('the commands on the pages about models', () => {
  let hub: HubServer;
  let space: Workspace;
  let disk: string;
  let stand: Stand;
  let server: ReturnType<typeof spawn>;

  beforeAll(async () => {
    space = makeWorkspace();
    disk = mkdtempSync(join(tmpdir(), 'disk-'));
    hub = await startHubServer({
      repos: [
        ...tinyRegistry(join(space.dir, 'local')),
        repoOf('org/my-whisper', {
          'model.bin': 'w',
          'config.json': '{}',
          'tokenizer.json': '{}',
          'vocabulary.txt': 'a',
        }),
      ],
    });
    const job = await space.prepare('--media', await makeShortFilm(space, 4), '--workflow', 'transcribe', '-s', 'en');
    stand = { job, mirror: '' };
  }, 60_000);
  afterAll(async () => {
    server?.kill('SIGINT');
    await hub.close();
    for (const dir of [space.dir, disk]) rmSync(dir, { recursive: true, force: true });
  });

  it.each(PAGES)(
    'of %s do what they say',
    async (page) => {
      const lines = commandsOf(page);
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) {
        if (line.includes('models serve')) stand = { ...stand, mirror: await serve(line) };
        else {
          if (line.includes('/mnt/volume')) mountVolume();
          const { code, text } = await type(line);
          expect({ line, code, text }).toMatchObject({ line, code: INCOMPLETE.includes(line) ? 6 : 0 });
        }
      }
      // Nothing of it was answered from anywhere else.
      expect(hub.requests.length).toBeGreaterThan(0);
    },
    120_000,
  );

  const env = (): Record<string, string> => ({ ...space.env, HF_ENDPOINT: hub.url, HF_TOKEN: TOKEN });

  function wordsOf(line: string): { readonly variables: Record<string, string>; readonly words: readonly string[] } {
    const filled = line
      .replaceAll('20261201-movie-001', stand.job)
      .replaceAll('/mnt/', `${disk}/`)
      .replaceAll('http://workstation:8641', stand.mirror)
      .replace('--host 0.0.0.0 --port 8641', '--host 127.0.0.1 --port 0');
    const all = filled.split(/\s+/);
    const first = all.findIndex((word) => word.startsWith('./'));
    const variables = Object.fromEntries(all.slice(0, first).map((word) => word.split(/=(.*)/s).slice(0, 2)));
    return { variables: variables as Record<string, string>, words: all.slice(first) };
  }

  const start = (line: string) => {
    const { variables, words } = wordsOf(line);
    const [program = '', ...args] = words;
    return spawn(join(PROJECT_DIR, program), args, {
      cwd: space.dir,
      env: { ...env(), ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };

  async function type(line: string): Promise<{ readonly code: number; readonly text: string }> {
    const child = start(line);
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (more: Buffer) => {
        text += more.toString();
      });
    const [code] = (await once(child, 'close')) as [number];
    return { code, text };
  }

  /** Starts the mirror and gives its address. */
  async function serve(line: string): Promise<string> {
    const child = start(line);
    server = child;
    let text = '';
    for await (const more of child.stdout) {
      text += String(more);
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
      if (url !== undefined) return url;
    }
    throw new Error(`the mirror did not start: ${text}`);
  }

  /** Somebody's volume: a whisper in folders of its own making. */
  function mountVolume(): void {
    const { files } = openRegistry(join(PROJECT_DIR, 'config'), join(space.dir, 'local')).model(
      'asr.faster-whisper.small',
    );
    for (const { path } of files ?? [])
      put(join(disk, 'volume/faster-whisper-small', path), contentOf('asr.faster-whisper.small', path));
  }
});

const contentOf = (id: string, path: string): string =>
  path.endsWith('.json') ? JSON.stringify({ id, path }) : `${id} ${path}`;

const knownOf = (text: string) => ({ bytes: text.length, sha256: sha256(Buffer.from(text)) });

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const repoOf = (repo: string, files: Readonly<Record<string, string>>): HubRepo => ({
  repo,
  revision: REVISION,
  files: Object.fromEntries(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
});

/** Learned at their first download, as many real ones are. */
const UNLOCKED = ['translate.nllb.600m', 'align.whisperx.hi'];

/** A user's own entry for every model that is fetched, with small files; returns what the hub has to have. */
function tinyRegistry(localDir: string): readonly HubRepo[] {
  const { models } = openRegistry(join(PROJECT_DIR, 'config'));
  return [...models.values()].flatMap(({ entry }) => {
    if (entry.source.type === 'package') return [];
    const repo = `test/${entry.id}`;
    const paths = entry.files.length === 0 ? ['model.bin'] : entry.files.map(({ path }) => path);
    const files = Object.fromEntries(paths.map((path) => [path, contentOf(entry.id, path)]));
    const isUnlocked = UNLOCKED.includes(entry.id);
    const source = { type: 'hub', repo, ...(!isUnlocked && { revision: REVISION }) };
    const listed = paths.map((path) => ({
      path,
      kind: entry.files.find((file) => file.path === path)?.kind ?? 'weights',
      ...(!isUnlocked && knownOf(contentOf(entry.id, path))),
    }));
    put(join(localDir, 'models', `${entry.id}.json`), JSON.stringify({ ...entry, source, files: listed }));
    return [repoOf(repo, files)];
  });
}

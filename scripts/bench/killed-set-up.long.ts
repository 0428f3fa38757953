import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '../../shared/util/digest.ts';
import { untilGone } from '../../tests/fault/living-processes.ts';
import { seededRandom } from '../../tests/fault/random.ts';
import { PROJECT_DIR } from '../../tests/helpers/workspace.ts';

/**
 * `node scripts/bench/killed-set-up.long.ts [KILLS [SEED]]`: a fresh clone of what is committed, an empty HOME, empty caches; once
 * `./run-pipeline.sh --demo` undisturbed, then again in further clones with the launcher's whole process group killed at random moments,
 * 20 unless told, and started again until it is done. Takes minutes and the network.
 */
const [kills = '20', seed = '1'] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const random = seededRandom(Number(seed));
const faults: string[] = [];

/** What reaches a package index on this machine; everything else is left out. */
const NETWORK =
  /^(ssl_cert_\w+|node_extra_ca_certs|requests_ca_bundle|curl_ca_bundle|pip_\w+|uv_\w+|npm_config_\w+|\w+_proxy)$/i;

function git(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}
/** All clones are of one commit, whatever is committed meanwhile. */
const commit = git('-C', PROJECT_DIR, 'rev-parse', 'HEAD');

interface Clone extends Disposable {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
}

function makeClone(): Clone {
  const home = mkdtempSync(join(tmpdir(), 'babelreel-set-up-'));
  const dir = join(home, 'babelreel');
  git('clone', '--quiet', PROJECT_DIR, dir);
  git('-C', dir, 'checkout', '--quiet', '--detach', commit);
  mkdirSync(join(home, 'home'));
  const network = Object.entries(process.env).filter(([name, value]) => NETWORK.test(name) && value !== undefined);
  const path = (process.env.PATH ?? '').split(':').filter((folder) => !folder.startsWith(PROJECT_DIR));
  const env = {
    ...(Object.fromEntries(network) as Record<string, string>),
    PATH: path.join(':'),
    HOME: join(home, 'home'),
  };
  return { dir, env, [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }) };
}

interface Start {
  readonly code: number | null;
  readonly seconds: number;
  readonly lines: readonly string[];
}

/** Runs the demo; after `killAfter` seconds its whole process group is killed. */
async function startDemo({ dir, env }: Clone, killAfter?: number): Promise<Start> {
  const startedAt = performance.now();
  const child = spawn('./run-pipeline.sh', ['--demo'], {
    cwd: dir,
    env,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const over = new AbortController();
  if (killAfter !== undefined)
    sleep(killAfter * 1000, undefined, { signal: over.signal }).then(
      () => process.kill(-(child.pid as number), 'SIGKILL'),
      () => {},
    );
  const code = await new Promise<number | null>((resolve) => void child.on('exit', resolve));
  over.abort();
  await sleep(50);
  return {
    code,
    seconds: (performance.now() - startedAt) / 1000,
    lines: text.split('\n').filter((line) => line !== ''),
  };
}

const filesOf = ({ dir }: Clone): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(join(dir, 'out/demo'))
      .filter((name) => name.startsWith('demo.'))
      .sort()
      .map((name) => [name, digestOf(readFileSync(join(dir, 'out/demo', name)))]),
  );

/** What a set-up must not leave behind. */
function leftIn({ dir }: Clone): readonly string[] {
  const hidden = (folder: string): readonly string[] =>
    readdirSync(join(dir, folder))
      .filter((name) => /^\.(incoming|outgoing|lock|demo)|\.part$|~/.test(name))
      .map((name) => join(folder, name));
  return ['.cache/environments', '.cache/scratch', 'in', 'out', 'out/demo'].flatMap(hidden);
}

const first = makeClone();
const undisturbed = await startDemo(first);
if (undisturbed.code !== 0)
  throw new Error(`the undisturbed set-up ended with ${undisturbed.code}\n${undisturbed.lines.join('\n')}`);
const second = await startDemo(first);
const wanted = filesOf(first);
say(
  `first set-up and demo: ${undisturbed.seconds.toFixed(1)} s; second start: ${second.seconds.toFixed(2)} s, exit ${second.code}`,
);
first[Symbol.dispose]();

let killed = 0;
for (let round = 1; killed < Number(kills); round += 1) {
  using clone = makeClone();
  for (;;) {
    const last = killed >= Number(kills);
    const start = await startDemo(clone, last ? undefined : random() * 0.9 * undisturbed.seconds);
    if (start.code !== null) {
      if (start.code !== 0)
        faults.push(`round ${round} ended with ${start.code}: ${start.lines.slice(-8).join(' | ')}`);
      else
        say(
          `round ${round} done in ${start.seconds.toFixed(1)} s: ${start.lines.filter((line) => /making|installing|broken|fetch/.test(line)).join(' | ') || 'nothing had to be set up'}`,
        );
      break;
    }
    killed += 1;
    const gone = await untilGone(clone.dir, 2_000);
    for (const { pid, command } of gone.left)
      faults.push(`kill ${killed}: process ${pid} lives on: ${command.slice(0, 200)}`);
    say(
      `kill ${killed} after ${start.seconds.toFixed(1)} s at "${start.lines.at(-1) ?? 'nothing said yet'}", gone after ${gone.ms.toFixed(0)} ms`,
    );
  }
  const again = await startDemo(clone);
  if (again.code !== 0 || again.seconds > 5)
    faults.push(`round ${round}: the run after took ${again.seconds.toFixed(1)} s, exit ${again.code}`);
  const found = filesOf(clone);
  for (const name of Object.keys(wanted))
    if (found[name] !== wanted[name]) faults.push(`round ${round}: ${name} is another one`);
  faults.push(...leftIn(clone).map((path) => `round ${round}: ${path} was left`));
}
say(faults.length === 0 ? `${killed} kills, no faults` : faults.join('\n'));
process.exitCode = faults.length === 0 ? 0 : 1;

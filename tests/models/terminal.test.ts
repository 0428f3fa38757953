import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeShortFilm } from '../fault/short-film.ts';
import { type HubServer, startHubServer } from '../helpers/hub-server.ts';
import { makeWorkspace, PROJECT_DIR, type Workspace } from '../helpers/workspace.ts';
import { listSilero, SILERO } from './silero-on-hub.ts';

const RIGHT = 'hf_the_right_token';
const WRONG = 'hf_a_wrong_token';
const execute = promisify(execFile);

describe('on a terminal', () => {
  let hub: HubServer;
  let place: Workspace;
  let weights: Buffer;

  beforeEach(async () => {
    place = makeWorkspace();
    const listed = listSilero(place.dir, { gate: { acceptUrl: 'https://hub.test/silero' } });
    weights = listed.weights;
    hub = await startHubServer({ repos: [{ ...listed.repo, gated: { token: RIGHT } }] });
  });
  afterEach(async () => {
    await hub.close();
    rmSync(place.dir, { recursive: true, force: true });
  });

  async function play(command: readonly string[], answers: readonly (readonly [string, string])[]): Promise<string> {
    const player = join(PROJECT_DIR, 'tests/helpers/play-terminal.py');
    const [launcher = '', ...args] = command;
    const argv = [player, JSON.stringify(answers), join(PROJECT_DIR, launcher), ...args];
    const env = { ...place.env, HF_ENDPOINT: hub.url, TERM: 'xterm' };
    return (await execute('python3', argv, { env, cwd: place.dir })).stdout;
  }

  test('a run asks before it fetches, and a no starts nothing and fetches nothing', async () => {
    const job = await place.prepare('--media', await makeShortFilm(place, 4), '--workflow', 'transcribe', '-s', 'en');
    const shown = await play(['run-pipeline.sh', '-j', job], [['Download now? [Y/n]', 'n']]);
    expect(shown).toContain('⚠️  First run: downloads 2.3 MB (~1 min)');
    expect(shown).toContain('The download was declined.');
    expect(shown.trimEnd().endsWith('exit 6')).toBe(true);
    expect(hub.requests).toEqual([]);
  });

  test('the token for a gated model is asked for and never shown, right or wrong', async () => {
    const command = ['cache-models.sh', '--model', SILERO];
    const refused = await play(command, [[`Token for ${SILERO}`, WRONG]]);
    expect(refused).toContain('accept its terms at https://hub.test/silero');
    expect(refused).toContain('ERR_MODEL_GATED (exit 6)');
    expect(refused).not.toContain(WRONG);
    const fetched = await play(command, [[`Token for ${SILERO}`, RIGHT]]);
    expect(fetched).toContain('everything stored: yes, 1 of 1');
    expect(fetched).not.toContain(RIGHT);
    const [sent] = hub.gets('silero_vad_v6.onnx').slice(-1);
    expect(sent?.headers.authorization).toBe(`Bearer ${RIGHT}`);
    expect(weights.length).toBe(sent?.sentBytes);
  });
});

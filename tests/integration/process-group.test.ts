import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { ChildGroup } from '../../shared/process/child-group.ts';
import { resourceFailure } from '../../shared/process/exit-failure.ts';
import { deathSignalPrefix, networkDenial } from '../../shared/process/launch-prefix.ts';
import { killAllGroups, liveGroups } from '../../shared/process/live-groups.ts';
import { runProcess } from '../../shared/process/run-process.ts';
import { type SpawnOptions, spawnGroup } from '../../shared/process/spawn-group.ts';

const folder = mkdtempSync(join(tmpdir(), 'babelreel-process-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const env = { PATH: '/usr/bin:/bin' };
const spawn = (script: string, options: Partial<SpawnOptions> = {}): ChildGroup =>
  spawnGroup({ argv: ['sh', '-c', script], cwd: folder, env, stdout: 'pipe', ...options });

const firstLine = async (group: ChildGroup): Promise<string> => {
  const [chunk] = await once(group.stdout ?? process.stdin, 'data');
  return String(chunk).trim();
};

/** A zombie that waits for its reaper is dead. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function goneWithin(pid: number, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (isAlive(pid) && performance.now() < end) await sleep(10);
  return !isAlive(pid);
}

describe('a process group', () => {
  it('ends with everything it started within a second of being stopped', async () => {
    const group = spawn('sleep 60 & echo $!; wait');
    const grandchild = Number(await firstLine(group));
    expect(isAlive(grandchild)).toBe(true);

    await group.stop({ graceMs: 500 });

    expect(await goneWithin(grandchild, 1000)).toBe(true);
    expect(liveGroups()).not.toContain(group);
  });

  it('does not leave behind what its leader started when the leader ends by itself', async () => {
    const group = spawn('sleep 60 & echo $!');
    const grandchild = Number(await firstLine(group));
    expect(await group.exited).toEqual({ code: 0, signal: null });
    expect(await goneWithin(grandchild, 1000)).toBe(true);
  });

  it('is killed when it ignores the polite signal', async () => {
    const group = spawn('trap "" TERM; echo ready; while :; do sleep 0.05; done');
    await firstLine(group);
    const start = performance.now();
    expect(await group.stop({ graceMs: 200 })).toEqual({ code: null, signal: 'SIGKILL' });
    expect(performance.now() - start).toBeGreaterThan(150);
    expect(performance.now() - start).toBeLessThan(1200);
  });

  it('is killed when it is suspended', async () => {
    const group = spawn('echo ready; sleep 60');
    await firstLine(group);
    process.kill(group.pid, 'SIGSTOP');
    while (!/^State:\s+T/m.test(readFileSync(`/proc/${group.pid}/status`, 'utf8'))) await sleep(5);
    expect(await group.stop({ graceMs: 100 })).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('has ended when its leader has, even if a stray child holds its pipes', async () => {
    const group = spawn('setsid sleep 5 & echo $!; sleep 0.2');
    const stray = Number(await firstLine(group));
    const start = performance.now();
    await group.exited;
    await group.drained;
    expect(performance.now() - start).toBeLessThan(1500);
    expect(isAlive(stray)).toBe(true);
    process.kill(stray, 'SIGKILL');
  });

  it('is stopped at the end of the block that owns it', async () => {
    let pid = 0;
    {
      await using group = spawn('echo ready; sleep 60');
      await firstLine(group);
      pid = group.pid;
    }
    expect(isAlive(pid)).toBe(false);
  });

  it('dies with a runner that is killed without a chance to clean up', async () => {
    expect(deathSignalPrefix()).not.toEqual([]);
    const runner = join(folder, 'runner.ts');
    const module = new URL('../../shared/process/spawn-group.ts', import.meta.url).href;
    writeFileSync(
      runner,
      `const { spawnGroup } = await import('${module}');
       const group = spawnGroup({ argv: ['sleep', '60'], cwd: '/', env: { PATH: '/usr/bin:/bin' } });
       process.stdout.write(group.pid + '\\n');
       setInterval(() => {}, 1000);`,
    );
    const group = spawnGroup({ argv: [process.execPath, runner], cwd: folder, env, stdout: 'pipe' });
    const orphan = Number(await firstLine(group));
    expect(isAlive(orphan)).toBe(true);

    process.kill(group.pid, 'SIGKILL');

    expect(await goneWithin(orphan, 1000)).toBe(true);
    await group.exited;
  });

  it('is found by the runner that wants to end all of them at once', async () => {
    const groups = [spawn('sleep 60'), spawn('sleep 60')];
    expect(killAllGroups('kill')).toBe(2);
    const exits = await Promise.all(groups.map(({ exited }) => exited));
    expect(exits.map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL']);
    expect(liveGroups()).toEqual([]);
  });

  it('inherits no variable', async () => {
    process.env.BABELREEL_TEST_SECRET = 'do not inherit';
    const { stdout } = await runProcess({ argv: ['env'], cwd: folder, env: { PATH: '/usr/bin:/bin', GIVEN: 'yes' } });
    delete process.env.BABELREEL_TEST_SECRET;
    expect(stdout).toContain('GIVEN=yes');
    expect(stdout).not.toContain('do not inherit');
  });

  it('hands over file descriptor 3 and each line of stderr, and keeps the log short', async () => {
    const lines: string[] = [];
    const stderrLog = join(folder, 'noise.log');
    const group = spawn('echo hi >&3; for i in 1 2 3; do echo again >&2; done; printf "tok hf_abcdefghijkl" >&2', {
      extraFd: 3,
      stderrLog,
      onStderrLine: (line) => lines.push(line),
    });
    const extra = once(group.extra ?? process.stdin, 'data');
    await group.drained;
    expect(String((await extra)[0])).toBe('hi\n');
    expect(lines).toEqual(['again', 'again', 'again', 'tok hf_abcdefghijkl']);
    expect(group.stderrTail()).toEqual(['again (× 3)', 'tok hf_[redacted]']);
    expect(readFileSync(stderrLog, 'utf8')).toBe('again\n  (the line above came 3 times)\ntok hf_[redacted]\n');
  });

  it('says which program is missing, with and without a launcher in front', () => {
    const start = (denyNetwork: boolean) => () =>
      spawnGroup({ argv: ['no-such-program-here'], cwd: folder, env, denyNetwork });
    expect(start(false)).toThrow(expect.objectContaining({ code: 'ERR_SYSTEM_PACKAGE' }));
    expect(start(true)).toThrow(expect.objectContaining({ code: 'ERR_SYSTEM_PACKAGE' }));
    expect(() => spawnGroup({ argv: ['true'], cwd: join(folder, 'nowhere'), env })).toThrow('no such folder');
  });
});

describe('network denial', () => {
  const connect = (port: number): string =>
    `const s = require('node:net').connect(${port}, '127.0.0.1');
     s.on('connect', () => { console.log('connected'); s.destroy(); });
     s.on('error', (e) => console.log(e.code));`;

  it('keeps a program from a server on the same machine, which it reaches otherwise', async () => {
    expect(networkDenial()).not.toBeNull();
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const argv = [process.execPath, '-e', connect(port)];

    const open = await runProcess({ argv, cwd: folder, env });
    const denied = await runProcess({ argv, cwd: folder, env, denyNetwork: true });
    server.close();

    expect(open.stdout.trim()).toBe('connected');
    expect(denied.stdout.trim()).toBe('ENETUNREACH');
  });

  it('leaves the group to die with its runner', async () => {
    const group = spawn('echo ready; sleep 60', { denyNetwork: true });
    await firstLine(group);
    expect(group.pid).toBeGreaterThan(0);
    expect(await group.stop({ graceMs: 500 })).toEqual({ code: null, signal: 'SIGTERM' });
  });
});

describe('a short command', () => {
  it('gets its input and gives its output and code', async () => {
    const result = await runProcess({
      argv: ['sh', '-c', 'cat; echo bad >&2; exit 3'],
      cwd: folder,
      env,
      input: 'héllo',
    });
    expect(result).toMatchObject({ code: 3, stdout: 'héllo', stderrTail: ['bad'], timedOut: false, overflowed: false });
  });

  it('is stopped when it takes too long, prints too much or is cancelled', async () => {
    const slow = await runProcess({ argv: ['sleep', '60'], cwd: folder, env, timeoutMs: 100 });
    expect(slow).toMatchObject({ timedOut: true, code: null });
    const loud = await runProcess({ argv: ['yes'], cwd: folder, env, maxOutputBytes: 1000 });
    expect(loud.overflowed).toBe(true);
    expect(loud.stdout).toHaveLength(1000);
    const cancelled = runProcess({ argv: ['sleep', '60'], cwd: folder, env, signal: AbortSignal.timeout(100) });
    await expect(cancelled).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    expect(liveGroups()).toEqual([]);
  });

  it('survives a program that does not read its input', async () => {
    const result = await runProcess({ argv: ['true'], cwd: folder, env, input: 'x'.repeat(1_000_000) });
    expect(result.code).toBe(0);
  });

  it('that hits the file size limit is a full disk', async () => {
    const script = `ulimit -f 1; exec cat /dev/zero > '${join(folder, 'big')}'`;
    const exit = await runProcess({ argv: ['bash', '-c', script], cwd: folder, env });
    expect(existsSync(join(folder, 'big'))).toBe(true);
    expect(resourceFailure('cat', exit, exit.stderrTail)?.code).toBe('ERR_DISK_FULL');
  });
});

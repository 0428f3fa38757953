import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';

/**
 * The death signal of a child reaches the child alone: what that one had started lives on when the runner is killed. So one small process
 * stands beside the runner, knows its groups, and kills them when the runner is gone. It leads a session of its own, so that what is sent
 * to the runner's group or terminal does not reach it.
 */
let input: Socket | undefined;

function openGuard(): Socket {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'guard-process.mjs')], {
    detached: true,
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a guard there still is the death signal, and workers end with their input.
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  const socket = child.stdin as Socket;
  socket.unref();
  return socket;
}

/** From now on the group dies with this process. */
export function guardGroup(pgid: number): void {
  input ??= openGuard();
  input.write(`+${pgid}\n`);
}

/** The group is gone; its number may soon belong to somebody else. */
export const releaseGroup = (pgid: number): void => void input?.write(`-${pgid}\n`);

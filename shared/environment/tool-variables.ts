import { tmpdir } from 'node:os';
import { SYSTEM_PATH } from './platform.ts';

/** All variables ffmpeg and ffprobe are born with; nothing of the user's is inherited. */
export const toolVariables = (): Record<string, string> => ({
  PATH: SYSTEM_PATH.join(':'),
  HOME: tmpdir(),
  TMPDIR: tmpdir(),
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
});

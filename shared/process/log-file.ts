import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';

const LIMIT_BYTES = 64 * 1024 * 1024;

export interface LogFile {
  write(line: string): void;
  close(): void;
}

/**
 * Appends lines to a file until it has 64 MiB. A log that cannot be written (full disk) is given up quietly: the work it
 * tells about fails by itself if it needs the disk.
 */
export function openLogFile(path: string, limitBytes: number = LIMIT_BYTES): LogFile {
  let fd: number | undefined = openSync(path, 'a', 0o600);
  let room = limitBytes - fstatSync(fd).size;
  const close = (): void => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  return {
    write(line) {
      if (fd === undefined) return;
      const bytes = Buffer.from(`${line}\n`);
      room -= bytes.length;
      try {
        if (room >= 0) writeSync(fd, bytes);
        else {
          writeSync(fd, '[log full]\n');
          close();
        }
      } catch {
        close();
      }
    },
    close,
  };
}

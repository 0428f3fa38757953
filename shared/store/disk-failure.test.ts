import { closeSync, openSync, writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Failure } from '../contract/failure.ts';
import { onDisk } from './disk-failure.ts';

async function failureOf(work: () => Promise<unknown>, neededBytes?: number): Promise<Failure> {
  try {
    await onDisk({ folder: '/tmp', ...(neededBytes === undefined ? {} : { neededBytes }) }, work);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const fail = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

test('a write that the kernel refuses for want of room becomes ERR_DISK_FULL with needed and free figures', async () => {
  const failure = await failureOf(async () => {
    const full = openSync('/dev/full', 'w');
    try {
      writeSync(full, 'x');
    } finally {
      closeSync(full);
    }
  }, 1_800_000_000);
  expect(failure.code).toBe('ERR_DISK_FULL');
  expect(failure.exitCode).toBe(9);
  expect(failure.details.why).toMatch(/^Needed 1,800 MB in \/tmp, [\d,.]+ MB free\.$/);
  expect(failure.details.fix).toEqual(['df -h /tmp']);
});

test('a full quota and a full database are full disks too', async () => {
  expect((await failureOf(fail('EDQUOT'))).details.why).toContain('(quota)');
  expect((await failureOf(fail('SQLITE_FULL'))).code).toBe('ERR_DISK_FULL');
});

test.each(['EACCES', 'EPERM', 'EROFS', 'SQLITE_READONLY_DIRECTORY'])(
  '%s becomes ERR_NOT_WRITABLE with the folder and a command',
  async (code) => {
    const failure = await failureOf(fail(code));
    expect(failure.code).toBe('ERR_NOT_WRITABLE');
    expect(failure.message).toContain('/tmp');
    expect(failure.details.fix?.[0]).toContain('/tmp');
  },
);

test('an error that is about something else passes as it is', async () => {
  const error = Object.assign(new Error('gone'), { code: 'ENOENT' });
  await expect(onDisk({ folder: '/tmp' }, () => Promise.reject(error))).rejects.toBe(error);
});

import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { mountedType, networkFileSystemName, networkFileSystemOf } from './network-file-system.ts';

const MOUNTS = [
  '22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw',
  '30 22 0:40 / /home/me/cloud rw - fuse.sshfs me@host: rw',
  '31 22 0:41 / /mnt/my\\040disk rw - fuseblk /dev/sdb1 rw',
  '32 22 0:42 / /home rw shared:1 - xfs /dev/sdc1 rw',
].join('\n');

test.each([
  ['/home/me/cloud/babelreel', 'fuse.sshfs'],
  ['/home/me/cloudy', 'xfs'],
  ['/mnt/my disk/x', 'fuseblk'],
  ['/etc', 'ext4'],
])('%s is on %s', (path, type) => {
  expect(mountedType(MOUNTS, path)).toBe(type);
});

test('remote file systems are known by type, FUSE ones by the mount table', () => {
  const never = () => {
    throw new Error('not asked');
  };
  expect(networkFileSystemName(0x6969, never)).toBe('nfs');
  expect(networkFileSystemName(0xff534d42, never)).toBe('cifs');
  expect(networkFileSystemName(0xef53, never)).toBeUndefined();
  expect(networkFileSystemName(0x65735546, () => 'fuse.sshfs')).toBe('fuse.sshfs');
  expect(networkFileSystemName(0x65735546, () => 'fuseblk')).toBeUndefined();
});

test('a folder that cannot be asked about is taken for local', () => {
  expect(networkFileSystemOf(`${tmpdir()}/certainly-not-there`)).toBeUndefined();
});

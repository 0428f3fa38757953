import { readFileSync, realpathSync, statfsSync } from 'node:fs';

/** statfs types (statfs(2), linux/magic.h) of file systems on which SQLite's shared memory or locks cannot be relied on. */
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'nfs'],
  [0x517b, 'smb'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x5346414f, 'afs'],
  [0x6b414653, 'afs'],
  [0x73757245, 'coda'],
  [0x564c, 'ncp'],
  [0x01021997, '9p'],
  [0x00c36400, 'ceph'],
  [0x01161970, 'gfs2'],
  [0x7461636f, 'ocfs2'],
  [0x0bd00bd0, 'lustre'],
  [0x47504653, 'gpfs'],
  [0x19830326, 'beegfs'],
]);

const FUSE = 0x65735546;

/** FUSE carries local and remote file systems alike; only the mount table tells which. */
const LOCAL_FUSE = new Set([
  'fuseblk',
  'fuse.ntfs-3g',
  'fuse.ext4',
  'fuse.bindfs',
  'fuse.mergerfs',
  'fuse.fuse-overlayfs',
]);

/** Name of the network file system that an existing folder is on; undefined for a local one and where the platform does not tell. */
export function networkFileSystemOf(folder: string): string | undefined {
  let type: number;
  try {
    type = statfsSync(folder).type >>> 0;
  } catch {
    return undefined;
  }
  return networkFileSystemName(type, () =>
    mountedType(readFileSync('/proc/self/mountinfo', 'utf8'), realpathSync(folder)),
  );
}

/** The decision alone: `type` as of statfs, `mounted` asked only for FUSE. */
export function networkFileSystemName(type: number, mounted: () => string | undefined): string | undefined {
  if (type !== FUSE) return NETWORK_TYPES.get(type);
  const name = mounted();
  return name === undefined || LOCAL_FUSE.has(name) ? undefined : name;
}

/** File system type of the deepest mount that holds `path`, from the text of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export function mountedType(mountInfo: string, path: string): string | undefined {
  let deepest = { point: '', type: undefined as string | undefined };
  for (const line of mountInfo.split('\n')) {
    const [before, after] = line.split(' - ');
    const point = before
      ?.split(' ')[4]
      ?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (point === undefined || after === undefined) continue;
    const holds = path === point || path.startsWith(point === '/' ? '/' : `${point}/`);
    // Of two mounts on one point the later one is seen.
    if (holds && point.length >= deepest.point.length) deepest = { point, type: after.split(' ')[0] };
  }
  return deepest.type;
}

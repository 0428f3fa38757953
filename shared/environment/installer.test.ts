import { describe, expect, test } from 'vitest';
import { parseRecord } from './check-record.ts';
import { parseGpus } from './hardware.ts';
import { packagesOf } from './install-python.ts';
import { installerCode, installerFailure } from './installer.ts';

const ended = (code: number, stderrTail: readonly string[]) =>
  ({ code, signal: null, stdout: '', stderrTail, timedOut: false, overflowed: false }) as const;

describe('the failure of an installer', () => {
  test.each([
    'error: Failed to fetch: `index/numpy`  Caused by: dns error: failed to lookup address information',
    'Network connectivity is disabled, but the requested data was not found in the cache',
    'WARNING: Retrying after connection broken by NewConnectionError: [Errno -3] Temporary failure in name resolution',
    'Temporary failure resolving mirror.example',
  ])('is a matter of the network for: %s', (line) => {
    expect(installerCode(line)).toBe('ERR_OFFLINE');
  });

  test('is not a matter of the network when a hash is wrong, even if a retry is mentioned', () => {
    expect(installerCode('Failed to fetch numpy: Hash mismatch for numpy==2.4.6')).toBe('ERR_ENVIRONMENT');
  });

  test('is a full disk when the installer says so', () => {
    const failure = installerFailure('It failed.', ended(1, ['OSError: [Errno 28] No space left on device']), []);
    expect(failure.code).toBe('ERR_DISK_FULL');
  });

  test('repeats the last words and names the command that helps', () => {
    const failure = installerFailure('It failed.', ended(1, ['first', 'the reason']), ['./run-pipeline.sh --demo']);
    expect(failure.details).toMatchObject({ why: 'first · the reason', fix: ['./run-pipeline.sh --demo'] });
  });
});

test('the packages of a lock are its pins, not its comments or hashes', () => {
  const lock = 'numpy==2.4.6 \\\n    --hash=sha256:aa\n    # via hibari-tts==1\nhibari-tts==0.2.1 --hash=sha256:bb\n';
  expect(packagesOf(lock)).toEqual(['numpy', 'hibari-tts']);
});

test('a RECORD gives the files that have a digest, quoted names included', () => {
  const digest = Buffer.alloc(32, 7);
  const text = `a/b.py,sha256=${digest.toString('base64url')},12\r\n"a,""c"".py",sha256=${digest.toString('base64url')},3\na/RECORD,,\n`;
  const sha256 = digest.toString('hex');
  expect(parseRecord(text)).toEqual([
    { path: 'a/b.py', sha256 },
    { path: 'a,"c".py', sha256 },
  ]);
});

test('the cards nvidia-smi lists are read, and what is no card is passed over', () => {
  expect(parseGpus('GPU-1b2, NVIDIA H100 80GB HBM3, 81559\nNo devices were found\n')).toEqual([
    { uuid: 'GPU-1b2', name: 'NVIDIA H100 80GB HBM3', vramMiB: 81559 },
  ]);
});

export interface ByteRange {
  /** First byte and the byte after the last one. */
  readonly from: number;
  readonly end: number;
}

/**
 * What a Range header asks of a file of `bytes` bytes: one range, `unsatisfiable` (416), or undefined where the whole file is the answer:
 * there is no header, it is not in bytes, is malformed or names several ranges, as RFC 9110 allows a server to do.
 */
export function parseRange(header: string | undefined, bytes: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.replaceAll(' ', '') ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), bytes);
    return length === 0 ? 'unsatisfiable' : { from: bytes - length, end: bytes };
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return undefined;
  return from >= bytes ? 'unsatisfiable' : { from, end: last === '' ? bytes : Math.min(Number(last) + 1, bytes) };
}

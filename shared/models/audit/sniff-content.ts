import { type Finding, finding } from './file-finding.ts';

/** Longer than any pointer that Git LFS writes. */
const POINTER_BYTES = 1024;

/** First bytes of such: `v`, `<`, white space, the mark of UTF-8. */
const FIRST = new Set([0x76, 0x3c, 0x20, 0x09, 0x0a, 0x0d, 0xef]);

/**
 * What lies in place of a model's file when a download went wrong: the pointer that Git keeps for a large file, or the page that a server
 * or a portal sent instead. Null for anything else.
 * @param head the first bytes of the file
 */
export function sniffContent(head: Buffer, size: number): Finding | null {
  if (!FIRST.has(head[0] ?? 0)) return null;
  const text = head.subarray(0, 256).toString('latin1');
  if (size <= POINTER_BYTES && text.startsWith('version https://git-lfs'))
    return finding('lfs-pointer', 'It is the pointer that Git LFS keeps for a file, not the file.');
  const start = text
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart()
    .toLowerCase();
  if (
    /^<(!doctype html|html|head|body)\b/.test(start) ||
    /^<\?xml\b[^>]*\?>\s*<(error|html|!doctype html)\b/.test(start)
  )
    return finding('error-page', 'It is a page that a server sent instead of the file.');
  return null;
}

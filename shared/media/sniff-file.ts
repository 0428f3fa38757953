/** What the first bytes of a file say it is, where that is no media; undefined when they do not tell. */
export type Sniffed =
  | { readonly kind: 'playlist'; readonly name: string }
  | { readonly kind: 'other'; readonly name: string };

/** Text that makes a player open other files, at the start of the file or, for XML, as its first element. */
const PLAYLISTS: readonly (readonly [RegExp, string])[] = [
  [/^#EXTM3U/, 'an HLS or M3U playlist'],
  [/^ffconcat version/i, 'an ffconcat playlist'],
  [/^v=0\r?\n[a-z]=/, 'an SDP session description'],
  [/^\[playlist\]/i, 'a PLS playlist'],
  [/^\[reference\]/i, 'an ASX reference'],
  [/^RTSPtext/, 'an RTSP redirect'],
  [/^file\s+['"\S]/, 'a concat list'],
  [/^(?:<[?!][^>]*>\s*)*<(?:\w+:)?MPD[\s>]/, 'a DASH manifest'],
  [/^(?:<[?!][^>]*>\s*)*<SmoothStreamingMedia[\s>]/, 'a Smooth Streaming manifest'],
  [/^(?:<[?!][^>]*>\s*)*<(?:\w+:)?CompositionPlaylist[\s>]/, 'an IMF composition playlist'],
  [/^(?:<[?!][^>]*>\s*)*<(?:asx|smil|playlist)[\s>]/i, 'an XML playlist'],
];

const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^\s*<(?:!doctype html|html)/i, 'a web page'],
  [/^PK\p{Cc}{2}/u, 'a ZIP archive'],
  [/^%PDF-/, 'a PDF document'],
  [/^Rar!/, 'a RAR archive'],
  [/^7z\u00bc\u00af/, 'a 7z archive'],
  [/^\u007fELF/, 'a program'],
  [/^\u0089PNG/, 'a picture'],
  [/^\u00ff\u00d8\u00ff/, 'a picture'],
  [/^version https:\/\/git-lfs/, 'a Git LFS pointer, not the file itself'],
];

/** @param head the first bytes of the file; 64 KiB are plenty */
export function sniffFile(head: Uint8Array): Sniffed | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  const text = decodeText(head).trimStart();
  const playlist = PLAYLISTS.find(([pattern]) => pattern.test(text));
  if (playlist !== undefined) return { kind: 'playlist', name: playlist[1] };
  const other = OTHERS.find(([pattern]) => pattern.test(bytes));
  if (other !== undefined) return { kind: 'other', name: other[1] };
  return isText(bytes) ? { kind: 'other', name: 'text' } : undefined;
}

/** Text with any byte order mark, without the mark. */
function decodeText(head: Uint8Array): string {
  const encoding =
    head[0] === 0xff && head[1] === 0xfe ? 'utf-16le' : head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(head);
}

const isText = (bytes: string): boolean =>
  bytes.length > 0 && !/(?![\t\n\f\r])\p{Cc}/u.test(bytes.replace(/[\u0080-\u009f]/g, 'x'));

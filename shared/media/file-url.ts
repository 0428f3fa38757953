import { isAbsolute } from 'node:path';

/**
 * The one way to name a file to ffmpeg: bare, a name such as `concat:a|b.mp4`, `pipe:0` or `-y.mp4` means something else.
 * @throws TypeError for a path that is not absolute; that is a bug of the caller
 */
export function fileUrl(path: string): string {
  if (!isAbsolute(path)) throw new TypeError(`not an absolute path: ${path}`);
  return `file:${path}`;
}

import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { finished, pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';
import { MANIFEST_NAME } from './export-manifest.ts';
import { damaged, type ExportedFile } from './exported-file.ts';
import { stopIfAborted } from './stop-if-aborted.ts';
import type { CopyOptions } from './write-hashing.ts';

export interface PackOptions {
  /** The new file that is written. */
  readonly to: string;
  readonly manifest: string;
  readonly files: readonly ExportedFile[];
  readonly copyOptions: (file: ExportedFile) => CopyOptions;
}

/** What an octal size field of 11 digits holds; more goes into a pax record. */
const LARGEST_OCTAL = 8 ** 11 - 1;
const READ_BYTES = 1 << 20;

/**
 * Writes the flat form as one archive, the manifest first. It is hashed as it streams; a wrong file throws ERR_MODEL_CORRUPT. The caller removes what
 * was written then. The bytes are synced.
 */
export async function packTar({ to, manifest, files, copyOptions }: PackOptions): Promise<void> {
  const archive = pack();
  const broken = new AbortController();
  const written = pipeline(archive, createWriteStream(to, { flags: 'wx', flush: true, highWaterMark: READ_BYTES }));
  const filled = fill(archive, { manifest, files, copyOptions, broken: broken.signal }).catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  // A full disk ends the filling, which would else wait for room for ever; a wrong file ends the writing with its own failure.
  await written.catch(async (error: unknown) => {
    broken.abort();
    await filled;
    throw error;
  });
}

interface FillOptions extends Omit<PackOptions, 'to'> {
  readonly broken: AbortSignal;
}

async function fill(archive: Pack, { manifest, files, copyOptions, broken }: FillOptions): Promise<void> {
  const head = archive.entry({ name: MANIFEST_NAME, size: Buffer.byteLength(manifest) });
  head.end(manifest);
  await finished(head, { signal: broken });
  for (const one of files) {
    const { model, file, at } = one;
    const { signal, onBytes } = copyOptions(one);
    await using source = await open(at, 'r');
    const large = file.bytes > LARGEST_OCTAL ? { pax: { size: String(file.bytes) } } : {};
    const entry = archive.entry({ name: `${model.entry.id}/${file.path}`, size: file.bytes, mode: 0o644, ...large });
    const hash = createHash('sha256');
    await pipeline(
      source.createReadStream({ highWaterMark: READ_BYTES, autoClose: false }),
      async function* (pieces: AsyncIterable<Uint8Array>) {
        for await (const piece of pieces) {
          stopIfAborted(signal);
          hash.update(piece);
          onBytes?.(piece.length);
          yield piece;
        }
      },
      entry,
      { signal: broken },
    );
    if (hash.digest('hex') !== file.sha256) throw damaged(one);
  }
  archive.finalize();
}

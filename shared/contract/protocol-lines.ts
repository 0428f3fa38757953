export interface ProtocolLines {
  push(chunk: Uint8Array): void;
}

/**
 * Framing of the worker protocol, for both sides: cuts a byte stream into lines and decodes each as UTF-8, without its end. A line of more than `maxBytes` is reported once, as soon as
 * it is that long, by its first bytes and `tooLong`; the rest of it is skipped, so a broken peer cannot fill the memory.
 */
export function splitProtocolLines(maxBytes: number, onLine: (line: string, tooLong: boolean) => void): ProtocolLines {
  let parts: Uint8Array[] = [];
  let size = 0;
  let skipping = false;
  const text = (last: Uint8Array): string =>
    parts.length === 0 ? decode(last) : Buffer.concat([...parts, last]).toString('utf8');
  const reset = (): void => {
    parts = [];
    size = 0;
  };
  return {
    push(chunk) {
      let start = 0;
      while (start < chunk.length) {
        const end = chunk.indexOf(10, start);
        const part = chunk.subarray(start, end < 0 ? chunk.length : end);
        if (skipping) {
          skipping = end < 0;
        } else if (size + part.length > maxBytes) {
          onLine(text(part).slice(0, 4096), true);
          reset();
          skipping = end < 0;
        } else if (end < 0) {
          parts.push(Buffer.from(part));
          size += part.length;
        } else {
          const line = text(part);
          reset();
          onLine(line, false);
        }
        if (end < 0) return;
        start = end + 1;
      }
    },
  };
}

const decode = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');

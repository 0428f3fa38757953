import { StringDecoder } from 'node:string_decoder';

/** A longer line is cut into pieces of this many characters; a program that prints no line end cannot fill the memory. */
const LONGEST_LINE = 16 * 1024;

export interface LineSplitter {
  push(chunk: Uint8Array): void;
  /** Hands over what stands after the last line end. */
  end(): void;
}

/** Cuts a byte stream of UTF-8 into lines at LF, CR or CRLF; empty lines are left out. */
export function createLineSplitter(onLine: (line: string) => void): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string): void => {
    const lines = (rest + text).split(/\r\n|\n|\r/);
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
    while (rest.length > LONGEST_LINE) {
      onLine(rest.slice(0, LONGEST_LINE));
      rest = rest.slice(LONGEST_LINE);
    }
  };
  return {
    push: (chunk) => take(decoder.write(chunk)),
    end() {
      take(decoder.end());
      if (rest !== '') onLine(rest);
      rest = '';
    },
  };
}

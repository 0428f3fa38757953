/** The last lines of a log; a line that repeats takes one place and a count, so that a looping program cannot flood anything. */
export interface LogRing {
  /** True when the line differs from the one before it. */
  push(line: string): boolean;
  /** Oldest first; a line that came N times in a row ends in ` (× N)`. */
  lines(): readonly string[];
  /** How often the last line came in a row. */
  repeats(): number;
}

/** @param capacity different lines kept */
export function createLogRing(capacity: number): LogRing {
  const entries: { readonly line: string; count: number }[] = [];
  return {
    push(line) {
      const last = entries.at(-1);
      if (last?.line === line) {
        last.count += 1;
        return false;
      }
      entries.push({ line, count: 1 });
      if (entries.length > capacity) entries.shift();
      return true;
    },
    lines: () => entries.map(({ line, count }) => (count === 1 ? line : `${line} (× ${count})`)),
    repeats: () => entries.at(-1)?.count ?? 0,
  };
}

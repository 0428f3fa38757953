/** True when a path matches a pattern: `*` stands for anything within one part of the path, `**` for anything; nothing else is special. */
export function matchesPattern(path: string, pattern: string): boolean {
  const source = pattern
    .split(/(\*+)/)
    .map((part) => (part === '*' ? '[^/]*' : part.startsWith('**') ? '.*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`, 's').test(path);
}

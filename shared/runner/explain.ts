import type { StageKey } from '../contract/record.ts';

/**
 * The structural difference of two stage keys, one line a change: `params.beamSize: 5 -> 1`. Long digests are shortened; code and
 * environment digests say what they stand for instead.
 */
export function diffKeys(before: StageKey, now: StageKey): readonly string[] {
  const changes: string[] = [];
  walk(before, now, '', changes);
  return changes;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function walk(before: unknown, now: unknown, path: string, changes: string[]): void {
  if (isObject(before) && isObject(now)) {
    for (const name of [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()) {
      walk(before[name], now[name], path === '' ? name : `${path}.${name}`, changes);
    }
    return;
  }
  if (Array.isArray(before) && Array.isArray(now)) {
    for (let index = 0; index < Math.max(before.length, now.length); index += 1) {
      walk(before[index], now[index], `${path}[${index}]`, changes);
    }
    return;
  }
  if (before !== now) changes.push(`${path}: ${show(before)} -> ${show(now)}`);
}

function show(value: unknown): string {
  if (value === undefined) return '(none)';
  const text = JSON.stringify(value);
  const digest = /(sha256:)?([0-9a-f]{8})[0-9a-f]{56}/.exec(text);
  if (digest !== null) return `${digest[2]}…`;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

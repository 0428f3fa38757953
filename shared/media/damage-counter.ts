import { isPictureDecoder } from './input-limits.ts';

/** `[aac @ 0x55d0] [error] text`, as `-loglevel level+warning` prints it; the first part is missing for ffmpeg's own lines. */
const LINE = /^(?:\[([^\]@]+?) @ 0x[0-9a-f]+\] )?\[(panic|fatal|error|warning)\] (.*)$/;
const REPEATED = /Last message repeated (\d+) times/;
/** Damage that is only worth a warning to ffmpeg. */
const DAMAGE_WARNING =
  /corrupt|partial file|truncat|invalid data|ended prematurely|packet size mismatch|incomplete frame/i;
/** Lines of level error that are about our own limits or about the muxer, not about damaged input. */
const NOT_DAMAGE =
  /not on whitelist|non monotonically increasing dts|muxer does not support|picture size .* is invalid/i;

const MOST_LINES = 100;

export interface DamageCounter {
  push(line: string): void;
  lines(): readonly string[];
  count(): number;
}

/** Counts the lines by which ffmpeg reports damaged input. Pictures and subtitles are not decoded here, so their decoders do not count. */
export function createDamageCounter(): DamageCounter {
  const lines: string[] = [];
  let count = 0;
  let lastWasDamage = false;
  return {
    push(line) {
      const repeated = REPEATED.exec(line)?.[1];
      if (repeated !== undefined) {
        if (lastWasDamage) count += Number(repeated);
        return;
      }
      const damage = damageIn(line);
      lastWasDamage = damage !== undefined;
      if (damage === undefined) return;
      count += 1;
      if (lines.length < MOST_LINES) lines.push(damage);
    },
    lines: () => lines,
    count: () => count,
  };
}

/** The line without the address that differs in every run, or undefined when it tells of no damage. */
function damageIn(line: string): string | undefined {
  const [, source, level, text] = LINE.exec(line) ?? [];
  if (level === undefined || text === undefined || NOT_DAMAGE.test(text)) return undefined;
  if (source !== undefined && isPictureDecoder(source)) return undefined;
  if (level === 'warning' && !DAMAGE_WARNING.test(text)) return undefined;
  return source === undefined ? text : `${source}: ${text}`;
}

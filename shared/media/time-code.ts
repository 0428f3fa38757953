import { Failure } from '../contract/failure.ts';

const CLOCK = /^(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)$/;
const UNITS = /^(?=.)(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/;
const SECONDS = /^\d+(?:\.\d+)?$/;

/**
 * Milliseconds of `1:02:03.5`, `2:03`, `90`, `90.25`, `90s`, `1m30s`, `1h`, `250ms`; rounded to the nearest.
 * @throws Failure ERR_USAGE
 */
export function parseTimeCode(text: string): number {
  const trimmed = text.trim();
  if (SECONDS.test(trimmed)) return toMs(0, 0, Number(trimmed));
  const clock = CLOCK.exec(trimmed);
  if (clock !== null) {
    const [hours, minutes, seconds] = [clock[1] ?? '0', clock[2] ?? '0', clock[3] ?? '0'].map(Number);
    // `90:00` is ninety minutes; with hours in front, or for seconds, sixty is one too many.
    if (Number(seconds) < 60 && (clock[1] === undefined || Number(minutes) < 60)) {
      return toMs(Number(hours), Number(minutes), Number(seconds));
    }
  }
  const units = UNITS.exec(trimmed);
  if (units !== null) {
    const [, hours = '0', minutes = '0', seconds = '0', ms = '0'] = units;
    return toMs(Number(hours), Number(minutes), Number(seconds)) + Number(ms);
  }
  throw new Failure('ERR_USAGE', `"${text}" is not a time.`, { why: 'Times look like 1:02:03.5, 90, 90s or 1m30s.' });
}

const toMs = (hours: number, minutes: number, seconds: number): number =>
  Math.round((hours * 3600 + minutes * 60 + seconds) * 1000);

/** `01:02:03.500` for 3723500; a negative time has a minus in front. */
export function formatTimeCode(ms: number): string {
  const whole = Math.round(Math.abs(ms));
  const part = (value: number, width: number): string => String(value).padStart(width, '0');
  const clock = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60, Math.floor(whole / 1000) % 60];
  return `${ms < 0 ? '-' : ''}${clock.map((value) => part(value, 2)).join(':')}.${part(whole % 1000, 3)}`;
}

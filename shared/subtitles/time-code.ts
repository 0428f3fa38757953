const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

interface Clock {
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

const clock = (seconds: number): Clock => ({
  hours: Math.floor(seconds / 3600),
  minutes: Math.floor(seconds / 60) % 60,
  seconds: seconds % 60,
});

/** `01:02:03` + separator + `004`. Times before 0 are shown as 0: no subtitle format has negative ones. */
export function formatMilliseconds(ms: number, separator: ',' | '.'): string {
  const whole = Math.max(0, Math.round(ms));
  const { hours, minutes, seconds } = clock(Math.floor(whole / 1000));
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}${separator}${pad(whole % 1000, 3)}`;
}

/** Centiseconds as ASS writes them: `1:02:03.04`. */
export function formatCentiseconds(centiseconds: number): string {
  const whole = Math.max(0, Math.round(centiseconds));
  const { hours, minutes, seconds } = clock(Math.floor(whole / 100));
  return `${hours}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(whole % 100, 2)}`;
}

const TIME = /^(?:(\d+):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})$/;

/** Milliseconds of `[hh:]mm:ss,mmm` or `[hh:]mm:ss.mmm`; undefined when it is neither. */
export function parseTimeCode(text: string): number | undefined {
  const parts = TIME.exec(text.trim());
  if (parts === null) return undefined;
  const [, hours = '0', minutes = '0', seconds = '0', fraction = '0'] = parts;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, '0'));
}

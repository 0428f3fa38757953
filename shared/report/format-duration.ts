const pad = (value: number): string => String(value).padStart(2, '0');

/** Seconds as a person says them: `0.4 s`, `12 s`, `1 m 23 s`, `2 h 05 m`. */
export function formatDuration(seconds: number): string {
  const positive = Math.max(0, seconds);
  if (positive < 9.95) return `${positive.toFixed(1)} s`;
  const whole = Math.round(positive);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} m`;
}

/** Film time as `1:02:03` or `2:03`. */
export function formatClock(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

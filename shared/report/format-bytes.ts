const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

function inUnits(bytes: number, base: 1000 | 1024, digits: number): string {
  const units = base === 1000 ? DECIMAL : BINARY;
  let value = Math.max(0, bytes);
  let step = 0;
  while (step + 1 < units.length && value >= base) {
    value /= base;
    step += 1;
  }
  return `${step === 0 ? Math.round(value) : value.toFixed(digits)} ${units[step]}`;
}

/** `82.27 GB / 76.62 GiB`: what shops and what file managers show. */
export const formatBytes = (bytes: number): string => `${inUnits(bytes, 1000, 2)} / ${inUnits(bytes, 1024, 2)}`;

/** `1.8 GB`, for a line of running text. */
export const formatBytesShort = (bytes: number): string => inUnits(bytes, 1000, 1);

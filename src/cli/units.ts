/** Quantities as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `98.9 MB`: decimal units, three digits that count. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** `1 MiB`, `768 KiB` or `1000 B`: the largest binary unit that it is a whole number of. */
export function formatBlockSize(bytes: number): string {
  if (bytes % 2 ** 20 === 0) return `${bytes / 2 ** 20} MiB`;
  if (bytes % 2 ** 10 === 0) return `${bytes / 2 ** 10} KiB`;
  return `${bytes} B`;
}

/** `3 s`, `1:05` or `2:00:07`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, '0'));
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${parts.join(':')}` : `${Number(parts[0])}:${parts[1]}`;
}

/** `35.9 %` */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** `2 threads` */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const SIZE = /^(\d+)\s*(?:(b)|([kmg])(?:i?b)?)?$/i;

/** Reads `65536`, `512k`, `512KiB` or `1M`, all in powers of 1024; undefined if it is none of these. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text.trim());
  if (!match) return undefined;
  const power = match[3] ? 'kmg'.indexOf(match[3].toLowerCase()) + 1 : 0;
  return Number(match[1]) * 1024 ** power;
}

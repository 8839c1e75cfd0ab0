// Written out, because the first Intl.NumberFormat of a process takes 20 ms.

/** Formats a number as a whole one: `12,345`. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

const units = ['', 'K', 'M', 'B', 'T'];

/** Formats a count of at least 0 in three digits: `1.23M`. */
export function formatCompact(count: number): string {
  const digits = Number(count.toPrecision(3));
  const power = digits < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(digits) / 3));
  return `${Number((digits / 1000 ** power).toPrecision(3))}${units[power]}`;
}

/** Formats a duration: `84 ms`, `8.4 s`, `3m 12s`, `2h 05m`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 0.0995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  const twoDigits = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return minutes < 60
    ? `${minutes}m ${twoDigits(seconds % 60)}s`
    : `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
}

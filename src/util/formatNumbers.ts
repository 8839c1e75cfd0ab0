// Each is made on first use: that takes 10 ms, and `--help` formats no number.
let integer: Intl.NumberFormat | undefined;
let compact: Intl.NumberFormat | undefined;

/** Formats a count: `12,345`. */
export function formatCount(count: number): string {
  integer ??= new Intl.NumberFormat('en');
  return integer.format(count);
}

/** Formats a count in three digits: `1.23M`. */
export function formatCompact(count: number): string {
  compact ??= new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
  return compact.format(count);
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

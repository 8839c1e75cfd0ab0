const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const precise = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** `12,345` @param {number} value */
export const formatCount = (value) => whole.format(value);

/** `1.23M` @param {number} value */
export const formatCompact = (value) => compact.format(value);

/** `7.15`, `12,345` @param {number} value */
export const formatValue = (value) => (Math.abs(value) >= 100 ? whole.format(value) : precise.format(value));

/** `3.2 %`; a share above 0 is never shown as 0, and a share below 1 never as 100. @param {number} share 0 to 1 */
export function formatShare(share) {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  if (percent < 100 && percent > 99.9) return '> 99.9 %';
  return `${percent.toFixed(percent < 10 && percent > 0 ? 1 : 0)} %`;
}

/** `84 ms`, `8.4 s`, `3 min 12 s`, `2 h 05 min` @param {number} seconds */
export function formatSeconds(seconds) {
  if (seconds < 0.0995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  const two = (/** @type {number} */ value) => String(Math.floor(value)).padStart(2, '0');
  return minutes < 60
    ? `${minutes} min ${two(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** `1 record`, `2 records` @param {number} count @param {string} noun */
export const formatNoun = (count, noun) => `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;

/** The name of a stage in prose. @param {string} name */
export const stageName = (name) => name.replaceAll('_', ' ');

/** Writes a time as OpenAI and Groq do in their headers: `12ms`, `7.66s`, `6m0s`, `1h2m3s`. */
export function formatDuration(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole < 1000) return `${whole}ms`;
  const seconds = whole / 1000;
  if (seconds < 60) return `${seconds}s`;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${hours === 0 ? '' : `${hours}h`}${minutes}m${Number((seconds % 60).toFixed(3))}s`;
}

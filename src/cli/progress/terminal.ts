import pc from 'picocolors';
import { RareflowError } from '../../errors.js';

const toStderr = (text: string): void => {
  process.stderr.write(text);
};
let write = toStderr;
let speaksJson = false;

/** Writes a line for people: stdout is for data alone. */
export function say(line: string): void {
  if (speaksJson) sayJson({ type: 'message', message: line.replace(/^rareflow: /, '').trim() });
  else write(`${line}\n`);
}

/** Writes a value as a line for programs. */
export function sayJson(value: object): void {
  write(`${JSON.stringify(value)}\n`);
}

/** From now on every line on stderr is a JSON object, the warnings of Node among them. */
export function speakJson(): void {
  if (speaksJson) return;
  speaksJson = true;
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => say(`${name}: ${message}`));
}

/** Whether the terminal cannot move its cursor. */
export const isDumb = (): boolean => process.env.TERM === 'dumb';

/** While lines are being redrawn on the terminal, what is said goes by way of what draws them; undefined ends that. */
export function sayThrough(writer: ((text: string) => void) | undefined): void {
  write = writer ?? toStderr;
}

/** Writes figures as one JSON line for programs, with the most memory that the process has held. */
export function sayStats(figures: Record<string, unknown>): void {
  sayJson({ ...figures, peakRssBytes: process.resourceUsage().maxRSS * 1024 });
}

/** An error in one line: what happened, where, and how to mend it. */
export function errorLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof RareflowError && error.hint !== undefined ? `; ${error.hint}` : '';
  return `${stderrColors().red('rareflow:')} ${oneLine(message)}${oneLine(hint)}`;
}

/** Colours where stderr is a terminal that shows them. No `isTTY` is told as false: undefined would ask picocolors, which colours in CI. */
export const stderrColors = () =>
  pc.createColors(process.stderr.isTTY === true && !process.env.NO_COLOR && !isDumb() && !speaksJson);

export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}

const integer = new Intl.NumberFormat('en');
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** `12,345` */
export const formatCount = (count: number): string => integer.format(count);

/** `1.23M` */
export const formatCompact = (count: number): string => compact.format(count);

/** `84 ms`, `8.4 s`, `3m 12s`, `2h 05m` */
export function formatSeconds(seconds: number): string {
  if (seconds < 0.0995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return minutes < 60 ? `${minutes}m ${two(seconds % 60)}s` : `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}

import pc from 'picocolors';
import { RareflowError } from '../../errors.js';
import { printable, printableJson, printableLine } from '../../util/printable.js';

export { formatCompact, formatCount, formatSeconds } from '../../util/formatNumbers.js';

const toStderr = (text: string): void => {
  process.stderr.write(text);
};
let write = toStderr;
let speaksJson = false;

/** Writes a message to stderr, without characters that a terminal acts on; stdout is only for data. */
export function say(line: string): void {
  if (speaksJson) sayJson({ type: 'message', message: line.replace(/^rareflow: /, '').trim() });
  else write(`${printable(line)}\n`);
}

const noticed = new Set<string>();

/** Writes a remark on the input to stderr, once. */
export function sayNotice(notice: string): void {
  if (noticed.has(notice)) return;
  noticed.add(notice);
  say(`rareflow: ${notice}`);
}

/** Writes a value to stderr as a line of JSON. */
export function sayJson(value: object): void {
  write(`${printableJson(JSON.stringify(value))}\n`);
}

/** Writes a value to stdout as a line of JSON: names and texts of records are in it, and stdout may be a terminal. */
export function printJson(value: object): void {
  process.stdout.write(`${printableJson(JSON.stringify(value))}\n`);
}

/** Makes every further line on stderr a JSON object, also the warnings of Node. */
export function speakJson(): void {
  if (speaksJson) return;
  speaksJson = true;
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => say(`${name}: ${message}`));
}

/** Returns true if the terminal cannot move its cursor. */
export const isDumb = (): boolean => process.env.TERM === 'dumb';

/** Sends messages through the display that redraws lines on the terminal; undefined ends that. */
export function sayThrough(writer: ((text: string) => void) | undefined): void {
  write = writer ?? toStderr;
}

/** Writes figures to stderr as one line of JSON, with the peak memory of the process. */
export function sayStats(figures: Record<string, unknown>): void {
  sayJson({ ...figures, peakRssBytes: process.resourceUsage().maxRSS * 1024 });
}

/** Formats an error as one line: what happened, where, and how to fix it. */
export function errorLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof RareflowError && error.hint !== undefined ? `; ${error.hint}` : '';
  return `${stderrColors().red('rareflow:')} ${oneLine(inFlags(message))}${oneLine(inFlags(hint))}`;
}

/** Colours if stderr is a terminal that shows them. The argument is never undefined: picocolors would then decide, and colour in CI. */
export const stderrColors = () =>
  pc.createColors(process.stderr.isTTY === true && !process.env.NO_COLOR && !isDumb() && !speaksJson);

/** Names options of the model by their flags alone, in a message that names both: `lower maxTokens (--max-tokens)`. */
export function inFlags(text: string): string {
  return text.replace(/\b(?:apiKey|maxTokens|clientCert|clientKey) \((--[\w-]{1,60})\b([^()]*)\)/g, '$1$2');
}

/** Joins the lines of a text, without characters that a terminal acts on. */
export function oneLine(text: string): string {
  return printableLine(text.replace(/\s*\n\s*/g, ' '));
}

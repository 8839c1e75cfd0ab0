import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { scriptArgs, typescript } from './script.js';

export const root = path.resolve(import.meta.dirname, '../..');

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
  /** stdout as JSONL. */
  records: Record<string, unknown>[];
}

export interface CommandOptions {
  cwd?: string;
  input?: string;
  env?: Record<string, string>;
  /** Called with the process as soon as it runs. */
  onStart?: (child: ChildProcess) => void;
}

/** `npm test` builds the command first, as it starts in a third of the time of its source. */
const built = path.join(root, 'dist/cli/main.js');
/** True if it is built from the current source. */
export const isBuilt = changedMs(built) > Math.max(...filesOf('src').map(changedMs));
/** The command as a shell would run it. */
export const rareflow = isBuilt
  ? [process.execPath, built]
  : [process.execPath, ...typescript, path.join(root, 'src/cli/main.ts')];

/** Runs the real command in a separate process, with no key in its environment, and waits for its end. */
export function runCommand(args: string[], options: CommandOptions = {}): Promise<Finished> {
  return runProcess([...rareflow, ...args], options);
}

/** Runs one of the examples to its end. */
export function runExample(name: string, args: string[]): Promise<Finished> {
  return runProcess([process.execPath, ...scriptArgs(path.join(root, 'examples', `${name}.ts`)), ...args], {});
}

/** Defines `rareflow` as the command in bash. */
export const rareflowFunction = `rareflow() { ${rareflow.map((word) => `'${word}'`).join(' ')} "$@"; }`;

/** Runs a pipeline of shell commands; `rareflow` is the command. */
export function runShell(script: string, options: CommandOptions = {}): Promise<Finished> {
  const shell = ['bash', '-c', `set -o pipefail; ${rareflowFunction}; ${script}`];
  return runProcess(shell, options);
}

function runProcess(
  [program, ...args]: string[],
  { cwd = root, input, env, onStart }: CommandOptions,
): Promise<Finished> {
  const { OPENAI_API_KEY: _key, OPENAI_BASE_URL: _url, ...inherited } = process.env;
  const child = spawn(program as string, args, { cwd, env: { ...inherited, ...env }, stdio: 'pipe' });
  onStart?.(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  if (input !== undefined || onStart === undefined) child.stdin.end(input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr, records: code === 0 ? parseLines(stdout) : [] }));
  });
}

function filesOf(folder: string): string[] {
  const entries = readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

function changedMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

export function readRecordsOf(file: string): Record<string, unknown>[] {
  return parseLines(readFileSync(file, 'utf8'));
}

function parseLines(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').filter((line) => line.startsWith('{"'));
  return lines.map((line) => JSON.parse(line));
}

import { mkdtempSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RareflowError } from '../../errors.js';
import { outputError } from '../../io/systemErrors.js';
import { checkOutputFile } from '../../io/write/atomicFile.js';
import type { CommandSpec } from '../command.js';
import { type ModelFlags, modelOf } from '../options/model.js';
import { count, option } from '../options/option.js';
import { modelOptions } from '../options/options.js';
import { formatCount, oneLine, say, stderrColors } from '../progress/terminal.js';

interface Flags extends Omit<ModelFlags, 'concurrency'> {
  attemptTimeoutMs: number;
  index?: string;
  output: string;
}

/** What one check found. */
type Check = () => Promise<string> | string;

const enoughBytes = 2 ** 30;
const packageUrl = new URL('../../../package.json', import.meta.url);

export const doctorCommand: CommandSpec = {
  name: 'doctor',
  group: 'Set up and rehearse',
  args: {},
  summary: 'Check Node, the disk, the key, the endpoint (with one tiny call) and the index, and say what to mend',
  options: [
    option('--index <path>', 'an index to verify'),
    option('-o, --output <path>', 'where the output is to go: is there room, and may it be written').default('.'),
    count('--attempt-timeout-ms <n>', 'give up an attempt at a call after this long').default(60_000),
    ...modelOptions(),
  ],
  examples: [
    'rareflow doctor --model gpt-4o-mini',
    'rareflow doctor --model qwen3 --base-url http://localhost:8000/v1 --index corpus.bm25',
  ],
  async run(_args: string[], flags: Flags) {
    const { index, model, output } = flags;
    const checks: [string, Check | string][] = [
      ['node', checkNode],
      ['disk', () => checkDisk(output)],
      ['index', index === undefined ? 'not checked: name it with --index' : () => checkIndex(index)],
      ...(model === undefined
        ? [['model', 'not checked: name it with --model'] as [string, string]]
        : serversOf(flags).map((server): [string, Check] => ['model', () => checkModel(server)])),
    ];
    const { green, red, dim } = stderrColors();
    let failed = 0;
    for (const [name, check] of checks) {
      const tell = (how: string, found: string) => say(`  ${how}  ${name.padEnd(6)} ${found}`);
      if (typeof check === 'string') {
        tell(dim('-   '), check);
        continue;
      }
      try {
        tell(green('ok  '), await check());
      } catch (error) {
        if (!(error instanceof RareflowError)) throw error;
        failed += 1;
        tell(red('FAIL'), oneLine(error.message));
        if (error.hint !== undefined) say(`               ${oneLine(error.hint)}`);
      }
    }
    const well = checks.some(([, check]) => typeof check === 'string') ? 'what was checked is well' : 'all is well';
    say(failed === 0 ? `rareflow: ${well}` : `rareflow: ${failed} to mend`);
    return failed === 0 ? 0 : 1;
  },
};

function checkNode(): string {
  const { version, engines } = JSON.parse(readFileSync(packageUrl, 'utf8'));
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [needMajor = 0, needMinor = 0] = engines.node.replace('>=', '').split('.').map(Number);
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    throw new RareflowError(`Node ${process.versions.node} is too old`, { hint: `install Node ${engines.node}` });
  }
  return `Node ${process.versions.node}, rareflow ${version}`;
}

/** Writes a little where the output is to go, and looks how much room is left. */
async function checkDisk(output: string): Promise<string> {
  const isFolder = statSync(output, { throwIfNoEntry: false })?.isDirectory() ?? output.endsWith('/');
  const folder = path.resolve(isFolder ? output : path.dirname(output));
  try {
    if (!isFolder) await checkOutputFile(output, { mayBePartial: true });
    const probe = mkdtempSync(path.join(folder, '.rareflow-doctor-'));
    try {
      writeFileSync(path.join(probe, 'probe'), Buffer.alloc(65_536, 1), { flush: true });
    } finally {
      rmSync(probe, { recursive: true, force: true });
    }
  } catch (error) {
    throw outputError(error, folder);
  }
  const { bavail, bsize } = statfsSync(folder);
  const words = `${formatCount(Math.floor((bavail * bsize) / 2 ** 20))} MiB free in ${folder}`;
  if (bavail * bsize >= enoughBytes) return words;
  throw new RareflowError(`only ${words}`, { hint: 'free some space, or write to another disk' });
}

async function checkIndex(index: string): Promise<string> {
  const { verifyIndex } = await import('../../search/format/verifyIndex.js');
  const { docs } = await verifyIndex(index);
  return `${index}: ${formatCount(docs)} documents, whole`;
}

/** The flags for each server alone: a run would ask the others where one fails. */
function serversOf(flags: Flags): Flags[] {
  const [urls, keys] = [[flags.baseUrl ?? []].flat(), [flags.apiKeyEnv ?? []].flat()];
  if (urls.length < 2) return [flags];
  return urls.map((baseUrl, place) => {
    const key = keys[place] ?? keys[0];
    return { ...flags, baseUrl, ...(key === undefined ? {} : { apiKeyEnv: key }) };
  });
}

/** The key and the endpoint, by the shortest call there is. */
async function checkModel(flags: Flags): Promise<string> {
  const model = modelOf({ ...flags, concurrency: 1, cache: false }, process.env, { maxAttempts: 2 });
  const began = performance.now();
  try {
    const messages = [{ role: 'user' as const, content: 'Answer with the one word: ready' }];
    const answer = await model.complete({ messages, maxTokens: flags.maxTokens ?? 512 });
    const { promptTokens, completionTokens } = answer.usage;
    const ms = Math.round(performance.now() - began);
    const at = flags.baseUrl === undefined ? '' : ` at ${flags.baseUrl}`;
    return `${answer.model}${at} answered in ${ms} ms (${promptTokens} + ${completionTokens} tokens)`;
  } finally {
    await model.close();
  }
}

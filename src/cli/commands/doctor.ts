import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { RareflowError } from '../../errors.js';
import type { CommandSpec } from '../commandSpec.js';
import { type ModelFlags, modelOf } from '../model.js';
import { modelOptions, option } from '../options.js';
import { errorLine, formatCount, say } from '../terminal.js';

interface Flags extends Omit<ModelFlags, 'concurrency'> {
  index?: string;
  output: string;
}

/** What one check found: undefined means that there is nothing to check. */
type Check = () => Promise<string | undefined> | string | undefined;

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
    ...modelOptions(),
  ],
  examples: [
    'rareflow doctor --model gpt-4o-mini',
    'rareflow doctor --model qwen3 --base-url http://localhost:8000/v1 --index corpus.bm25',
  ],
  async run(_args: string[], flags: Flags) {
    const checks: [string, Check][] = [
      ['node', checkNode],
      ['disk', () => checkDisk(flags.output)],
      ['index', () => checkIndex(flags.index)],
      ['model', () => checkModel(flags)],
    ];
    let failed = 0;
    for (const [name, check] of checks) {
      try {
        const found = await check();
        if (found !== undefined) say(`  ok    ${name.padEnd(6)} ${found}`);
      } catch (error) {
        if (!(error instanceof RareflowError)) throw error;
        failed += 1;
        say(`  FAIL  ${name.padEnd(6)} ${errorLine(error).replace(/^rareflow: /, '')}`);
      }
    }
    say(failed === 0 ? 'rareflow: all is well' : `rareflow: ${failed} to mend`);
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

function checkDisk(output: string): string {
  const folder = existsSync(output) ? output : path.dirname(path.resolve(output));
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new RareflowError(`${folder} cannot be written`, { cause, hint: 'write to another folder' });
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const words = `${(free / 2 ** 30).toFixed(1)} GiB free in ${path.resolve(folder)}`;
  if (free >= enoughBytes) return words;
  throw new RareflowError(`only ${words}`, { hint: 'free some space, or write to another disk' });
}

async function checkIndex(index: string | undefined): Promise<string | undefined> {
  if (index === undefined) return undefined;
  const { verifyIndex } = await import('../../search/verifyIndex.js');
  const { docs } = await verifyIndex(index);
  return `${index}: ${formatCount(docs)} documents, whole`;
}

/** The key and the endpoint, by the shortest call there is. */
async function checkModel(flags: Flags): Promise<string | undefined> {
  if (flags.model === undefined) return undefined;
  const model = modelOf({ ...flags, concurrency: 1, cache: false }, process.env, { maxAttempts: 2 });
  const began = performance.now();
  try {
    const messages = [{ role: 'user' as const, content: 'Answer with the one word: ready' }];
    const answer = await model.complete({ messages, maxTokens: flags.maxTokens ?? 512 });
    const { promptTokens, completionTokens } = answer.usage;
    const ms = Math.round(performance.now() - began);
    return `${answer.model} answered in ${ms} ms (${promptTokens} + ${completionTokens} tokens)`;
  } finally {
    await model.close();
  }
}

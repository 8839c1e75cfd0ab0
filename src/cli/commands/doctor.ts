import { mkdtempSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ExitCode, RareflowError } from '../../errors.js';
import { outputError } from '../../io/systemErrors.js';
import { writeCapabilities } from '../../llm/capabilities.js';
import { modelOptions } from '../../llm/options.js';
import { type Resolved, text } from '../../util/options.js';
import { command } from '../command.js';
import { modelFlags } from '../options/model.js';
import { baseUrlsOf } from '../options/server/baseUrls.js';
import { proxyReport, usesProxy } from '../options/server/proxies.js';
import { formatCount, inFlags, oneLine, say, stderrColors } from '../progress/terminal.js';

const MIN_FREE_BYTES = 2 ** 30;
const packageUrl = new URL('../../../package.json', import.meta.url);

const options = {
  index: text({ help: 'an index to verify', placeholder: '<path>' }),
  output: text({
    help: 'where the output will go: it must be writable, with room on the disk',
    placeholder: '<path>',
    short: 'o',
    default: '.',
  }),
  attemptTimeoutMs: { ...modelOptions.attemptTimeoutMs, default: 60_000, defaultText: undefined, group: undefined },
  ...modelFlags,
};

type Flags = Resolved<typeof options>;
/** Reports what it found; throws RareflowError for a problem. */
type Check = () => Promise<string> | string;

export const doctorCommand = command({
  name: 'doctor',
  group: 'Set up and rehearse',
  args: {},
  summary: 'Check Node, the disk, the key, the endpoint (with one tiny call) and the index, and say what to fix',
  options,
  examples: [
    'rareflow doctor --model gpt-4o-mini',
    'rareflow doctor --model qwen3 --base-url http://localhost:8000/v1 --index corpus.bm25',
  ],
  async run(_args, flags) {
    const { index, model, output } = flags;
    const checks: [string, Check | string][] = [
      ['node', checkNode],
      ['disk', () => checkDisk(output)],
      ['index', index === undefined ? 'not checked: name it with --index' : () => checkIndex(index)],
      ...(usesProxy(process.env) && model !== undefined && model !== 'offline'
        ? [['proxy', () => proxyReport(process.env, baseUrlsOf(flags, process.env))] as [string, Check]]
        : []),
      ...(model === undefined
        ? [['model', 'not checked: name it with --model'] as [string, string]]
        : serversOf(flags).map((server): [string, Check] => ['model', () => checkModel(server)])),
    ];
    const { green, red, dim } = stderrColors();
    let failed = 0;
    for (const [name, check] of checks) {
      const print = (outcome: string, found: string) => say(`  ${outcome}  ${name.padEnd(6)} ${found}`);
      if (typeof check === 'string') {
        print(dim('-   '), check);
        continue;
      }
      try {
        print(green('ok  '), await check());
      } catch (error) {
        if (!(error instanceof RareflowError)) throw error;
        failed += 1;
        print(red('FAIL'), oneLine(error.message));
        if (error.hint !== undefined) say(`               ${oneLine(inFlags(error.hint))}`);
      }
    }
    const skipped = checks.filter(([, check]) => typeof check === 'string').length;
    const passed = `${checks.length - skipped} checks passed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
    say(failed === 0 ? `rareflow: ${passed}` : `rareflow: ${failed} of ${checks.length} checks failed`);
    return failed === 0 ? ExitCode.done : ExitCode.failed;
  },
});

function checkNode(): string {
  const { version, engines } = JSON.parse(readFileSync(packageUrl, 'utf8'));
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [needMajor = 0, needMinor = 0] = engines.node.replace('>=', '').split('.').map(Number);
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    throw new RareflowError(`Node ${process.versions.node} is too old`, { hint: `install Node ${engines.node}` });
  }
  return `Node ${process.versions.node}, rareflow ${version}`;
}

/** Writes a small file where the output will go, and reads how much room is left. */
async function checkDisk(output: string): Promise<string> {
  const isFolder = statSync(output, { throwIfNoEntry: false })?.isDirectory() ?? output.endsWith('/');
  const folder = path.resolve(isFolder ? output : path.dirname(output));
  try {
    if (!isFolder) {
      const { checkOutputFile } = await import('../../io/write/atomicFile.js');
      await checkOutputFile(output, { mayBePartial: true });
    }
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
  const free = `${formatCount(Math.floor((bavail * bsize) / 2 ** 20))} MiB free in ${folder}`;
  if (bavail * bsize >= MIN_FREE_BYTES) return free;
  throw new RareflowError(`only ${free}`, { hint: 'free some space, or write to another disk' });
}

async function checkIndex(index: string): Promise<string> {
  const { verifyIndex } = await import('../../search/format/verifyIndex.js');
  const { docs } = await verifyIndex(index);
  return `${index}: ${formatCount(docs)} documents, intact`;
}

/** The flags for each server alone: with several, another server would answer for one that fails. */
function serversOf(flags: Flags): Flags[] {
  const [urls, keys] = [[flags.baseUrl ?? []].flat(), [flags.apiKeyEnv ?? []].flat()];
  if (urls.length < 2) return [flags];
  return urls.map((baseUrl, index) => {
    const key = keys[index] ?? keys[0];
    return { ...flags, baseUrl, ...(key === undefined ? {} : { apiKeyEnv: key }) };
  });
}

/** A short request with what the requests of a run have: instructions, a schema, and the sampling that the flags name. */
const question = {
  messages: [
    { role: 'system' as const, content: 'You answer with one JSON object and nothing else.' },
    { role: 'user' as const, content: 'Answer with the JSON object {"ready": true}' },
  ],
  schema: {
    name: 'ready',
    schema: {
      type: 'object',
      properties: { ready: { type: 'boolean' } },
      required: ['ready'],
      additionalProperties: false,
    },
  },
};
/** A part that is refused in words that name nothing is found by this many calls. */
const MAX_CALLS = 4;

/** Checks the key and the endpoint with the shortest call that asks what a run asks. */
async function checkModel(flags: Flags): Promise<string> {
  const { openModel } = await import('../options/openModel.js');
  const { parseBaseUrl } = await import('../../llm/openai/baseUrl.js');
  const model = openModel({ ...flags, concurrency: 1, cache: false }, process.env, { maxAttempts: 2 });
  const began = performance.now();
  try {
    const request = { ...question, maxTokens: flags.maxTokens ?? 512 };
    let answer = await model.complete(request);
    for (let call = 1; call < MAX_CALLS && model.capabilities().some((one) => one.isNarrowing); call++) {
      answer = await model.complete(request);
    }
    const { promptTokens, completionTokens } = answer.usage;
    const ms = Math.round(performance.now() - began);
    const at = [flags.baseUrl ?? []]
      .flat()
      .map((url) => ` at ${parseBaseUrl(url).href}`)
      .join('');
    const accepts = model.capabilities().map((known) => `; it accepts ${writeCapabilities(known)}`);
    return `${answer.model}${at} answered in ${ms} ms (${promptTokens} + ${completionTokens} tokens)${accepts.join('')}`;
  } finally {
    await model.close();
  }
}

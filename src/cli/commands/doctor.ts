import { mkdtempSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ExitCode, InputError, RareflowError } from '../../errors.js';
import { outputError } from '../../io/systemErrors.js';
import { writeCapabilities } from '../../llm/capabilities.js';
import { modelOptions } from '../../llm/options.js';
import { doc2QueryOptions } from '../../operators/doc2Query/options.js';
import { recordOptions } from '../../operators/recordOptions.js';
import type { StageAnswers } from '../../trial/sampleAnswers.js';
import { onOff, pick, type Resolved, text, wholeNumber } from '../../util/options.js';
import { command } from '../command.js';
import { inputHelp } from '../options/input.js';
import { modelFlags } from '../options/model.js';
import { baseUrlsOf } from '../options/server/baseUrls.js';
import { proxyReport, usesProxy } from '../options/server/proxies.js';
import { formatCount, inFlags, oneLine, printJson, say, stderrColors } from '../progress/terminal.js';

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
  sample: wholeNumber({
    help: 'send this many documents through both prompts, and show what the answers are like; of INPUT at random, else of five that come with it',
    placeholder: '<n>',
    max: 1000,
  }),
  ...pick(doc2QueryOptions, 'textKey', 'titleKey', 'language'),
  concurrency: {
    ...recordOptions.concurrency,
    group: undefined,
    help: 'the number of documents of the sample at once',
    default: 4,
  },
  json: onOff({ help: 'print the findings as JSON' }),
  attemptTimeoutMs: { ...modelOptions.attemptTimeoutMs, default: 60_000, defaultText: undefined, group: undefined },
  ...modelFlags,
};

type Flags = Resolved<typeof options>;
/** Reports what it found; throws RareflowError for a problem. */
type Check = () => Promise<string> | string;

export const doctorCommand = command({
  name: 'doctor',
  group: 'Set up and rehearse',
  args: { '[input...]': inputHelp },
  summary: 'Check Node, the disk, the key, the endpoint (with one tiny call) and the index, and say what to fix',
  options,
  examples: [
    'rareflow doctor --model gpt-4o-mini',
    'rareflow doctor --model qwen3 --base-url http://localhost:8000/v1 --index corpus.bm25',
    'rareflow doctor corpus.jsonl --sample 20 --model qwen3 --base-url http://localhost:8000/v1',
  ],
  async run(inputs, flags) {
    const { json = false, sample, model } = flags;
    const findings: Checked[] = [];
    const { green, red, dim } = stderrColors();
    const marks = { ok: green('ok  '), failed: red('FAIL'), skipped: dim('-   ') };
    const report = (finding: Checked) => {
      findings.push(finding);
      const { check, outcome, found, hint, details = [] } = finding;
      if (json) return;
      say(`  ${marks[outcome]}  ${check.padEnd(6)} ${oneLine(found)}`);
      for (const line of hint === undefined ? details : [oneLine(inFlags(hint))]) say(`               ${line}`);
    };
    for (const [check, act] of checksOf(flags)) {
      report(typeof act === 'string' ? { check, outcome: 'skipped', found: act } : await outcomeOf(check, act));
    }
    let answers: StageAnswers[] = [];
    const failed = () => findings.filter(({ outcome }) => outcome === 'failed').length;
    if (sample !== undefined && model !== undefined && failed() === 0) {
      const finding = await outcomeOf('sample', async () => {
        answers = await answersToSample(inputs, { ...flags, sample });
        return `${answers[0]?.records} documents${inputs.length === 0 ? ' that come with rareflow' : ` of ${inputs.join(', ')}`}`;
      });
      report(finding);
      const { sampleLines } = await import('../progress/sampleLines.js');
      for (const answer of answers) report(findingOf(answer, sampleLines(answer)));
    }
    const skipped = findings.filter(({ outcome }) => outcome === 'skipped').length;
    const passed = `${findings.length - skipped} checks passed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
    if (json) printJson({ checks: findings, answers });
    else say(failed() === 0 ? `rareflow: ${passed}` : `rareflow: ${failed()} of ${findings.length} checks failed`);
    return failed() === 0 ? ExitCode.done : ExitCode.failed;
  },
});

interface Checked {
  check: string;
  outcome: 'ok' | 'failed' | 'skipped';
  found: string;
  hint?: string | undefined;
  details?: string[];
}

function checksOf(flags: Flags): [string, Check | string][] {
  const { index, model, output } = flags;
  return [
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
}

async function outcomeOf(check: string, act: Check): Promise<Checked> {
  try {
    return { check, outcome: 'ok', found: await act() };
  } catch (error) {
    if (!(error instanceof RareflowError)) throw error;
    return { check, outcome: 'failed', found: error.message, hint: error.hint };
  }
}

/** A stage has failed if it accepted less than half of the sample. */
function findingOf({ stage, records, accepted }: StageAnswers, [found = '', ...details]: string[]): Checked {
  const check = stage === 'doc2query' ? 'ask' : 'teach';
  if (records === 0) return { check, outcome: 'skipped', found: `${stage}: not asked, as no question was made` };
  return { check, outcome: accepted * 2 >= records ? 'ok' : 'failed', found: `${stage}: ${found}`, details };
}

/** Sends documents through the prompts of a run, with the cache of the output if one is named. */
async function answersToSample(inputs: string[], flags: Flags & { sample: number }): Promise<StageAnswers[]> {
  const { sample, textKey, titleKey, language, concurrency, output } = flags;
  const [
    { openModel },
    { sampleAnswers },
    { trialDocuments },
    { sampleRecords },
    { accepts },
    { inputPaths },
    { documentKey },
  ] = await Promise.all([
    import('../options/openModel.js'),
    import('../../trial/sampleAnswers.js'),
    import('../../trial/trialDocuments.js'),
    import('../../chain/sampleRecords.js'),
    import('../../chain/plannedStages.js'),
    import('../run/streamFiles.js'),
    import('../../util/keyPath.js'),
  ]);
  const key = documentKey({ textKey, titleKey });
  const { records } =
    inputs.length === 0
      ? { records: trialDocuments.slice(0, sample) }
      : await sampleRecords(await inputPaths(inputs), { size: sample, isUsable: accepts([key], []) });
  if (records.length === 0) {
    throw new InputError(`no record has a text under the key "${key}"`, {
      path: inputs.join(', '),
      hint: 'name its key with --text-key; rareflow inspect shows the keys',
    });
  }
  const model = openModel({ ...flags, output: isFolder(output) ? undefined : output }, process.env);
  try {
    return await sampleAnswers(records, { model, concurrency, textKey, titleKey, language });
  } finally {
    await model.close();
  }
}

function checkNode(): string {
  const { version, engines } = JSON.parse(readFileSync(packageUrl, 'utf8'));
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [needMajor = 0, needMinor = 0] = engines.node.replace('>=', '').split('.').map(Number);
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    throw new RareflowError(`Node ${process.versions.node} is too old`, { hint: `install Node ${engines.node}` });
  }
  return `Node ${process.versions.node}, rareflow ${version}`;
}

/** Returns true for a folder, and for the name of one that is not there. */
const isFolder = (output: string): boolean =>
  statSync(output, { throwIfNoEntry: false })?.isDirectory() ?? output.endsWith('/');

/** Writes a small file where the output will go, and reads how much room is left. */
async function checkDisk(output: string): Promise<string> {
  const folder = path.resolve(isFolder(output) ? output : path.dirname(output));
  try {
    if (!isFolder(output)) {
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
    const accepts = model.capabilities().map((known) => `; requests are sent with ${writeCapabilities(known)}`);
    return `${answer.model}${at} answered in ${ms} ms (${promptTokens} + ${completionTokens} tokens)${accepts.join('')}`;
  } finally {
    await model.close();
  }
}

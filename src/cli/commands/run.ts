import { checkOptions, checkRules } from '../../chain/checkOptions.js';
import { UsageError } from '../../errors.js';
import { negativeRules, SPARE_FOR_JUDGE } from '../../operators/bm25HardNeg/options.js';
import { doc2QueryOptions } from '../../operators/doc2Query/options.js';
import { reasonDistillOptions } from '../../operators/reasonDistill/options.js';
import { list, type Option, omit, type Resolved, resolveOptions, text, united, valuesOf } from '../../util/options.js';
import { command } from '../command.js';
import { batchFlags } from '../options/batch.js';
import { isDryRun } from '../options/dryRun.js';
import { flagName } from '../options/flags.js';
import { indexFlags } from '../options/indexFlags.js';
import { inputHelp } from '../options/input.js';
import { askingFlags } from '../options/model.js';
import { negativesFlags } from '../options/negatives.js';
import { outputOptions, stepOptions } from '../options/output.js';
import { promptFileOption, promptTemplateOf } from '../options/promptFile.js';
import { confirmModelFlags, judgeFlagIn, judgeModelFlags, stageModelFlags } from '../options/server/stageModels.js';
import { inputOptions } from '../options/stream.js';
import { sayNotice } from '../progress/terminal.js';
import { runFolderPath } from '../runFolderPath.js';

const library = ['model', 'promptTemplate', 'rejects', 'onKept'] as const;
const questionFlags = omit(doc2QueryOptions, ...library);
const reasoningFlags = omit(reasonDistillOptions, ...library, 'judgeModel');
const chainFlags = united(united(reasoningFlags, negativesFlags), questionFlags);
const ruleFlags = { ...checkRules, filterDocuments: omit(checkRules.filterDocuments, 'keep') };
const stageFlags = {
  ...{ ...ruleFlags.filterDocuments, ...ruleFlags.judgeQuestions, ...ruleFlags.judgeNegatives },
  ...{ ...checkOptions, ...chainFlags },
};
const seed = { ...chainFlags.seed, help: 'seeds the order of the documents, and --sampling random' };
const options = {
  index: text({
    help: 'the index to search; it is built there if it does not exist',
    placeholder: '<path>',
    defaultText: 'OUTPUT.rareflow/index.bm25',
    shapesRecords: false,
  }),
  corpus: list({
    help: 'the corpus from which negatives are taken',
    placeholder: '<file...>',
    defaultText: 'the input',
    shapesRecords: false,
  }),
  decontaminate: list({
    help: 'leave out documents, and then questions, that share 13 words with these files of benchmarks',
    placeholder: '<file...>',
    defaultText: 'none',
    group: 'Documents',
    shapesRecords: false,
  }),
  doc2queryPromptFile: promptFileOption('{{text}}, for questions'),
  reasonDistillPromptFile: promptFileOption('{{question}}, {{documents}} and optionally {{scenario}}, for reasoning'),
  ...{ ...askingFlags, ...judgeModelFlags, ...confirmModelFlags },
  ...stageModelFlags,
  ...outputOptions,
  ...stepOptions,
  ...inputOptions,
  ...omit(indexFlags, 'threads'),
  ...stageFlags,
  seed,
};

export type RunFlags = Resolved<typeof options>;

export const runCommand = command({
  name: 'run',
  group: 'Make data',
  args: { '[input...]': inputHelp },
  summary: 'Run the whole chain: doc2query, bm25-hard-neg, reason-distill',
  options,
  examples: [
    'rareflow run corpus.jsonl -o out.jsonl --model gpt-4o-mini',
    'rareflow run corpus.jsonl -o out.jsonl --model qwen3 --base-url http://localhost:8000/v1 --concurrency 64',
    'rareflow run corpus.jsonl --dry-run --model gpt-4o-mini --prices prices.json',
  ],
  async run(inputs, given) {
    const flags = batchFlags(given);
    const questionPrompt = promptTemplateOf(flags.doc2queryPromptFile);
    const reasoningPrompt = promptTemplateOf(flags.reasonDistillPromptFile);
    refuseUnusedRules(given);
    if (isDryRun(flags)) return planOf(inputs, flags, questionPrompt, reasoningPrompt);
    const [
      { resolveRules },
      { openModels },
      { inputPaths, outputsOf },
      { openMetrics },
      { canResume, openRunFolder },
      { workFolder },
      { holdsIndex },
      { openIndexWithProgress },
      { checkChainKeys },
      { rareChain },
      { keptCounter, shortfallCounter },
      { isDevice },
      { runStream },
      { readBenchmarks },
      { inputIdentity },
    ] = await Promise.all([
      import('../../operators/bm25HardNeg/rules.js'),
      import('../options/openModel.js'),
      import('../run/streamFiles.js'),
      import('../progress/metrics.js'),
      import('../run/runFolder.js'),
      import('../run/workFolder.js'),
      import('../../chain/corpusIndex.js'),
      import('../run/indexProgress.js'),
      import('../../chain/chainKeys.js'),
      import('../../chain/rareChain.js'),
      import('../run/shortfall.js'),
      import('../runFolderPath.js'),
      import('../run/streamRun.js'),
      import('../../chain/benchmarkFiles.js'),
      import('../run/inputIdentity.js'),
    ]);
    // Before an index is built for an hour.
    checkChainKeys(flags);
    if (flags.profile === undefined) {
      const rules = resolveOptions('run', negativeRules, valuesOf(negativeRules, flags));
      resolveRules(rules, flags.numNeg ?? 3, flags.spare ?? (flags.judgeNegatives ? SPARE_FOR_JUDGE : 0));
    }
    if (flags.shard !== undefined && (flags.index === undefined || !holdsIndex(flags.index))) {
      throw new UsageError('the shards of a run search one index, which is built before them', {
        hint: 'rareflow index CORPUS -o shared.bm25, then add --index shared.bm25',
      });
    }
    const { model, judgeModel, confirmModel } = openModels(flags, process.env);
    await using _connections = { [Symbol.asyncDispose]: () => model.close() };
    const files = await inputPaths(inputs, { documentsOnly: true });
    const corpus = flags.corpus === undefined ? undefined : await inputPaths([flags.corpus].flat());
    await outputsOf([...files, ...(corpus ?? [])], flags);
    await using metrics = await openMetrics(flags);
    // A queue that cannot be used is refused before anything is written.
    const join = () => model.join();
    if (!canResume(flags.output)) await join();
    await using folder = canResume(flags.output) ? await openRunFolder(flags.output, { ...flags, join }) : undefined;
    const work = workFolder(flags.output);
    try {
      const ready = flags.index !== undefined && holdsIndex(flags.index);
      const readTwice = !ready && corpus === undefined;
      const inputNames = new Map<string, string>();
      const paths: string[] = [];
      for (const input of files) {
        const spools = readTwice && (input === '-' || isDevice(input));
        if (spools && !flags.store) throw withoutFile(input);
        const path = spools ? await work.spool(input) : input;
        if (spools) inputNames.set(path, input === '-' ? 'stdin' : input);
        paths.push(path);
      }
      const searcher = await openIndexWithProgress(corpus ?? paths, flags.index ?? work.path('index.bm25'), {
        ...flags,
        isOurs: flags.index === undefined,
      });
      try {
        const benchmarkPaths = flags.decontaminate === undefined ? [] : await inputPaths([flags.decontaminate].flat());
        const benchmarks = benchmarkPaths.length === 0 ? undefined : await readBenchmarks(benchmarkPaths);
        const { onShortfall, lines: shortLines } = shortfallCounter(
          flags.judgeNegatives ? 'judge_negatives' : undefined,
        );
        const { onKept, lines: keptLines } = keptCounter();
        const notes = () => [...keptLines(), ...shortLines()];
        const { stages, settings } = rareChain({
          ...valuesOf(stageFlags, flags),
          ...{ model, benchmarks, judgeModel, confirmModel, index: searcher, onShortfall, onKept, onNotice: sayNotice },
          doc2QueryConcurrency: flags.doc2queryConcurrency,
          reasonDistillConcurrency: flags.reasonDistillConcurrency,
          judgeConcurrency: flags.judgeConcurrency,
          ...{ doc2QueryPromptTemplate: questionPrompt, reasonDistillPromptTemplate: reasoningPrompt },
        });
        const against = benchmarks && { decontaminate: benchmarkPaths.map(inputIdentity) };
        const facts = { prompts: settings.prompts, index: settings.index, ...against };
        const shape = { command: 'run', options, facts };
        return await runStream({
          ...{ inputs: paths, inputNames, flags, stages, shape, folder, metrics, model, notes },
          keys: [flags.textKey, flags.idKey],
        });
      } finally {
        await searcher.close();
      }
    } finally {
      work.close();
    }
  },
});

/** Throws UsageError for rules of a stage that the run does not have. */
function refuseUnusedRules(flags: RunFlags): void {
  const values = flags as Record<string, unknown>;
  for (const [stage, rules] of Object.entries(ruleFlags)) {
    const set = Object.entries<Option>(rules).find(([name, option]) => values[name] !== option.default);
    if (values[stage] !== true && set !== undefined)
      throw new UsageError(`${flagName(set[0])} needs ${flagName(stage)}`);
  }
  const judges = flags.judgeQuestions || flags.judgeNegatives || flags.accept === 'judge';
  const judgeFlag = judgeFlagIn(flags);
  if (judgeFlag !== undefined && !judges) {
    throw new UsageError(`${flagName(judgeFlag)} needs --judge-questions, --judge-negatives or --accept judge`);
  }
  if (flags.confirmModel !== undefined && !flags.judgeNegatives) {
    throw new UsageError('--confirm-model needs --judge-negatives');
  }
}

function withoutFile(input: string): UsageError {
  const name = input === '-' ? 'stdin' : input;
  return new UsageError(`--no-store reads the texts from the corpus again, and ${name} is not a file`, {
    hint: 'leave out --no-store',
  });
}

async function planOf(inputs: string[], flags: RunFlags, questionPrompt?: string, reasoningPrompt?: string) {
  const [{ rarePlan }, { holdsIndex }, { dryRun }, { inputPaths }] = await Promise.all([
    import('../../chain/rarePlan.js'),
    import('../../chain/corpusIndex.js'),
    import('../run/dryRun.js'),
    import('../run/streamFiles.js'),
  ]);
  const corpus = flags.corpus === undefined ? undefined : await inputPaths([flags.corpus].flat());
  const plan = rarePlan({
    ...valuesOf(stageFlags, flags),
    ...{ doc2QueryPromptTemplate: questionPrompt, reasonDistillPromptTemplate: reasoningPrompt },
    ...{ judgeModel: flags.judgeModel, confirmModel: flags.confirmModel },
  });
  const folder = runFolderPath(flags.output);
  const target = flags.index ?? (folder && `${folder}/index.bm25`);
  const hasIndex = target !== undefined && holdsIndex(target);
  const index = hasIndex ? undefined : { analyzer: flags.analyzer, store: flags.store, textKey: flags.textKey };
  const files = await inputPaths(inputs, { documentsOnly: true });
  return dryRun(files, { ...plan, corpus, index }, flags);
}

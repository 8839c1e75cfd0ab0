import { plannedDoc2Query, plannedReasonDistill, takes } from '../../chain/plannedStages.js';
import { UsageError } from '../../errors.js';
import { bm25HardNeg } from '../../operators/bm25HardNeg/bm25HardNeg.js';
import { resolveRules } from '../../operators/bm25HardNeg/rules.js';
import { doc2Query } from '../../operators/doc2Query/doc2Query.js';
import { version as questionVersion } from '../../operators/doc2Query/prompt.js';
import { version as reasoningVersion } from '../../operators/reasonDistill/prompt.js';
import { reasonDistill } from '../../operators/reasonDistill/reasonDistill.js';
import { versionOf } from '../../operators/template.js';
import { defaultKeys } from '../../record.js';
import type { CommandSpec } from '../command.js';
import { batchFlags } from '../options/batch.js';
import { type HardNegFlags, hardNegOptions, shortfallCounter } from '../options/hardNegOptions.js';
import { type ModelFlags, modelOf } from '../options/model.js';
import { key, option, otherwise } from '../options/option.js';
import {
  batchOptions,
  doc2QueryOptions,
  dryRunOptions,
  indexOptions,
  inputHelp,
  languageOption,
  limitOptions,
  modelOptions,
  moneyOptions,
  readOptions,
  recordOptions,
  seedOption,
  writeOptions,
} from '../options/options.js';
import { promptTemplateOf } from '../options/promptFile.js';
import { operatorOptions, type RecordFlags, type StreamFlags } from '../options/streamFlags.js';
import { openMetrics } from '../progress/metrics.js';
import { buildOrReuseIndex, type CorpusFlags, holdsIndex } from '../run/corpusIndex.js';
import { type DryRunFlags, dryRun, isDryRun } from '../run/dryRun.js';
import { isDevice } from '../run/files.js';
import { canResume, openRunFolder } from '../run/runFolder.js';
import { indexIdentity } from '../run/runSettings.js';
import { inputPaths, outputsOf } from '../run/streamFiles.js';
import { runStream } from '../run/streamRun.js';
import { workFolder } from '../run/workFolder.js';

interface Flags extends StreamFlags, RecordFlags, ModelFlags, DryRunFlags, CorpusFlags, HardNegFlags {
  index?: string;
  corpus?: string[];
  maxAttempts: number;
  queriesPerDoc: number;
  seed: number;
  language: 'auto' | 'en' | 'zh';
  inputScenarioKey: string;
  doc2queryPromptFile?: string;
  reasonDistillPromptFile?: string;
}

function withoutFile(input: string): UsageError {
  return new UsageError(
    `--no-store reads the texts from the corpus again, and ${input === '-' ? 'stdin' : input} is no file`,
    {
      hint: 'leave out --no-store',
    },
  );
}

export const runCommand: CommandSpec = {
  name: 'run',
  group: 'Make data',
  args: { '[input...]': inputHelp },
  summary: 'Run the whole chain: doc2query, bm25-hard-neg, reason-distill',
  options: [
    otherwise(
      'OUTPUT.rareflow/index.bm25',
      option('--index <path>', 'the index to search, built there if there is none yet'),
    ),
    otherwise('the input', option('--corpus <file...>', 'the corpus to take negatives from')),
    languageOption(),
    option('--doc2query-prompt-file <file>', 'a prompt of your own for questions, with {{text}}'),
    option(
      '--reason-distill-prompt-file <file>',
      'a prompt of your own for reasoning, with {{question}}, {{documents}} and, if you like, {{scenario}}',
    ),
    key('--input-scenario-key <key>', "the key that holds the scenario; '' if your prompt makes none", 'scenario'),
    seedOption('seeds the order of the documents, and --sampling random'),
    ...modelOptions(),
    ...writeOptions(),
    ...recordOptions(),
    ...readOptions(),
    ...doc2QueryOptions(),
    ...hardNegOptions(),
    ...indexOptions(),
    ...limitOptions(),
    ...moneyOptions(),
    ...dryRunOptions(),
    ...batchOptions(),
  ],
  examples: [
    'rareflow run corpus.jsonl -o out.jsonl --model gpt-4o-mini',
    'rareflow run corpus.jsonl -o out.jsonl --model qwen3 --base-url http://localhost:8000/v1 --concurrency 64',
    'rareflow run corpus.jsonl --dry-run --model gpt-4o-mini --prices prices.json',
  ],
  async run(inputs: string[], asked: Flags) {
    const flags = batchFlags(asked);
    const questionPrompt = promptTemplateOf(flags.doc2queryPromptFile);
    const reasoningPrompt = promptTemplateOf(flags.reasonDistillPromptFile);
    if (isDryRun(flags)) return planOf(inputs, flags, questionPrompt, reasoningPrompt);
    // Before an index is built for an hour.
    if (flags.profile === undefined) resolveRules(flags, flags.numNeg ?? 3);
    const model = modelOf(flags, process.env);
    const given = await inputPaths(inputs);
    const corpus = flags.corpus && (await inputPaths(flags.corpus));
    await outputsOf([...given, ...(corpus ?? [])], flags);
    await using metrics = await openMetrics(flags);
    await using folder = canResume(flags.output) ? openRunFolder(flags.output) : undefined;
    const work = workFolder(flags.output);
    try {
      const ready = flags.index !== undefined && holdsIndex(flags.index);
      const readTwice = !ready && corpus === undefined;
      const inputNames = new Map<string, string>();
      const paths: string[] = [];
      for (const input of given) {
        const spools = readTwice && (input === '-' || isDevice(input));
        if (spools && !flags.store) throw withoutFile(input);
        const path = spools ? await work.spool(input) : input;
        if (spools) inputNames.set(path, input === '-' ? 'stdin' : input);
        paths.push(path);
      }
      const searcher = await buildOrReuseIndex(corpus ?? paths, flags.index ?? work.path('index.bm25'), {
        ...flags,
        isOurs: flags.index === undefined,
      });
      try {
        const common = { ...operatorOptions(flags), model, index: searcher };
        const { textKey: inputTextKey } = flags;
        const shortfall = shortfallCounter();
        const stages = [
          {
            name: 'doc2query',
            operator: doc2Query({ ...common, inputKey: inputTextKey, promptTemplate: questionPrompt }),
          },
          {
            name: 'bm25_hard_neg',
            operator: bm25HardNeg({ ...common, inputTextKey, onShortfall: shortfall.onShortfall }),
          },
          {
            name: 'reason_distill',
            operator: reasonDistill({ ...common, inputTextKey, promptTemplate: reasoningPrompt }),
          },
        ];
        const shape = {
          command: 'run',
          prompts: [versionOf(questionVersion, questionPrompt), versionOf(reasoningVersion, reasoningPrompt)],
          index: indexIdentity(searcher),
        };
        const notes = shortfall.lines;
        return await runStream({ inputs: paths, inputNames, flags, stages, shape, folder, metrics, model, notes });
      } finally {
        await searcher.close();
      }
    } finally {
      work.close();
    }
  },
};

async function planOf(inputs: string[], flags: Flags, questionPrompt?: string, reasoningPrompt?: string) {
  const { textKey, inputScenarioKey: scenarioInput, overwrite, numNeg = 3, queriesPerDoc } = flags;
  const corpus = flags.corpus && (await inputPaths(flags.corpus));
  const { text, question, scenario, hardNegatives, reasoning } = { ...defaultKeys, text: textKey };
  const stages = [
    plannedDoc2Query({ ...flags, inputKey: text, template: questionPrompt }),
    plannedReasonDistill({
      ...{ ...flags, inputTextKey: text, inputQuestionKey: question, inputScenarioKey: scenarioInput },
      ...{ inputHardnegKey: hardNegatives, numNeg, perRecord: queriesPerDoc, template: reasoningPrompt },
    }),
  ];
  const isUsable = takes([text], [question, scenario, hardNegatives, reasoning], overwrite);
  const input = { paths: inputs, isUsable };
  return dryRun({ input, corpus: corpus && { paths: corpus, isUsable: takes([text], []) }, numNeg, stages, flags });
}

import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { bm25HardNeg } from '../../operators/bm25HardNeg.js';
import { doc2Query } from '../../operators/doc2Query.js';
import { reasonDistill } from '../../operators/reasonDistill.js';
import type { CommandSpec } from '../commandSpec.js';
import { buildOrReuseIndex, type CorpusFlags } from '../corpusIndex.js';
import { type HardNegFlags, hardNegOptions, shortfallCounter } from '../hardNegOptions.js';
import { abortOnInterrupt } from '../interrupt.js';
import { type ModelFlags, modelOf } from '../model.js';
import {
  doc2QueryOptions,
  indexOptions,
  languageOption,
  modelOptions,
  option,
  readOptions,
  recordOptions,
  seedOption,
  writeOptions,
} from '../options.js';
import { promptTemplateOf } from '../promptFile.js';
import { inputPaths, operatorOptions, type RecordFlags, runStream, type StreamFlags } from '../streamRun.js';
import { say } from '../terminal.js';

interface Flags extends StreamFlags, RecordFlags, ModelFlags, CorpusFlags, HardNegFlags {
  index?: string;
  corpus?: string[];
  maxAttempts: number;
  queriesPerDoc: number;
  seed: number;
  language: 'auto' | 'en' | 'zh';
  doc2queryPromptFile?: string;
  reasonDistillPromptFile?: string;
}

export const runCommand: CommandSpec = {
  name: 'run',
  args: '[input...]',
  summary: 'Run the whole chain: doc2query, bm25-hard-neg, reason-distill',
  options: [
    ...modelOptions(),
    option('--index <path>', 'the index to use, built there where it is not (default: OUTPUT.rareflow/index.bm25)'),
    option('--corpus <file...>', 'the corpus to take negatives from (default: the input)'),
    ...indexOptions(),
    ...doc2QueryOptions(),
    ...hardNegOptions(),
    seedOption('seeds the order of the documents, and --sampling random'),
    languageOption(),
    option('--doc2query-prompt-file <file>', 'a prompt of your own for questions, with {{text}}'),
    option(
      '--reason-distill-prompt-file <file>',
      'a prompt of your own for reasoning, with {{question}} and {{documents}}',
    ),
    ...recordOptions(),
    ...readOptions(),
    ...writeOptions(),
  ],
  examples: [
    'rareflow run corpus.jsonl -o out.jsonl --model gpt-4o-mini',
    'rareflow run corpus.jsonl -o out.jsonl --model qwen3 --base-url http://localhost:8000/v1 --concurrency 64',
  ],
  async run(inputs: string[], flags: Flags) {
    const questionPrompt = promptTemplateOf(flags.doc2queryPromptFile);
    const reasoningPrompt = promptTemplateOf(flags.reasonDistillPromptFile);
    const model = modelOf(flags, process.env);
    const work = workFolder(flags.output);
    try {
      const given = inputPaths(inputs);
      const index = flags.index !== undefined && existsSync(flags.index) ? flags.index : undefined;
      const paths = given.includes('-') && index === undefined && !flags.corpus ? [await work.spool()] : given;
      const searcher = await (index === undefined
        ? buildOrReuseIndex(flags.corpus ?? paths, flags.index ?? (await work.path('index.bm25')), flags)
        : (await import('../../search/bm25Index.js')).openIndex(index));
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
        return await runStream({ inputs: paths, flags, stages, model, notes: shortfall.lines });
      } finally {
        await searcher.close();
      }
    } finally {
      await work.close();
    }
  },
};

/** Where a run keeps what it needs besides its output: OUTPUT.rareflow, or a temporary folder when it writes to stdout. */
function workFolder(output: string | undefined) {
  let folder: string | undefined;
  let spooled: string | undefined;
  const open = async () => {
    if (output === undefined || output === '-') return mkdtemp(path.join(os.tmpdir(), 'rareflow-'));
    await mkdir(`${output}.rareflow`, { recursive: true });
    return `${output}.rareflow`;
  };
  const pathOf = async (name: string) => {
    folder ??= await open();
    return path.join(folder, name);
  };
  return {
    path: pathOf,
    /** Copies stdin to disk: it is read twice, once for the index and once for the questions. */
    async spool(): Promise<string> {
      spooled = await pathOf('stdin.jsonl');
      say(`rareflow: copying stdin to ${spooled} first, to index all of it before the first question`);
      using interrupt = abortOnInterrupt();
      await pipeline(process.stdin, createWriteStream(spooled), { signal: interrupt.signal });
      return spooled;
    },
    async close(): Promise<void> {
      if (spooled !== undefined) await rm(spooled, { force: true });
      if (folder === undefined) return;
      if (folder !== `${output}.rareflow`) await rm(folder, { recursive: true, force: true });
      else await rmdir(folder).catch(() => {}); // stays where it holds an index
    },
  };
}

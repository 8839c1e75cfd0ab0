import { plannedDoc2Query, takes } from '../../chain/plannedStages.js';
import { doc2Query } from '../../operators/doc2Query/doc2Query.js';
import { version } from '../../operators/doc2Query/prompt.js';
import { versionOf } from '../../operators/template.js';
import type { CommandSpec } from '../command.js';
import { batchFlags } from '../options/batch.js';
import { type ModelFlags, modelOf } from '../options/model.js';
import { key } from '../options/option.js';
import {
  batchOptions,
  doc2QueryOptions,
  dryRunOptions,
  inputHelp,
  languageOption,
  limitOptions,
  modelOptions,
  moneyOptions,
  promptFileOption,
  readOptions,
  recordOptions,
  writeOptions,
} from '../options/options.js';
import { promptTemplateOf } from '../options/promptFile.js';
import { operatorOptions, type RecordFlags, type StreamFlags } from '../options/streamFlags.js';
import { type DryRunFlags, dryRun, isDryRun } from '../run/dryRun.js';
import { runStream } from '../run/streamRun.js';

interface Flags extends StreamFlags, RecordFlags, ModelFlags, DryRunFlags {
  inputKey: string;
  outputQuestionKey: string;
  outputScenarioKey: string;
  maxAttempts: number;
  queriesPerDoc: number;
  language: 'auto' | 'en' | 'zh';
  promptFile?: string;
}

export const doc2QueryCommand: CommandSpec = {
  name: 'doc2query',
  group: 'Make data',
  args: { '[input...]': inputHelp },
  summary: 'Make a question and a scenario of each document',
  options: [
    key('--input-key <key>', 'the key that holds the document', 'text'),
    key('--output-question-key <key>', 'the key to write the question to', 'question'),
    key('--output-scenario-key <key>', 'the key to write the scenario to', 'scenario'),
    languageOption(),
    promptFileOption('{{text}}'),
    ...doc2QueryOptions(),
    ...modelOptions(),
    ...writeOptions(),
    ...recordOptions(),
    ...readOptions(),
    ...limitOptions(),
    ...moneyOptions(),
    ...dryRunOptions(),
    ...batchOptions(),
  ],
  examples: [
    'rareflow doc2query corpus.jsonl -o questions.jsonl --model gpt-4o-mini',
    'rareflow doc2query --model offline < corpus.jsonl | head -3',
  ],
  async run(inputs: string[], asked: Flags) {
    const flags = batchFlags(asked);
    const promptTemplate = promptTemplateOf(flags.promptFile);
    if (isDryRun(flags)) {
      const { inputKey, outputQuestionKey, outputScenarioKey, overwrite } = flags;
      const isUsable = takes([inputKey], [outputQuestionKey, outputScenarioKey], overwrite);
      const stages = [plannedDoc2Query({ ...flags, template: promptTemplate })];
      return dryRun({ input: { paths: inputs, isUsable }, stages, flags });
    }
    const model = modelOf(flags, process.env);
    const operator = doc2Query({ ...operatorOptions(flags), model, promptTemplate });
    const shape = { command: 'doc2query', prompt: versionOf(version, promptTemplate) };
    return runStream({ inputs, flags, stages: [{ name: 'doc2query', operator }], shape, model });
  },
};

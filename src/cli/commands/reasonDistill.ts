import { plannedReasonDistill, takes } from '../../chain/plannedStages.js';
import { version } from '../../operators/reasonDistill/prompt.js';
import { reasonDistill } from '../../operators/reasonDistill/reasonDistill.js';
import { textListProblem } from '../../operators/recordOperator.js';
import { versionOf } from '../../operators/template.js';
import type { DataRecord } from '../../record.js';
import type { CommandSpec } from '../command.js';
import { batchFlags } from '../options/batch.js';
import { type ModelFlags, modelOf } from '../options/model.js';
import { key } from '../options/option.js';
import {
  batchOptions,
  dryRunOptions,
  inputHelp,
  languageOption,
  limitOptions,
  modelOptions,
  moneyOptions,
  promptFileOption,
  readOptions,
  recordOptions,
  seedOption,
  writeOptions,
} from '../options/options.js';
import { promptTemplateOf } from '../options/promptFile.js';
import { operatorOptions, type RecordFlags, type StreamFlags } from '../options/streamFlags.js';
import { type DryRunFlags, dryRun, isDryRun } from '../run/dryRun.js';
import { runStream } from '../run/streamRun.js';

interface Flags extends StreamFlags, RecordFlags, ModelFlags, DryRunFlags {
  inputTextKey: string;
  inputQuestionKey: string;
  inputScenarioKey: string;
  inputHardnegKey: string;
  outputKey: string;
  seed: number;
  language: 'auto' | 'en' | 'zh';
  promptFile?: string;
}

export const reasonDistillCommand: CommandSpec = {
  name: 'reason-distill',
  group: 'Make data',
  args: { '[input...]': inputHelp },
  summary: 'Have a teacher model reason over each question and its shuffled documents',
  options: [
    key('--input-text-key <key>', 'the key that holds the positive document', 'text'),
    key('--input-question-key <key>', 'the key that holds the question', 'question'),
    key('--input-scenario-key <key>', "the key that holds the scenario; '' for questions without one", 'scenario'),
    key('--input-hardneg-key <key>', 'the key that holds the list of negatives', 'hard_negatives'),
    key('--output-key <key>', 'the key to write the reasoning to', 'reasoning'),
    seedOption('seeds the order of the documents'),
    languageOption(),
    promptFileOption('{{question}}, {{documents}} and, if you like, {{scenario}}'),
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
    'rareflow reason-distill mined.jsonl -o out.jsonl --model gpt-4o-mini',
    'rareflow reason-distill mined.jsonl -o out.jsonl --model deepseek-reasoner --base-url https://api.deepseek.com --api-key-env DEEPSEEK_API_KEY',
  ],
  async run(inputs: string[], asked: Flags) {
    const flags = batchFlags(asked);
    const promptTemplate = promptTemplateOf(flags.promptFile);
    if (isDryRun(flags)) {
      const { inputTextKey, inputQuestionKey, inputScenarioKey, inputHardnegKey, outputKey, overwrite } = flags;
      const read = [inputTextKey, inputQuestionKey, inputScenarioKey].filter((key) => key !== '');
      const hasTexts = takes(read, [outputKey], overwrite);
      const isUsable = (record: DataRecord) =>
        hasTexts(record) && textListProblem(record[inputHardnegKey]) === undefined;
      const input = { paths: inputs, isUsable };
      const stages = [plannedReasonDistill({ ...flags, template: promptTemplate })];
      return dryRun({ input, stages, flags });
    }
    const model = modelOf(flags, process.env);
    const operator = reasonDistill({ ...operatorOptions(flags), model, promptTemplate });
    const shape = { command: 'reason-distill', prompt: versionOf(version, promptTemplate) };
    return runStream({ inputs, flags, stages: [{ name: 'reason_distill', operator }], shape, model });
  },
};

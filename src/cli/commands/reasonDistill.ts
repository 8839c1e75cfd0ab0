import { UsageError } from '../../errors.js';
import { reasonDistillOptions } from '../../operators/reasonDistill/options.js';
import type { DataRecord } from '../../record.js';
import { documentKey, valueAt } from '../../util/keyPath.js';
import { omit, type Resolved, valuesOf } from '../../util/options.js';
import { command } from '../command.js';
import { batchFlags } from '../options/batch.js';
import { isDryRun } from '../options/dryRun.js';
import { flagName } from '../options/flags.js';
import { inputHelp } from '../options/input.js';
import { askingFlags } from '../options/model.js';
import { outputOptions } from '../options/output.js';
import { promptFileOption, promptTemplateOf } from '../options/promptFile.js';
import { judgeFlagIn, judgeModelFlags } from '../options/server/stageModels.js';
import { inputOptions } from '../options/stream.js';

const operatorFlags = omit(reasonDistillOptions, 'model', 'judgeModel', 'promptTemplate', 'rejects', 'onKept');
const options = {
  ...operatorFlags,
  promptFile: promptFileOption('{{question}}, {{documents}} and optionally {{scenario}}'),
  ...{ ...askingFlags, ...judgeModelFlags },
  ...outputOptions,
  ...inputOptions,
};

export const reasonDistillCommand = command({
  name: 'reason-distill',
  group: 'Make data',
  args: { '[input...]': inputHelp },
  summary: 'Have a teacher model reason over each question and its shuffled documents',
  options,
  examples: [
    'rareflow reason-distill mined.jsonl -o out.jsonl --model gpt-4o-mini',
    'rareflow reason-distill mined.jsonl -o out.jsonl --model gpt-4o-mini --samples 4 --accept answer',
    'rareflow reason-distill mined.jsonl -o out.jsonl --model deepseek-reasoner --base-url https://api.deepseek.com --api-key-env DEEPSEEK_API_KEY',
  ],
  async run(inputs, given) {
    const flags = batchFlags(given);
    const promptTemplate = promptTemplateOf(flags.promptFile);
    if (isDryRun(flags)) return plan(inputs, flags, promptTemplate);
    const [
      { reasonDistill },
      { REASON_DISTILL_PROMPT_VERSION },
      { versionOf },
      { openModels },
      { runStream },
      { keptCounter },
    ] = await Promise.all([
      import('../../operators/reasonDistill/reasonDistill.js'),
      import('../../operators/reasonDistill/prompt.js'),
      import('../../operators/template.js'),
      import('../options/openModel.js'),
      import('../run/streamRun.js'),
      import('../run/shortfall.js'),
    ]);
    const judgeFlag = judgeFlagIn(flags);
    if (judgeFlag !== undefined && flags.accept !== 'judge') {
      throw new UsageError(`${flagName(judgeFlag)} needs --accept judge`);
    }
    const { model, judgeModel } = openModels(flags, process.env);
    const { onKept, lines: notes } = keptCounter();
    const operator = reasonDistill({ ...valuesOf(operatorFlags, flags), model, judgeModel, promptTemplate, onKept });
    const shape = {
      command: 'reason-distill',
      options,
      facts: { prompt: versionOf(REASON_DISTILL_PROMPT_VERSION, promptTemplate) },
    };
    return runStream({
      ...{ inputs, flags, shape, model, notes, keys: [flags.textKey] },
      stages: [{ name: 'reason_distill', operator }],
    });
  },
});

async function plan(
  inputs: string[],
  flags: Resolved<typeof options>,
  promptTemplate: string | undefined,
): Promise<number> {
  const [{ accepts, plannedAcceptance, plannedReasonDistill }, { textListProblem }, { dryRun }] = await Promise.all([
    import('../../chain/plannedStages.js'),
    import('../../operators/inputKeys.js'),
    import('../run/dryRun.js'),
  ]);
  const { questionKey, scenarioKey, negativesKey, reasoningKey, overwrite, keepExisting } = flags;
  const read = [documentKey(flags), questionKey, scenarioKey].filter((key) => key !== '');
  const hasTexts = accepts(read, [reasoningKey], overwrite || keepExisting);
  const isUsable = (record: DataRecord) =>
    hasTexts(record) && textListProblem(valueAt(record, negativesKey)) === undefined;
  const asked = { ...flags, promptTemplate };
  const accepting = flags.accept === 'judge' ? [plannedAcceptance({ ...asked, model: flags.judgeModel })] : [];
  const existing = keepExisting ? { reason_distill: [reasoningKey], accept_reasoning: [reasoningKey] } : undefined;
  return dryRun(inputs, { stages: [plannedReasonDistill(asked), ...accepting], isUsable, existing }, flags);
}

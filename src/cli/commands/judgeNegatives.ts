import { ExitCode } from '../../errors.js';
import { judgeNegativesOptions } from '../../operators/judgeNegatives/options.js';
import type { DataRecord } from '../../record.js';
import { omit, type Resolved, valuesOf } from '../../util/options.js';
import { command } from '../command.js';
import { batchFlags } from '../options/batch.js';
import { isDryRun } from '../options/dryRun.js';
import { inputHelp } from '../options/input.js';
import { askingFlags } from '../options/model.js';
import { outputOptions } from '../options/output.js';
import { confirmModelFlags } from '../options/server/stageModels.js';
import { inputOptions } from '../options/stream.js';
import { calibrateOption, printCalibration, requireOutput } from '../run/calibrate.js';

const operatorFlags = omit(judgeNegativesOptions, 'model', 'confirmModel', 'onShortfall', 'rejects');
const options = {
  ...operatorFlags,
  calibrate: calibrateOption,
  ...askingFlags,
  ...confirmModelFlags,
  ...outputOptions,
  ...inputOptions,
};

export const judgeNegativesCommand = command({
  name: 'judge-negatives',
  group: 'Make data',
  args: { '[input...]': inputHelp },
  summary: 'Have a model find the negatives that answer the question after all',
  options,
  examples: [
    'rareflow judge-negatives mined.jsonl -o judged.jsonl --model gpt-4o-mini --num-neg 3',
    'rareflow judge-negatives mined.jsonl -o judged.jsonl --model gpt-4o-mini --confirm-model gpt-4o --num-neg 3',
  ],
  async run(inputs, given) {
    const flags = batchFlags({ ...given, annotate: given.annotate || given.calibrate !== undefined });
    requireOutput(flags.calibrate, flags.output);
    if (isDryRun(flags)) return planOfNegatives(inputs, flags);
    const [
      { judgeNegatives },
      { JUDGE_NEGATIVES_PROMPT_VERSION: prompt },
      { openModels },
      { runStream },
      { shortfallCounter },
    ] = await Promise.all([
      import('../../operators/judgeNegatives/judgeNegatives.js'),
      import('../../operators/judgeNegatives/prompt.js'),
      import('../options/openModel.js'),
      import('../run/streamRun.js'),
      import('../run/shortfall.js'),
    ]);
    const { model, confirmModel } = openModels(flags, process.env);
    const { onShortfall, lines } = shortfallCounter('judge_negatives');
    const operator = judgeNegatives({ ...valuesOf(operatorFlags, flags), model, confirmModel, onShortfall });
    const shape = { command: 'judge-negatives', options, facts: { prompt } };
    const stages = [{ name: 'judge_negatives', operator, isFilter: true }];
    const code = await runStream({ inputs, flags, stages, shape, model, notes: lines });
    const { calibrate, output, negativesJudgementKey } = flags;
    if (calibrate === undefined || output === undefined || code !== ExitCode.done) return code;
    const { negativeVerdicts } = await import('../../chain/calibrateFile.js');
    return printCalibration(
      output,
      { human: negativeVerdicts(calibrate), judge: negativeVerdicts(negativesJudgementKey) },
      calibrate,
    );
  },
});

async function planOfNegatives(inputs: string[], flags: Resolved<typeof options>): Promise<number> {
  const [{ accepts, plannedConfirmNegatives, plannedJudgeNegatives }, { textListProblem }, { dryRun }] =
    await Promise.all([
      import('../../chain/plannedStages.js'),
      import('../../operators/inputKeys.js'),
      import('../run/dryRun.js'),
    ]);
  const { textKey, questionKey, negativesKey, negativesJudgementKey, overwrite, language, confirmModel } = flags;
  const hasTexts = accepts([textKey, questionKey], [negativesJudgementKey], overwrite);
  const isUsable = (record: DataRecord) => hasTexts(record) && textListProblem(record[negativesKey]) === undefined;
  const plan = { textKey, questionKey, negativesKey, language };
  const confirming = confirmModel === undefined ? [] : [plannedConfirmNegatives({ ...plan, model: confirmModel })];
  return dryRun(inputs, { stages: [plannedJudgeNegatives(plan), ...confirming], isUsable }, flags);
}

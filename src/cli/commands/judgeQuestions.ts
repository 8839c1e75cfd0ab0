import { ExitCode } from '../../errors.js';
import { judgeQuestionsOptions } from '../../operators/judgeQuestions/options.js';
import { omit, valuesOf } from '../../util/options.js';
import { command } from '../command.js';
import { batchFlags } from '../options/batch.js';
import { isDryRun } from '../options/dryRun.js';
import { inputHelp } from '../options/input.js';
import { askingFlags } from '../options/model.js';
import { outputOptions } from '../options/output.js';
import { inputOptions } from '../options/stream.js';
import { calibrateOption, printCalibration, requireOutput } from '../run/calibrate.js';

const operatorFlags = omit(judgeQuestionsOptions, 'model', 'rejects');
const options = { ...operatorFlags, calibrate: calibrateOption, ...askingFlags, ...outputOptions, ...inputOptions };

export const judgeQuestionsCommand = command({
  name: 'judge-questions',
  group: 'Make data',
  args: { '[input...]': inputHelp },
  summary: 'Have a model judge each question, and keep the good ones',
  options,
  examples: [
    'rareflow judge-questions questions.jsonl -o good.jsonl --model gpt-4o-mini',
    'rareflow judge-questions questions.jsonl -o judged.jsonl --model gpt-4o-mini --annotate',
    'rareflow judge-questions labelled.jsonl -o judged.jsonl --model gpt-4o-mini --calibrate human',
  ],
  async run(inputs, given) {
    const flags = batchFlags({ ...given, annotate: given.annotate || given.calibrate !== undefined });
    requireOutput(flags.calibrate, flags.output);
    if (isDryRun(flags)) {
      const [{ accepts, plannedJudgeQuestions }, { dryRun }] = await Promise.all([
        import('../../chain/plannedStages.js'),
        import('../run/dryRun.js'),
      ]);
      const { textKey, questionKey, scenarioKey, questionJudgementKey, overwrite, language } = flags;
      const keys = [textKey, questionKey, scenarioKey].filter((key) => key !== '');
      const isUsable = accepts(keys, [questionJudgementKey], overwrite);
      const stages = [plannedJudgeQuestions({ textKey, questionKey, scenarioKey, language })];
      return dryRun(inputs, { stages, isUsable }, flags);
    }
    const [{ judgeQuestions }, { JUDGE_QUESTIONS_PROMPT_VERSION: prompt }, { openModel }, { runStream }] =
      await Promise.all([
        import('../../operators/judgeQuestions/judgeQuestions.js'),
        import('../../operators/judgeQuestions/prompt.js'),
        import('../options/openModel.js'),
        import('../run/streamRun.js'),
      ]);
    const model = openModel(flags, process.env);
    const operator = judgeQuestions({ ...valuesOf(operatorFlags, flags), model });
    const shape = { command: 'judge-questions', options, facts: { prompt } };
    const code = await runStream({
      inputs,
      flags,
      stages: [{ name: 'judge_questions', operator, isFilter: true }],
      shape,
      model,
    });
    const { calibrate, output, questionJudgementKey } = flags;
    if (calibrate === undefined || output === undefined || code !== ExitCode.done) return code;
    const { questionVerdicts } = await import('../../chain/calibrateFile.js');
    return printCalibration(
      output,
      { human: questionVerdicts(calibrate), judge: questionVerdicts(questionJudgementKey) },
      calibrate,
    );
  },
});

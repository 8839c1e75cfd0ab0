import { doc2QueryOptions } from '../../operators/doc2Query/options.js';
import { documentKey } from '../../util/keyPath.js';
import { omit, valuesOf } from '../../util/options.js';
import { command } from '../command.js';
import { batchFlags } from '../options/batch.js';
import { isDryRun } from '../options/dryRun.js';
import { inputHelp } from '../options/input.js';
import { askingFlags } from '../options/model.js';
import { outputOptions } from '../options/output.js';
import { promptFileOption, promptTemplateOf } from '../options/promptFile.js';
import { inputOptions } from '../options/stream.js';

const operatorFlags = omit(doc2QueryOptions, 'model', 'promptTemplate', 'rejects', 'onKept');
const options = {
  ...operatorFlags,
  promptFile: promptFileOption('{{text}}'),
  ...askingFlags,
  ...outputOptions,
  ...inputOptions,
};

export const doc2QueryCommand = command({
  name: 'doc2query',
  group: 'Make data',
  args: { '[input...]': inputHelp },
  summary: 'Make a question and a scenario of each document',
  options,
  examples: [
    'rareflow doc2query corpus.jsonl -o questions.jsonl --model gpt-4o-mini',
    'rareflow doc2query --model offline < corpus.jsonl | head -3',
  ],
  async run(inputs, given) {
    const flags = batchFlags(given);
    const promptTemplate = promptTemplateOf(flags.promptFile);
    const { inputPaths } = await import('../run/streamFiles.js');
    const files = await inputPaths(inputs, { documentsOnly: true });
    if (isDryRun(flags)) {
      const [{ plannedDoc2Query, accepts }, { dryRun }] = await Promise.all([
        import('../../chain/plannedStages.js'),
        import('../run/dryRun.js'),
      ]);
      const { textKey, titleKey, questionKey, scenarioKey, overwrite, keepExisting } = flags;
      const isUsable = accepts(
        [documentKey({ textKey, titleKey })],
        [questionKey, scenarioKey],
        overwrite || keepExisting,
      );
      const stages = [plannedDoc2Query({ ...flags, promptTemplate })];
      const existing = keepExisting ? { doc2query: [questionKey, scenarioKey] } : undefined;
      return dryRun(files, { stages, isUsable, existing }, flags);
    }
    const [{ doc2Query }, { DOC2QUERY_PROMPT_VERSION }, { versionOf }, { openModel }, { runStream }, { keptCounter }] =
      await Promise.all([
        import('../../operators/doc2Query/doc2Query.js'),
        import('../../operators/doc2Query/prompt.js'),
        import('../../operators/template.js'),
        import('../options/openModel.js'),
        import('../run/streamRun.js'),
        import('../run/shortfall.js'),
      ]);
    const model = openModel(flags, process.env);
    const { onKept, lines: notes } = keptCounter();
    const operator = doc2Query({ ...valuesOf(operatorFlags, flags), model, promptTemplate, onKept });
    const shape = {
      command: 'doc2query',
      options,
      facts: { prompt: versionOf(DOC2QUERY_PROMPT_VERSION, promptTemplate) },
    };
    return runStream({
      ...{ inputs: files, flags, shape, model, notes, keys: [flags.textKey] },
      stages: [{ name: 'doc2query', operator }],
    });
  },
});

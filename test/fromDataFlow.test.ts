import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { runCommand as runSpec } from '../src/cli/commands/run.js';
import { fromDataFlow } from '../src/cli/dataflowFlags.js';
import { flagName, flagsOf } from '../src/cli/options/flags.js';
import { defaultOfFlag } from '../src/cli/options/help.js';
import { UsageError } from '../src/errors.js';
import { readRecords } from '../src/io/read/readRecords.js';
import { writeRecords } from '../src/io/write/writeRecords.js';
import { createModel } from '../src/llm/createModel.js';
import { modelOptions } from '../src/llm/options.js';
import { reasonDistill } from '../src/operators/reasonDistill/reasonDistill.js';
import type { DataRecord } from '../src/record.js';
import { type Declared, optionNamed } from '../src/util/options.js';
import { readRecordsOf, root, runExample } from './support/command.js';
import { workFolder } from './support/workFolder.js';

const folder = path.join(root, 'examples/fromDataFlow');
const rows = readFileSync(path.join(folder, 'README.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| (FileStorage|APILLM|RARE)/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

/** The parameters of the seed, each with its default there. */
const parameters: Record<string, Record<string, string>> = {
  FileStorage: {
    ...{ first_entry_file_name: 'required', cache_path: './cache' },
    ...{ file_name_prefix: 'dataflow_cache_step', cache_type: 'jsonl' },
  },
  APILLMServing_request: {
    ...{ api_url: 'https://api.openai.com/v1/chat/completions', key_name_of_api_key: 'DF_API_KEY' },
    ...{ model_name: 'gpt-4o', temperature: '0.0', max_workers: '10', max_retries: '5' },
    ...{ connect_timeout: '10.0', read_timeout: '120.0' },
  },
  RAREDoc2QueryGenerator: {
    ...{ llm_serving: 'required', max_attempts: '3', input_key: 'text' },
    ...{ output_question_key: 'question', output_scenario_key: 'scenario' },
  },
  RAREBM25HardNegGenerator: {
    ...{ num_neg: '3', input_question_key: 'question', input_text_key: 'text' },
    ...{ output_negatives_key: 'hard_negatives' },
  },
  RAREReasonDistillGenerator: {
    ...{ llm_serving: 'required', input_text_key: 'text', input_question_key: 'question' },
    ...{ input_scenario_key: 'scenario', input_hardneg_key: 'hard_negatives', output_key: 'reasoning' },
  },
};

test('the table has every parameter of DataFlow with its default there', () => {
  const listed = rows.map(([, name, parameter, value]) => [name, parameter, value].join(' '));
  const expected = Object.entries(parameters).flatMap(([name, defaults]) =>
    Object.entries(defaults).map(([parameter, value]) => [name, parameter, value].join(' ')),
  );
  assert.deepEqual(listed, expected);
});

for (const [, owner, parameter = '', , here = '', defaultHere] of rows) {
  test(`${owner}'s ${parameter} is what the table says`, () => {
    const flag = /^--[\w-]+/.exec(here)?.[0];
    if (flag === undefined) {
      const option = /createModel\(\{ (\w+)/.exec(here)?.[1];
      if (option === undefined) assert.throws(() => fromDataFlow(['run', `--${parameter}`, 'x']), UsageError);
      else assert.equal(String((modelOptions as Declared)[option]?.default), defaultHere);
      return;
    }
    const known = flagsOf(runSpec.options).find(({ long }) => long === flag);
    assert.ok(known, `run has no ${flag}`);
    assert.equal(defaultOfFlag(known) ?? 'none', defaultHere?.replace(/: it must be named$/, ''));
    const named = optionNamed(runSpec.options, parameter);
    if (named !== undefined) assert.equal(flagName(named), flag);
    else if (/^(cache_path|file_name_prefix)$/.test(parameter)) {
      assert.throws(
        () => fromDataFlow([`--${parameter}`, 'x']),
        (error: UsageError) => (error.hint ?? '').includes(flag),
      );
    } else if (!/^(llm_serving|read_timeout)$/.test(parameter)) {
      assert.equal(fromDataFlow([`--${parameter}`, 'x']).argv[0], flag);
    }
  });
}

for (const language of ['zh', 'en']) {
  test(`the pipeline beside DataFlow's makes its records and step files of the ${language} corpus`, async (t) => {
    const work = workFolder(t);
    const output = path.join(work, 'rare.json');
    const done = await runExample('fromDataFlow/pipeline', [path.join(folder, `corpus.${language}.json`), output]);
    assert.equal(done.code, 0, done.stderr);
    const records = JSON.parse(readFileSync(output, 'utf8')) as DataRecord[];
    assert.equal(records.length, 6);
    const keys = ['id', 'text', 'question', 'scenario', 'hard_negatives', 'reasoning', '_rareflow'];
    const steps = [1, 2, 3].map((n) => readRecordsOf(path.join(work, `dataflow_cache_step_step${n}.jsonl`)));
    for (const [index, count] of [4, 5, 6].entries()) {
      assert.deepEqual(
        steps[index]?.map((record) => Object.keys(record)),
        records.map(() => [...keys.slice(0, count), '_rareflow']),
      );
    }
    assert.deepEqual(steps[2], records);
    assert.equal(/\p{Script=Han}/u.test(String(records[0]?.question)), language === 'zh');
  });
}

test("DataFlow's step files of every type go in as they are, and the next stage goes on from them", async (t) => {
  const work = workFolder(t);
  const [document, ...others] = JSON.parse(readFileSync(path.join(folder, 'corpus.en.json'), 'utf8')) as DataRecord[];
  const made = { question: 'Why is a clock slow in summer?', scenario: 'A clock, by a window.' };
  const step2 = [{ ...document, ...made, hard_negatives: others.slice(0, 2).map(({ text }) => text) }];
  const model = createModel({ model: 'offline' });
  const reasonings: unknown[] = [];
  // As pandas writes them: JSON with indents, CSV with Python's lists.
  writeFileSync(path.join(work, 'dataflow_cache_step_step2.json'), JSON.stringify(step2, null, 2));
  writeFileSync(path.join(work, 'dataflow_cache_step_step2.jsonl'), `${JSON.stringify(step2[0])}\n`);
  for await (const _ of writeRecords(path.join(work, 'dataflow_cache_step_step2.parquet'))(step2));
  const python = `[${step2[0]?.hard_negatives.map((text) => `'${text}'`).join(', ')}]`;
  const quoted = (value: unknown) => `"${String(value).replaceAll('"', '""')}"`;
  const cells = [document?.id, document?.text, made.question, made.scenario, python].map(quoted);
  const csv = `id,text,question,scenario,hard_negatives\n${cells.join(',')}\n`;
  writeFileSync(path.join(work, 'dataflow_cache_step_step2.csv'), csv);
  for (const type of ['json', 'jsonl', 'csv', 'parquet']) {
    const source = readRecords(path.join(work, `dataflow_cache_step_step2.${type}`));
    for await (const record of source.pipe(reasonDistill({ model, provenance: false }))) {
      assert.deepEqual(Object.keys(record), [...Object.keys(step2[0] as object), 'reasoning'], type);
      reasonings.push(record.reasoning);
    }
  }
  assert.equal(reasonings.length, 4);
  assert.equal(new Set(reasonings).size, 1);
});

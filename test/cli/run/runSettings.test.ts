import assert from 'node:assert/strict';
import test from 'node:test';
import { commands } from '../../../src/cli/commands.js';
import { withFlagDefaults } from '../../../src/cli/options/flags.js';
import { currentSettings, settingsOf } from '../../../src/cli/run/runSettings.js';
import { differences } from '../../../src/pipeline/resumeRun.js';

const optionsOf = (name: string) => commands.find((spec) => spec.name === name)?.options ?? {};

/** The settings that version 0.1.0 stored for `doc2query in.jsonl -o out.jsonl --model m --input-key body --temperature 0.7`. */
const doc2QueryBefore = {
  command: 'doc2query',
  input: ['/data/in.jsonl'],
  ordered: true,
  prompt: 'doc2query/3',
  inputKey: 'body',
  outputQuestionKey: 'question',
  outputScenarioKey: 'scenario',
  language: 'auto',
  queriesPerDoc: 1,
  maxAttempts: 3,
  model: 'm',
  temperature: 0.7,
  structuredOutput: 'auto',
  provenance: true,
};

const hardNegBefore = {
  command: 'bm25-hard-neg',
  input: ['-'],
  ordered: false,
  index: { docs: 3, terms: 12, analyzer: 'english', k1: 1.2, b: 0.75 },
  seed: 0,
  inputQuestionKey: 'question',
  inputTextKey: 'text',
  inputScenarioKey: 'scenario',
  idKey: 'id',
  outputNegativesKey: 'hard_negatives',
  inputPositivesKey: 'gold',
  requirePositive: true,
  provenance: true,
};

for (const { stored, facts, given } of [
  {
    stored: doc2QueryBefore,
    facts: { prompt: 'doc2query/3' },
    given: { model: 'm', textKey: 'body', temperature: 0.7 },
  },
  {
    stored: hardNegBefore,
    facts: { index: hardNegBefore.index },
    given: { index: 'x.bm25', ordered: false, positivesKey: 'gold' },
  },
]) {
  const { command, input } = stored;
  const options = optionsOf(command);
  const shape = { command, options, facts };
  const settingsNow = (flags: object) => settingsOf(shape, input, withFlagDefaults(command, options, flags));

  test(`a ${command} run of version 0.1.0, with its old names, has the settings of the same run today`, () => {
    assert.deepEqual(differences(currentSettings(shape, stored), settingsNow(given)), []);
  });

  test(`another setting of a ${command} run of version 0.1.0 is a difference`, () => {
    const other = differences(currentSettings(shape, stored), settingsNow({ ...given, seed: 7, scenarioKey: 'why' }));
    assert.ok(other.some((difference) => difference === 'scenarioKey "scenario" → "why"'));
  });
}

test('writing out a default changes no setting of a run', () => {
  const options = optionsOf('bm25-hard-neg');
  const shape = { command: 'bm25-hard-neg', options };
  const settings = (flags: object) => settingsOf(shape, ['-'], withFlagDefaults('bm25-hard-neg', options, flags));
  const plain = settings({ index: 'x' });
  const written = { numNeg: 3, candidateWindow: 20, sampling: 'dissimilar', query: 'question', weighting: 'lucene' };
  assert.deepEqual(differences(plain, settings({ index: 'x', ...written, concurrency: 2 })), []);
  assert.deepEqual(
    differences(
      settings({ index: 'x', profile: 'reasonir' }),
      settings({ index: 'x', profile: 'reasonir', numNeg: 1 }),
    ),
    [],
  );
  assert.deepEqual(differences(plain, settings({ index: 'x', numNeg: 4 })).slice(0, 1), ['numNeg 3 → 4']);
});

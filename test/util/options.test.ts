import assert from 'node:assert/strict';
import test from 'node:test';
import { UsageError } from '../../src/errors.js';
import {
  choice,
  key,
  list,
  number,
  object,
  onOff,
  optionNamed,
  resolveOptions,
  shapingValues,
  text,
  wholeNumber,
} from '../../src/util/options.js';

const declared = {
  textKey: key('text', { help: 'the key that holds the text', aliases: ['inputKey'] }),
  numNeg: wholeNumber({ help: 'negatives for each question', default: 3 }),
  rangeMin: wholeNumber({ help: 'the best rank that may be taken' }),
  nearDuplicate: number({ help: 'leave out copies', helpOff: 'keep copies', default: 0.8, above: 0, max: 1 }),
  sampling: choice(['top', 'random'], { help: 'which are taken', default: 'top' }),
  overwrite: onOff({ help: 'replace values', default: false, shapesRecords: false }),
  baseUrl: list({ help: 'servers' }),
  title: text({ help: 'a title' }),
};
const needy = {
  model: object<object>()(
    { help: 'the model', required: true },
    { expected: 'a ChatModel', accepts: (value) => typeof value === 'object' },
  ),
};

const resolve = (given: unknown) => resolveOptions('op', declared, given);
const refused = (message: string | RegExp, hint?: string) => (error: unknown) => {
  assert.ok(error instanceof UsageError);
  if (typeof message === 'string') assert.equal(error.message, message);
  else assert.match(error.message, message);
  if (hint !== undefined) assert.equal(error.hint, hint);
  return true;
};

test('options that are left out have their defaults, those without one are undefined', () => {
  const { textKey, numNeg, rangeMin, nearDuplicate, overwrite } = resolve({ numNeg: undefined });
  assert.deepEqual([textKey, numNeg, rangeMin, nearDuplicate, overwrite], ['text', 3, undefined, 0.8, false]);
  assert.equal(resolveOptions('op', declared).numNeg, 3);
});

test('an alias and its snake_case mean the option, but not both at once with different values', () => {
  assert.equal(resolve({ inputKey: 'body' }).textKey, 'body');
  assert.equal(resolve({ input_key: 'body' }).textKey, 'body');
  assert.equal(optionNamed(declared, 'text_key'), 'textKey');
  assert.equal(optionNamed(declared, 'toString'), undefined);
  assert.throws(
    () => resolve({ textKey: 'a', inputKey: 'b' }),
    refused('op: textKey is given twice, once as inputKey'),
  );
  assert.equal(resolve({ textKey: 'body', inputKey: 'body' }).textKey, 'body');
});

test('an unknown option is refused with the nearest name, or with all of them', () => {
  assert.throws(() => resolve({ numNegs: 2 }), refused('op has no option "numNegs"', 'did you mean numNeg?'));
  assert.throws(() => resolve({ zzz: 2 }), refused('op has no option "zzz"'));
  assert.throws(() => resolve({ __proto__: null, constructor: 1 }), refused(/has no option "constructor"/));
});

test('a value out of range is refused with its range and the value', () => {
  assert.throws(() => resolve({ numNeg: 0 }), refused('op: numNeg must be a whole number >= 1, got 0'));
  assert.throws(() => resolve({ numNeg: '3' }), refused('op: numNeg must be a whole number >= 1, got the string "3"'));
  assert.throws(
    () => resolve({ nearDuplicate: 2 }),
    refused('op: nearDuplicate must be a number > 0 and <= 1, or false, got 2'),
  );
  assert.throws(
    () => resolve({ sampling: 'best' }),
    refused('op: sampling must be top or random, got the string "best"'),
  );
  assert.throws(() => resolve({ overwrite: 1 }), refused('op: overwrite must be true or false, got 1'));
  assert.throws(() => resolve({ title: '' }), refused('op: title must be a text that is not empty, got the string ""'));
  assert.throws(() => resolve([]), refused('the options of op must be an object, got a list'));
  assert.equal(resolve({ nearDuplicate: false }).nearDuplicate, false);
  assert.deepEqual(resolve({ baseUrl: ['a', 'b'] }).baseUrl, ['a', 'b']);
});

test('an option that must be given is named when it is missing', () => {
  assert.throws(
    () => resolveOptions('op', needy),
    refused('op: the option model is missing', 'it must be a ChatModel'),
  );
  assert.throws(
    () => resolveOptions('op', needy, { model: 'gpt' }),
    refused('op: model must be a ChatModel, got the string "gpt"'),
  );
});

test('the values that shape records include defaults, so that writing one out changes nothing', () => {
  assert.deepEqual(shapingValues(declared, resolve({})), shapingValues(declared, { numNeg: 3 }));
  assert.equal('overwrite' in shapingValues(declared, {}), false);
});

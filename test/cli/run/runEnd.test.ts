import assert from 'node:assert/strict';
import test from 'node:test';
import { commandLine } from '../../../src/cli/run/runEnd.js';

test('the command that resumes is the one that was given, without options that would start a new run', () => {
  const cases = [
    [['run', 'a b.jsonl', '-o', 'out.jsonl'], "rareflow run 'a b.jsonl' -o out.jsonl"],
    [['run', 'in.jsonl', '--resume', 'never', '-o', 'out.jsonl'], 'rareflow run in.jsonl -o out.jsonl'],
    [['run', 'in.jsonl', '--resume=never', '-o', 'out.jsonl'], 'rareflow run in.jsonl -o out.jsonl'],
    [['run', 'in.jsonl', '--resume', 'always', '-o', 'never'], 'rareflow run in.jsonl --resume always -o never'],
    [['run', "it's.jsonl", '--resume=auto'], "rareflow run 'it'\\''s.jsonl' --resume=auto"],
  ] as const;
  for (const [argv, line] of cases) assert.equal(commandLine([...argv]), line);
});

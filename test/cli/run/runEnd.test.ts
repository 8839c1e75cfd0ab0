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

test('the command that resumes shows no user, password or query of a URL', () => {
  const cases = [
    [['run', 'a.jsonl', '--base-url', 'https://u:pa55word@host/v1'], 'rareflow run a.jsonl --base-url "$BASE_URL"'],
    [['run', 'a.jsonl', '--base-url=https://host/v1?sig=abcd'], 'rareflow run a.jsonl --base-url="$BASE_URL"'],
    [
      ['run', '--base-url', 'https://token@a/v1', '--base-url', 'http://b/v1', '--base-url', 'https://c/v1?code=1234'],
      'rareflow run --base-url "$BASE_URL" --base-url http://b/v1 --base-url "$BASE_URL_2"',
    ],
  ] as const;
  for (const [argv, line] of cases) assert.equal(commandLine([...argv]), line);
});

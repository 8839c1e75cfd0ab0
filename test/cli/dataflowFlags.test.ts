import assert from 'node:assert/strict';
import test from 'node:test';
import { fromDataFlow } from '../../src/cli/dataflowFlags.js';
import { UsageError } from '../../src/errors.js';

test("DataFlow's parameters become the flags here, with a remark", () => {
  const cases: [given: string, argv: string, remarks: string[]][] = [
    ['run a.jsonl --max-workers 8', 'run a.jsonl --concurrency 8', ['--max-workers is --concurrency here']],
    ['run --max_workers=8', 'run --concurrency=8', ['--max_workers is --concurrency here']],
    ['run --model_name gpt', 'run --model gpt', ['--model_name is --model here']],
    ['run --api-url http://x/v1/chat/completions a', 'run --base-url http://x/v1 a', ['--api-url is --base-url here']],
    ['run --api_url=http://x/v1', 'run --base-url=http://x/v1', ['--api_url is --base-url here']],
    ['run --concurrency 8 -- --max-workers', 'run --concurrency 8 -- --max-workers', []],
    ['run max-workers --toString', 'run max-workers --toString', []],
  ];
  for (const [given, argv, remarks] of cases) {
    assert.deepEqual(fromDataFlow(given.split(' ')), { argv: argv.split(' '), remarks }, given);
  }
});

test('a parameter of DataFlow without a flag is refused with what to do instead', () => {
  for (const name of ['first_entry_file_name', 'cache-path', 'file_name_prefix', 'cache_type']) {
    assert.throws(
      () => fromDataFlow(['run', `--${name}`, 'x']),
      (error: UsageError) => error instanceof UsageError && error.hint !== undefined,
    );
  }
});

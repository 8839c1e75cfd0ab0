import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { isBuilt, root } from '../support/command.js';
import { workFolder } from '../support/workFolder.js';

const document = '{"id": "a", "text": "The tide turns with the moon, twice a day."}\n';

for (const { args, atMost, never } of [
  { args: ['--version'], atMost: 1, never: /\/node_modules\// },
  {
    args: ['--help'],
    atMost: 12,
    never: /node_modules\/(zod|lmdb|prom-client|hyparquet|openai|ix|stream-json|tinyglobby|csv-parse)\//,
  },
  {
    args: ['doc2query', '--model', 'offline'],
    atMost: 24,
    never: /node_modules\/(lmdb|prom-client|hyparquet|openai|flexsearch|csv-parse)\/|zod\/v4\/locales\/(?!en)/,
  },
]) {
  test(`rareflow ${args[0]} loads at most ${atMost} files, and none that it does not need`, { skip: !isBuilt }, (t) => {
    const folder = workFolder(t);
    const log = path.join(folder, 'loaded.txt');
    writeFileSync(log, '');
    const hooks = `import { appendFileSync } from 'node:fs';
      export function load(url, context, next) {
        if (url.startsWith('file:')) appendFileSync(${JSON.stringify(log)}, url + '\\n');
        return next(url, context);
      }`;
    const hooksUrl = `data:text/javascript,${encodeURIComponent(hooks)}`;
    const register = `import { register } from 'node:module'; register(${JSON.stringify(hooksUrl)});`;
    const registerUrl = `data:text/javascript,${encodeURIComponent(register)}`;
    const command = ['--import', registerUrl, path.join(root, 'dist/cli/main.js'), ...args];
    execFileSync(process.execPath, command, { input: document, stdio: ['pipe', 'ignore', 'ignore'] });
    const loaded = readFileSync(log, 'utf8').trim().split('\n');
    assert.ok(loaded.length <= atMost, `${loaded.length} files: ${loaded.join(' ')}`);
    // A bundled file names in a comment each file that it was made from.
    const parts = loaded.flatMap((url) => [url, ...(readFileSync(new URL(url), 'utf8').match(/^\/\/ .+$/gm) ?? [])]);
    assert.deepEqual(
      parts.filter((part) => never.test(part)),
      [],
    );
  });
}

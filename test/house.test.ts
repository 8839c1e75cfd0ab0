import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

const src = path.resolve(import.meta.dirname, '../src');

/** Which rooms a room may import from, besides itself. `llm/chatModel` and `search/searcher` are ports. */
const allowed: Record<string, string[]> = {
  errors: [],
  record: [],
  util: ['errors', 'record'],
  store: ['errors'],
  flow: ['util', 'errors', 'record'],
  io: ['flow', 'util', 'errors', 'record'],
  llm: ['store', 'util', 'errors', 'record'],
  search: ['flow', 'util', 'errors', 'record'],
  operators: ['flow', 'util', 'errors', 'record', 'llm/chatModel', 'search/searcher'],
  pipeline: ['store', 'flow', 'util', 'errors', 'record'],
  report: ['operators', 'flow', 'util', 'errors', 'record'],
  export: ['operators', 'flow', 'util', 'errors', 'record'],
  chain: ['pipeline', 'operators', 'search', 'llm', 'io', 'flow', 'util', 'errors', 'record'],
  standIn: ['llm', 'util', 'errors', 'record'],
  cli: [
    'chain',
    'pipeline',
    'report',
    'export',
    'standIn',
    'operators',
    'search',
    'llm',
    'store',
    'io',
    'flow',
    'util',
    'errors',
    'record',
  ],
  index: [
    'pipeline',
    'report',
    'export',
    'operators',
    'search',
    'llm',
    'standIn',
    'store',
    'io',
    'flow',
    'util',
    'errors',
    'record',
  ],
};

/** The only rooms that may import a package. */
const owners: Record<string, string[]> = {
  'stream-json': ['io'],
  'stream-chain': ['io'],
  fzstd: ['io'],
  hyparquet: ['io'],
  'hyparquet-writer': ['io'],
  'hyparquet-compressors': ['io'],
  tinyglobby: ['io'],
  openai: ['llm'],
  bottleneck: ['llm'],
  undici: ['llm'],
  flexsearch: ['search'],
  lmdb: ['store'],
  commander: ['cli'],
  'string-width': ['cli'],
  'prom-client': ['cli'],
  picocolors: ['cli'],
};

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

/** `search/searcher.ts` → its room `search`; `errors.ts` → `errors`. */
const roomOf = (file: string) => file.split(path.sep)[0]?.replace(/\.[tj]s$/, '') ?? '';

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(src, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

test('every import in src/ follows the table of rooms', () => {
  const wrong: string[] = [];
  for (const file of files) {
    const room = roomOf(file);
    for (const specifier of importsOf(file).filter((name) => name.startsWith('.'))) {
      const target = path.join(path.dirname(file), specifier).replace(/\.js$/, '');
      const fine =
        roomOf(target) === room || allowed[room]?.some((entry) => entry === target || entry === roomOf(target));
      if (!fine) wrong.push(`${file} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('every room in src/ stands in the table', () => {
  assert.deepEqual(
    files.map(roomOf).filter((room) => allowed[room] === undefined),
    [],
  );
});

test('a package is imported only by the room that owns it', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .map((specifier) => specifier.replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1'))
      .filter((name) => owners[name] !== undefined && !owners[name].includes(roomOf(file)))
      .map((name) => `${file} imports ${name}`),
  );
  assert.deepEqual(wrong, []);
});

test('only cli/ reads argv and the environment or writes to the terminal', () => {
  const wrong = files.filter(
    (file) =>
      roomOf(file) !== 'cli' &&
      /process\.(argv|env)\b|console\.\w+\(|process\.stderr/.test(readFileSync(path.join(src, file), 'utf8')),
  );
  assert.deepEqual(wrong, []);
});

test('the top level holds what the project fixed and nothing else', () => {
  const fixed = /^(src|bench|test|examples|package\.json|package-lock\.json|tsconfig\.json|README\.md|LICENSE|\..+)$/;
  const made = ['node_modules', 'dist', 'out'];
  const found = readdirSync(path.dirname(src)).filter((name) => !fixed.test(name) && !made.includes(name));
  assert.deepEqual(found, []);
});

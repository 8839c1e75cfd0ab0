import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

const src = path.resolve(import.meta.dirname, '../src');

/** The rooms that a room may import. `llm/chatModel` and `search/searcher` are ports. */
const allowed: Record<string, string[]> = {
  errors: [],
  record: [],
  util: ['errors', 'record'],
  answers: ['util', 'errors', 'record', 'llm/chatModel'],
  store: ['errors'],
  flow: ['util', 'errors', 'record'],
  io: ['flow', 'util', 'errors', 'record'],
  llm: ['answers', 'flow', 'store', 'util', 'errors', 'record'],
  search: ['flow', 'util', 'errors', 'record'],
  queue: ['llm', 'flow', 'util', 'errors', 'record'],
  operators: ['answers', 'flow', 'util', 'errors', 'record', 'llm/chatModel', 'search/searcher'],
  pipeline: ['store', 'flow', 'util', 'errors', 'record'],
  report: ['operators', 'answers', 'flow', 'util', 'errors', 'record'],
  inspect: [
    ...['report/distribution', 'report/duplicates', 'report/frequent', 'report/language'],
    ...['search/analysis/detectAnalyzer', 'util', 'record'],
  ],
  export: ['operators', 'answers', 'flow', 'util', 'errors', 'record'],
  chain: [
    ...['report/runSummary', 'store/nearestExisting'],
    ...['pipeline', 'operators', 'search', 'llm', 'io', 'flow', 'util', 'errors', 'record'],
  ],
  shards: [...['report/runSummary', 'chain', 'pipeline', 'llm', 'io', 'store', 'flow', 'util', 'errors', 'record']],
  trial: ['operators', 'flow', 'util', 'record', 'llm/chatModel'],
  standIn: ['llm', 'util', 'errors', 'record'],
  testing: ['standIn', 'operators', 'flow', 'record'],
  cli: [
    'trial',
    'shards',
    'queue',
    'chain',
    'pipeline',
    'report',
    'inspect',
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
    'shards',
    'queue',
    'chain',
    'pipeline',
    'report',
    'inspect',
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

/**
 * The sub-rooms of a room from top to bottom: each may import those below it. A file at the top of such a room counts as a
 * sub-room by itself.
 */
const floors: Record<string, string[]> = {
  io: ['write', 'read', 'parse', 'systemErrors'],
  llm: [
    ...[
      'createModel',
      'stageModels',
      'connectEndpoints',
      'openai/batch',
      'openai',
      'offline',
      'custom',
      'middleware',
      'cacheStore',
    ],
    ...['options', 'limits', 'failures', 'cost', 'capabilities', 'remoteAttempts', 'chatModel'],
  ],
  search: [
    ...['flexsearch', 'bm25Index', 'indexing', 'threads', 'scoring', 'options', 'analysis', 'format', 'searcher'],
  ],
  operators: [
    ...[
      'split',
      'doc2Query',
      'reasonDistill',
      'bm25HardNeg',
      'judgeNegatives',
      'judgeQuestions',
      'filterDocuments',
      'decontaminate',
      'judgePrompt',
      'askUntilRead',
      'askModel',
      'modelOptions',
      'template',
      'provenance',
      'fence',
    ],
    ...['recordOperator', 'admission', 'inputKeys', 'keyOptions', 'recordOptions'],
  ],
  pipeline: [
    ...['runPipeline', 'rebuildRun', 'checkpointedRun', 'resumeRun', 'checkpoint', 'commitScheduler', 'outcomeLedger'],
    ...['streamedRun', 'progress', 'pipelineRun', 'inputItems', 'numberedSource', 'rejectShare', 'eta', 'state'],
  ],
  standIn: ['http', 'options', 'answers', 'faults', 'profiles'],
  cli: [
    'main',
    'program',
    'commands',
    'run',
    'run/shards',
    'options',
    'options/server',
    'options/shards',
    'dataflowFlags',
    'command',
    'progress',
    'runFolderPath',
  ],
};

/** The only rooms that may import a package. */
const owners: Record<string, string[]> = {
  'stream-json': ['io'],
  'stream-chain': ['io'],
  fzstd: ['io'],
  '@hpcc-js/wasm-zstd': ['io'],
  hyparquet: ['io'],
  'hyparquet-writer': ['io'],
  'hyparquet-compressors': ['io'],
  tinyglobby: ['io'],
  'csv-parse': ['io'],
  bullmq: ['queue'],
  ioredis: ['queue'],
  openai: ['llm'],
  bottleneck: ['llm'],
  undici: ['llm'],
  flexsearch: ['search'],
  '@orama/stemmers': ['search'],
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

/** Files that a file imports, types and lazy imports among them. */
const targetsOf = (file: string): string[] =>
  importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => path.join(path.dirname(file), name).replace(/\.js$/, '.ts'))
    .filter((target) => files.includes(target));

/** `llm/openai/batch/batchApi.ts` → `openai/batch`; `llm/createModel.ts` → `createModel`. */
function subRoomOf(file: string): string {
  const [, ...parts] = file.split(path.sep);
  return parts.length === 1 ? (parts[0] ?? '').replace(/\.ts$/, '') : parts.slice(0, -1).join('/');
}

test('an import within a room goes down its floors', () => {
  const wrong = files.flatMap((file) => {
    const order = floors[roomOf(file)];
    if (order === undefined) return [];
    const from = order.indexOf(subRoomOf(file));
    if (from === -1) return [`${file} is on no floor`];
    return targetsOf(file)
      .filter((target) => roomOf(target) === roomOf(file) && subRoomOf(target) !== subRoomOf(file))
      .filter((target) => order.indexOf(subRoomOf(target)) <= from)
      .map((target) => `${file} imports ${target}`);
  });
  assert.deepEqual(wrong, []);
});

test('a room with sub-rooms has its floors in the table', () => {
  const withSubRooms = new Set(files.filter((file) => file.split(path.sep).length > 2).map(roomOf));
  assert.deepEqual([...withSubRooms].sort(), Object.keys(floors).sort());
});

test('no files import one another in a circle, types counted', () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, trail: string[]) => {
    const start = trail.indexOf(file);
    if (start !== -1) circles.push([...trail.slice(start), file].join(' → '));
    if (start !== -1 || done.has(file)) return;
    for (const target of targetsOf(file)) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  assert.deepEqual(circles, []);
});

test('no folder holds more than 20 source files, the commands apart', () => {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(path.dirname(file), (counts.get(path.dirname(file)) ?? 0) + 1);
  const full = [...counts].filter(([folder, count]) => count > 20 && folder !== path.join('cli', 'commands'));
  assert.deepEqual(full, []);
});

/** The names that each command may define. */
const inEachCommand = new Set(['options', 'Flags', 'operatorFlags']);

test('a top-level name is defined in one file', () => {
  const places = new Map<string, Set<string>>();
  const definition =
    /^(?:export )?(?:async )?(?:abstract )?(?:function\*?|class|const|let|interface|type|enum) \*?([A-Za-z_$][\w$]*)/gm;
  for (const file of files) {
    for (const [, name = ''] of readFileSync(path.join(src, file), 'utf8').matchAll(definition)) {
      if (file.startsWith(path.join('cli', 'commands')) && inEachCommand.has(name)) continue;
      places.set(name, (places.get(name) ?? new Set()).add(file));
    }
  }
  const twice = [...places].filter(([, where]) => where.size > 1);
  assert.deepEqual(
    twice.map(([name, where]) => `${name}: ${[...where].join(', ')}`),
    [],
  );
});

test('every room in src/ has its row in the table', () => {
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

test('the top level holds the files that the project fixed and no others', () => {
  const fixed = /^(src|bench|test|examples|package\.json|package-lock\.json|tsconfig\.json|README\.md|LICENSE|\..+)$/;
  const made = ['node_modules', 'dist', 'out'];
  const found = readdirSync(path.dirname(src)).filter((name) => !fixed.test(name) && !made.includes(name));
  assert.deepEqual(found, []);
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { programOf } from '../src/cli/program.js';
import { startStandIn } from '../src/standIn/http/server.js';
import { readRecordsOf, root, runCommand, runShell } from './support/command.js';
import { workFolder } from './support/workFolder.js';

const MOST_BYTES = 15_360;
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const pages = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md') && !/(^|\/)(node_modules|dist|out|\.git)\//.test(file))
  .sort();

/** The fenced blocks of a page in one language. */
function blocksOf(page: string, language: string): string[] {
  const fenced = read(page).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...fenced].filter(([, name]) => name === language).map(([, , text = '']) => text);
}

const proseOf = (page: string) => read(page).replace(/^```[\s\S]*?^```$/gm, '');

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
  return headings.map((slug, index) => {
    const earlier = headings.slice(0, index).filter((other) => other === slug).length;
    return earlier === 0 ? slug : `${slug}-${earlier}`;
  });
}

test('every relative link of every page leads to a file and to a heading in it', () => {
  const broken = pages.flatMap((page) => {
    const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    return links.filter((link) => !isReachable(page, link)).map((link) => `${page}: ${link}`);
  });
  assert.deepEqual(broken, []);
});

function isReachable(page: string, link: string): boolean {
  if (/^(https?|mailto):/.test(link)) return true;
  const [target = '', anchor] = link.split('#');
  const file = target === '' ? page : path.join(path.dirname(page), decodeURI(target));
  if (!existsSync(path.join(root, file))) return false;
  return anchor === undefined || (file.endsWith('.md') && anchorsOf(file).includes(decodeURIComponent(anchor)));
}

test('every page is linked from another page', () => {
  const linked = new Set(
    pages.flatMap((page) =>
      [...proseOf(page).matchAll(/\]\(([^)#\s]+)/g)].map(([, link = '']) => path.join(path.dirname(page), link)),
    ),
  );
  assert.deepEqual(
    pages.filter((page) => page !== 'README.md' && !linked.has(page)),
    [],
  );
});

test(`README.md has at most ${MOST_BYTES} bytes`, () => {
  const bytes = Buffer.byteLength(read('README.md'));
  assert.ok(bytes <= MOST_BYTES, `it has ${bytes}`);
});

test("README.md says what package.json's description says", () => {
  const { description } = JSON.parse(read('package.json'));
  const prose = read('README.md').replace(/\s+/g, ' ');
  assert.ok(prose.includes(`rareflow ${description[0].toLowerCase()}${description.slice(1)}`), description);
});

test('the record in README.md is the one that npm start makes', async (t) => {
  const output = path.join(workFolder(t), 'rare.jsonl');
  const { start } = JSON.parse(read('package.json')).scripts;
  const [, flags = ''] = /out\/rare\.jsonl (.+?)(?: &&|$)/.exec(start) ?? [];
  const { code, stderr } = await runCommand(['run', 'examples/corpus.jsonl', '-o', output, ...flags.split(' ')]);
  assert.equal(code, 0, stderr);
  const [shown = ''] = blocksOf('README.md', 'json');
  const expected = JSON.parse(shown);
  const made = readRecordsOf(output).find(({ id }) => id === expected.id);
  assert.deepEqual(cutAs(expected, rounded(made)), expected);
});

/** The values of `made`, with its texts cut where those of `shown` are. */
function cutAs(shown: unknown, made: unknown): unknown {
  if (typeof shown === 'string' && typeof made === 'string' && shown.endsWith('…')) {
    const kept = shown.slice(0, -1).trimEnd();
    return made.startsWith(kept) ? shown : made;
  }
  if (Array.isArray(shown) && Array.isArray(made)) return made.map((item, index) => cutAs(shown[index], item));
  if (typeof shown !== 'object' || typeof made !== 'object' || made === null) return made;
  return Object.fromEntries(
    Object.entries(made).map(([key, value]) => [key, cutAs((shown as Record<string, unknown>)?.[key], value)]),
  );
}

const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, item) => (typeof item === 'number' ? Number(item.toFixed(3)) : item)));

/** Every `rareflow …` in the console and sh blocks of a page, without pipes, redirections and comments. */
function commandsOf(page: string): string[] {
  const blocks = [...blocksOf(page, 'sh'), ...blocksOf(page, 'console')].map((block) => block.replace(/\\\n\s*/g, ' '));
  const lines = blocks.flatMap((block) => block.split('\n')).filter((line) => !line.startsWith('rareflow: '));
  return lines.flatMap((line) =>
    [...line.matchAll(/(?:^|\$ |\| |\| ssh \w+\s+|\^C)rareflow ([^|<>#…]+)/g)].map(([, words = '']) => words.trim()),
  );
}

test('every command in a page names flags, values and arguments that rareflow takes', async () => {
  let parsed: string | undefined;
  const program = programOf(async ({ name }) => {
    parsed = name;
  });
  for (const page of pages) {
    for (const command of commandsOf(page)) {
      const words = (command.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^["']|["']$/g, ''));
      if (words.length === 1) continue; // named without its arguments
      await program.parseAsync(words, { from: 'user' }).catch((error) => assert.fail(`${page}: ${command}: ${error}`));
      assert.equal(parsed, words[0], `${page}: ${command}`);
    }
  }
});

test('every sh block of a page runs as it is printed, with the stand-in for a server', async (t) => {
  const server = await startStandIn();
  t.after(() => server.close());
  const documents = read('examples/corpus.jsonl').split('\n').slice(0, 24);
  const price = { input: '0.15', cachedInput: '0.075', output: '0.60' };
  const prices = JSON.stringify({ asOf: '2026-05-31', models: { 'gpt-4o-mini': price } });
  const env = { OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: 'sk-test' };

  const runPage = async (page: string) => {
    const folder = workFolder(t);
    mkdirSync(path.join(folder, 'notes'));
    writeFileSync(path.join(folder, 'corpus.jsonl'), `${documents.join('\n')}\n`);
    writeFileSync(path.join(folder, 'prices.json'), prices);
    for (const [index, line] of documents.entries()) {
      writeFileSync(path.join(folder, 'notes', `${index}.txt`), JSON.parse(line).text);
    }
    for (const block of blocksOf(page, 'sh').filter(isRunnable)) {
      if (!block.includes('--retry-rejects')) removeOutputs(folder, block);
      const script = block.replace(/http:\/\/localhost:\d+\/v1/g, server.baseUrl).replaceAll('sk-…', 'sk-test');
      const { code, stderr } = await runShell(`set -e; ${script}`, { cwd: folder, env });
      assert.equal(code, 0, `${page}:\n${block}\n${stderr}`);
    }
  };
  const same = new Set(['src/cli/README.md', 'examples/README.zh.md']); // --help's examples, and README.md's commands
  const withBlocks = pages.filter((page) => !same.has(page) && blocksOf(page, 'sh').some(isRunnable));
  assert.ok(withBlocks.includes('README.md') && withBlocks.includes('examples/README.md'));
  await Promise.all(withBlocks.map(runPage));
});

/** Removes what earlier blocks wrote to the outputs of a block: a finished output is not replaced. */
function removeOutputs(folder: string, block: string): void {
  for (const [, output = ''] of block.matchAll(/ -o (\w+\.jsonl)/g)) {
    for (const file of [output, `${output}.rareflow`, output.replace('.jsonl', '.rejects.jsonl')]) {
      rmSync(path.join(folder, file), { recursive: true, force: true });
    }
  }
}

/** False for a block of npm's commands. */
function isRunnable(block: string): boolean {
  return !/^npm /m.test(block);
}

test('every ts block of a page compiles', async (t) => {
  mkdirSync(path.join(root, 'out'), { recursive: true });
  const folder = mkdtempSync(path.join(root, 'out/readme-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const blocks = pages.flatMap((page) => blocksOf(page, 'ts').map((block) => [page, block] as const));
  for (const [index, [page, block]] of blocks.entries()) {
    const name = `${page.replace(/\W+/g, '_')}_${index}.ts`;
    writeFileSync(path.join(folder, name), `${preludeOf(block)}\n${block}\nexport {};\n`);
  }
  const paths = {
    rareflow: ['../../src/index.ts'],
    'rareflow/flexsearch': ['../../src/search/flexsearch/index.ts', '../../src/index.ts'],
    'rareflow/*': ['../../src/*/index.ts', '../../src/index.ts'],
  };
  const compilerOptions = { noEmit: true, rootDir: '../..', paths, noUnusedLocals: false, verbatimModuleSyntax: false };
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = path.join(root, 'node_modules/.bin/tsc');
  await promisify(execFile)(tsc, ['-p', folder]).catch(({ stdout }) => assert.fail(stdout));
});

/** Declarations for the names that a block uses without declaring them: the page's text introduces them. */
const surroundings: Record<string, string> = {
  model: "declare const model: import('rareflow').RareflowModel;",
  index: "declare const index: import('rareflow').Bm25Index;",
  source: 'declare const source: AsyncIterable<{ id: string; text: string }>;',
  readable: "declare const readable: import('node:stream').Readable;",
  writable: "declare const writable: import('node:stream').Writable;",
  pipeline: "import { pipeline } from 'node:stream/promises';",
  PassThrough: "import { PassThrough } from 'node:stream';",
  from: "import { from } from 'ix/asynciterable';",
};
const exported = [
  ...read('src/index.ts')
    .replace(/\/\*\*.*?\*\//g, '')
    .matchAll(/[{,]\s*(?:type )?(\w+)(?=\s*[,}])/g),
].map(([, name = '']) => name);

function preludeOf(block: string): string {
  const imported = [...block.matchAll(/^import \{([^}]*)\}/gm)].flatMap(([, names = '']) => names.split(/\W+/));
  const isMissing = (name: string) =>
    new RegExp(`(^|[^.\\w'])${name}\\b(?!:)`, 'm').test(block.replace(/\/\/.*$/gm, '')) &&
    !new RegExp(`const (\\{[^}]*)?\\b${name}\\b`).test(block) &&
    !imported.includes(name);
  const names = exported.filter((name) => surroundings[name] === undefined && isMissing(name));
  const around = Object.keys(surroundings).filter(isMissing);
  return [`import { ${names.join(', ')} } from 'rareflow';`, ...around.map((name) => surroundings[name])].join('\n');
}

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { commands } from '../../src/cli/commands.js';
import { readConfig } from '../../src/cli/options/config.js';
import { runProgram } from '../../src/cli/program.js';
import { RareflowError, RejectError } from '../../src/errors.js';
import { readRecords } from '../../src/io/read/readRecords.js';
import { openParquet } from '../../src/io/write/parquet.js';
import { AnswerStore } from '../../src/llm/cacheStore/answerStore.js';
import { createModel } from '../../src/llm/createModel.js';
import { BatchJournal } from '../../src/llm/openai/batch/batchJournal.js';
import { parseDoc2Query } from '../../src/operators/doc2Query/queryAnswer.js';
import type { DataRecord } from '../../src/record.js';
import { openIndex } from '../../src/search/bm25Index.js';
import { buildIndex } from '../../src/search/indexing/buildIndex.js';
import { type StandIn, startStandIn } from '../../src/standIn/http/server.js';
import { type Below, mutate } from './mutate.js';

/**
 * `right`: as if nothing had been damaged, or less but nothing false; `wrong`: a false result without a word. What throws is
 * judged by its message: `refused` if it says what is wrong, `obscure` if it does not.
 */
export type Outcome = 'right' | 'refused' | `wrong: ${string}`;

/** Plays one case. */
type Play = (below: Below) => Promise<Outcome>;

const texts = Array.from(
  { length: 600 },
  (_, at) =>
    `common ${'pear '.repeat(at % 5)}word${at} word${at % 60} of the text number ${at}, which tells of tides and moons.`,
);
const corpus = texts.map((text, at) => ({ id: `doc-${at}`, text }));
const linesOf = (records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** The files under a folder, in a fixed order. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile())
    .sort();
}

/** Makes a fresh copy of what was prepared, with one of its files damaged; gives its folder. */
function damagedCopy(whole: string, below: Below, isTarget: (file: string) => boolean = () => true): string {
  const copy = `${whole}.copy`;
  rmSync(copy, { recursive: true, force: true });
  cpSync(whole, copy, { recursive: true });
  const files = filesIn(copy).filter(isTarget);
  const file = files[below(files.length)] as string;
  writeFileSync(file, mutate(readFileSync(file), below));
  return copy;
}

async function collect(source: AsyncIterable<DataRecord>): Promise<DataRecord[]> {
  const records: DataRecord[] = [];
  for await (const record of source) records.push(record);
  return records;
}

/** Runs the command in this process; what it says goes into the result. */
async function command(...args: string[]): Promise<{ code: number; stderr: string }> {
  const write = process.stderr.write;
  let stderr = '';
  process.stderr.write = ((text: string) => {
    stderr += text;
    return true;
  }) as typeof write;
  try {
    return { code: await runProgram(args), stderr };
  } finally {
    process.stderr.write = write;
    process.exitCode = 0;
  }
}

const OBSCURE = /undefined|\[object |NaN|TypeError|RangeError|suppressed|defect|Maximum call stack| at .*:\d+:\d+/;

/** Judges a command that did not end well by what it said. */
function judged({ code, stderr }: { code: number; stderr: string }): Outcome {
  if (code === 0) return 'wrong: exit 0';
  return OBSCURE.test(stderr) ? `wrong: it said ${JSON.stringify(stderr.slice(-400))}` : 'refused';
}

async function index(folder: string): Promise<Play> {
  const whole = path.join(folder, 'index');
  await buildIndex(
    (async function* () {
      yield* corpus;
    })(),
    whole,
    { analyzer: 'english' },
  );
  const answers = async (target: string) => {
    await using opened = await openIndex(target);
    const hits = await opened.search('common pear word7 word59', { k: 50 });
    const rare = await opened.search('word599 pear', { k: 2000 });
    return JSON.stringify([hits, rare, hits.map(({ docId }) => opened.text(docId)), opened.docIds('doc-77')]);
  };
  const right = await answers(whole);
  return async (below) =>
    (await answers(damagedCopy(whole, below))) === right ? 'right' : 'wrong: other hits or texts';
}

/** Records without what the server says of its cache: it depends on the order of the calls. */
const comparable = (file: string) => readFileSync(file, 'utf8').replace(/,"cachedTokens":\d+/g, '');

/** A run that stopped in the middle because the quota was gone; then there is quota again, and something of the run is damaged. */
async function run(folder: string): Promise<Play> {
  const whole = path.join(folder, 'run');
  const at = `${whole}.copy`;
  const plain = path.join(folder, 'plain');
  const limited = await startStandIn({ medianMs: 0, quotaGoneAtCall: 80 });
  const server = await startStandIn({ medianMs: 0 });
  const ask = (place: string, { baseUrl }: StandIn) => [
    ...[
      'doc2query',
      path.join(place, 'in.jsonl'),
      '-o',
      path.join(place, 'out.jsonl'),
      '--model',
      'm',
      '--base-url',
      baseUrl,
    ],
    ...['--no-config', '--no-cache', '--concurrency', '4'],
  ];
  for (const place of [plain, at]) {
    mkdirSync(place);
    writeFileSync(path.join(place, 'in.jsonl'), linesOf(corpus.slice(0, 120)));
  }
  assert.equal((await command(...ask(plain, server))).code, 0);
  const right = comparable(path.join(plain, 'out.jsonl'));
  assert.equal((await command(...ask(at, limited))).code, 4);
  await limited.close();
  cpSync(at, whole, { recursive: true });
  return async (below) => {
    damagedCopy(whole, below, (file) => !file.endsWith('in.jsonl') && !file.endsWith('lock.mdb'));
    const ended = await command(...ask(at, server));
    if (ended.code !== 0) return judged(ended);
    return comparable(path.join(at, 'out.jsonl')) === right ? 'right' : 'wrong: another output, exit 0';
  };
}

/** A finished run with rejects, whose rejects file or state is damaged before they are tried again. */
async function rejects(folder: string): Promise<Play> {
  const whole = path.join(folder, 'rejects');
  const at = `${whole}.copy`;
  mkdirSync(at);
  const input = corpus.slice(0, 60).map((record, place) => (place % 7 === 3 ? { id: record.id } : record));
  writeFileSync(path.join(at, 'in.jsonl'), linesOf(input));
  const ask = [
    'doc2query',
    path.join(at, 'in.jsonl'),
    '-o',
    path.join(at, 'out.jsonl'),
    '--model',
    'offline',
    '--no-config',
  ];
  assert.equal((await command(...ask)).code, 0);
  const before = readFileSync(path.join(at, 'out.jsonl'), 'utf8');
  cpSync(at, whole, { recursive: true });
  return async (below) => {
    damagedCopy(whole, below, (file) => file.endsWith('.rejects.jsonl') || file.endsWith('data.mdb'));
    const ended = await command(...ask, '--retry-rejects');
    const after = readFileSync(path.join(at, 'out.jsonl'), 'utf8');
    if (ended.code !== 0) return after === before ? judged(ended) : 'wrong: the output changed';
    if (/ -\d/.test(ended.stderr)) return `wrong: ${ended.stderr.slice(0, 200)}`;
    return after === before ? 'right' : 'wrong: other records in the output';
  };
}

async function cache(folder: string): Promise<Play> {
  const whole = path.join(folder, 'cache');
  const answerOf = (at: number) => ({
    ...{ text: texts[at] as string, model: 'm', finishReason: 'stop', attempts: 1 },
    usage: { promptTokens: at, completionTokens: at },
  });
  const store = new AnswerStore({ path: whole });
  for (let at = 0; at < texts.length; at++) store.put(`key-${at}`, { stage: 's', model: 'm' }, answerOf(at));
  await store.close();
  return async (below) => {
    const copy = damagedCopy(whole, below, (file) => file.endsWith('data.mdb'));
    const damaged = new AnswerStore({ path: copy });
    try {
      for (let at = 0; at < texts.length; at++) {
        const found = damaged.get(`key-${at}`);
        if (found !== undefined && JSON.stringify(found) !== JSON.stringify(answerOf(at)))
          return `wrong: answer ${at} is another`;
      }
      damaged.put('new', { stage: 's', model: 'm' }, answerOf(1));
      return 'right';
    } finally {
      await damaged.close();
    }
  };
}

async function journal(folder: string): Promise<Play> {
  const whole = path.join(folder, 'journal');
  const ids = texts.map((_, at) => `id-${at}`);
  const bodyOf = (at: number) => ({ choices: [{ message: { content: texts[at] } }] });
  const written = new BatchJournal(whole);
  const batch = written.begin(ids.slice(0, 400));
  written.advance({ ...batch, fileId: 'file', batchId: 'batch' });
  written.settle(ids.slice(0, 200).map((id, at) => ({ id, body: bodyOf(at) })));
  await written.close();
  return async (below) => {
    const damaged = new BatchJournal(damagedCopy(whole, below, (file) => file.endsWith('data.mdb')));
    try {
      for (const [at, id] of ids.entries()) {
        const found = damaged.answer(id);
        if (found !== undefined && JSON.stringify(found) !== JSON.stringify(bodyOf(at)))
          return `wrong: answer ${at} is another`;
      }
      for (const open of damaged.open()) {
        const { ids: named, batchId } = open;
        if (batchId !== 'batch' || JSON.stringify(named) !== JSON.stringify(ids.slice(0, 400)))
          return 'wrong: another batch';
      }
      return 'right';
    } finally {
      await damaged.close();
    }
  };
}

/** A page of parquet has no checksum of ours: values may differ, but nothing may hang, crash or end without words. */
async function parquet(folder: string): Promise<Play> {
  const file = path.join(folder, 'whole.parquet');
  const schema = { properties: { id: { type: 'string' }, text: { type: 'string' } } };
  const sink = await openParquet(file, schema);
  for (const record of corpus) await sink.add(record);
  await sink.commit();
  const whole = readFileSync(file);
  return async (below) => {
    const damaged = path.join(folder, 'damaged.parquet');
    writeFileSync(damaged, mutate(whole, below));
    await collect(readRecords([damaged], { rejects: () => {} }));
    return 'right';
  };
}

/** A line is a record, a reject or blank, as JSON.parse alone has it. */
async function jsonl(folder: string): Promise<Play> {
  const whole = Buffer.from(linesOf(corpus.slice(0, 50)));
  const file = path.join(folder, 'damaged.jsonl');
  return async (below) => {
    const bytes = mutate(whole, below);
    writeFileSync(file, bytes);
    let rejected = 0;
    const records = await collect(
      readRecords([file], {
        rejects: () => {
          rejected += 1;
        },
      }),
    );
    const lines = bytes
      .toString('latin1')
      .replace(/^\xef\xbb\xbf/, '')
      .split('\n')
      .filter((line) => Buffer.from(line, 'latin1').toString().trim() !== '');
    if (bytes.subarray(0, 2).some((byte) => byte === 0xfe || byte === 0xff) || /^\s*\[/.test(bytes.toString('latin1')))
      return 'right';
    if (lines.length !== records.length + rejected)
      return `wrong: ${lines.length} lines, ${records.length} records + ${rejected} rejects`;
    const known = new Set(
      lines.map((line) =>
        // A byte order mark at the start of a line is where two files were joined.
        attempt(() =>
          JSON.stringify(
            JSON.parse(
              Buffer.from(line, 'latin1')
                .toString()
                .replace(/^\ufeff/, ''),
            ),
          ),
        ),
      ),
    );
    return records.every((record) => known.has(JSON.stringify(record)))
      ? 'right'
      : 'wrong: a record that is not a line';
  };
}

const answer = `<think>The text is about tides.</think>Let me weigh it. \`\`\`json
{"analysis": "tides", "hard_query": {"question": "Why do two tides follow each day, and what would \\"change\\" them?", "scenario": "A harbour master plans $\\\\frac{1}{2}$ a day ahead."}}
\`\`\` That is all.`;

/** Every word that is read from an answer must be in it. */
async function answers(): Promise<Play> {
  const whole = Buffer.from(answer);
  return async (below) => {
    const text = mutate(whole, below).toString();
    const parsed = parseDoc2Query(text);
    if (!parsed.ok) return parsed.reason === '' ? 'wrong: no reason' : 'refused';
    // Control characters are dropped from an answer.
    const plain = text
      .replace(/\\u([0-9a-fA-F]{4})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replace(/\p{Cc}/gu, (control) => (/\s/.test(control) ? control : ''));
    const words = parsed.queries.flatMap(
      ({ question, scenario = '' }) => `${question} ${scenario}`.match(/[\p{L}\p{N}]{3,}/gu) ?? [],
    );
    const missing = words.find((word) => !plain.includes(word));
    return missing === undefined ? 'right' : `wrong: ${JSON.stringify(missing)} is not in the answer`;
  };
}

/** The contents of the events of a stream that are JSON: one without a content is none. */
function contentsOf(stream: string): string {
  const events = stream.split(/\r\n|\r|\n/).flatMap((line) => {
    const data = /^data: ?(.*)$/s.exec(line)?.[1];
    return data === undefined
      ? []
      : [attempt(() => JSON.parse(data.trim())) as { choices?: { delta?: { content?: string } }[] }];
  });
  return events.map((event) => event?.choices?.[0]?.delta?.content ?? '').join('');
}

/** A server whose answers, whole and streamed, are damaged on their way. */
async function streams(): Promise<Play> {
  const said = 'The moon pulls the sea twice a day.';
  const usage = { prompt_tokens: 9, completion_tokens: 8 };
  const plain = JSON.stringify({
    model: 'm',
    choices: [{ message: { role: 'assistant', content: said }, finish_reason: 'stop' }],
    usage,
  });
  const pieces = said.match(/.{1,7}/g) ?? [];
  const event = (delta: object, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ model: 'm', choices: [{ delta, finish_reason }] })}\n\n`;
  const streamed = [
    ...pieces.map((content) => event({ content })),
    event({}, 'stop'),
    `data: ${JSON.stringify({ choices: [], usage })}\n\n`,
    'data: [DONE]\n\n',
  ].join('');
  let body: Buffer = Buffer.from(plain);
  let streams = false;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': streams ? 'text/event-stream' : 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return async (below) => {
    streams = below(2) === 1;
    body = mutate(Buffer.from(streams ? streamed : plain), below);
    const raw = body.toString();
    const model = createModel({ model: 'm', baseUrl, stream: streams, maxAttempts: 2, baseDelayMs: 1, firstHoldMs: 1 });
    try {
      const { text } = await model.complete({ messages: [{ role: 'user', content: 'Why?' }] });
      const sent = streams ? contentsOf(raw) : raw;
      const isSent = streams
        ? sent.includes(text)
        : (text.match(/[A-Za-z]{3,}/g) ?? []).every((word) => raw.includes(word));
      return isSent ? 'right' : `wrong: ${JSON.stringify(text.slice(0, 80))} was not sent`;
    } catch (error) {
      if (error instanceof RejectError && error.message !== '') return 'refused';
      throw error;
    } finally {
      await model.close();
    }
  };
}

async function configuration(folder: string): Promise<Play> {
  const whole = Buffer.from(
    JSON.stringify(
      {
        model: 'gpt-4o-mini',
        concurrency: 8,
        baseUrl: ['http://127.0.0.1:1/v1'],
        cache: false,
        commands: { run: { numNeg: 5, sampling: 'top' } },
      },
      null,
      2,
    ),
  );
  const file = path.join(folder, 'rareflow.config.json');
  return async (below) => {
    const bytes = mutate(whole, below);
    writeFileSync(file, bytes);
    const config = await readConfig(file, commands);
    const read = attempt(() => JSON.parse(bytes.toString()));
    if (read === undefined) return 'wrong: no JSON was taken';
    return typeof config === 'object' && existsSync(file) ? 'right' : 'wrong: not an object';
  };
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof RareflowError) throw error;
    return undefined;
  }
}

/** The targets of mutation, by name; each is prepared once in a separate folder. */
export const targets: Record<string, (folder: string) => Promise<Play>> = {
  ...{ index, run, rejects, cache, journal, parquet, jsonl, answers, streams, configuration },
};

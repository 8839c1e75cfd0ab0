// Question: what does the answer cache cost a call that misses and one that hits, how large is an entry, and does memory
// stay flat as it grows? Run: npm run bench -- cache [ENTRIES] [FOLDER]
// Fair because: calls go through the whole wrapper (hash of the prompt, lookup, single flight, compression, commits synced
// to disk, 64 at once) and the model behind it answers at once, so all that is measured is the cache; answers are prose of
// 1,500 characters, no two alike, over prompts of 2,000; hits are read by another AnswerStore, in another order, and every
// answer is compared.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AnswerStore } from '../src/llm/cacheStore/answerStore.js';
import type { ChatModel, ChatRequest } from '../src/llm/chatModel.js';
import { cache } from '../src/llm/middleware/cache.js';

const entries = Number(process.argv[2] ?? 100_000);
const folder = process.argv[3] ?? mkdtempSync(path.join(os.tmpdir(), 'rareflow-bench-'));
const slots = 64;
const corpus = readFileSync(path.join(import.meta.dirname, '../examples/corpus.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line).text as string)
  .join('\n');

/** Prose that begins anywhere in the corpus, with the number in it. */
function prose(n: number, length: number): string {
  const at = (n * 7919) % (corpus.length - length);
  return `${n}. ${corpus.slice(at, at + length)}`;
}
const requestOf = (n: number): ChatRequest => ({
  stage: 'bench',
  messages: [{ role: 'user', content: prose(n, 2000) }],
});
const numberOf = ({ messages }: ChatRequest) => Number.parseInt(messages[0]?.content ?? '', 10);
let calls = 0;
const instant: ChatModel = {
  name: 'instant',
  async complete(request) {
    calls += 1;
    const text = prose(numberOf(request) + 1, 1500);
    return { text, model: 'm', finishReason: 'stop', usage: { promptTokens: 500, completionTokens: 350 }, attempts: 1 };
  },
};

/** Memory of the process's own: the pages of the file that LMDB maps are the system's, and are given back. */
function ownMegabytes(): number {
  globalThis.gc?.();
  const status = readFileSync('/proc/self/status', 'utf8');
  return Math.round(Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
}

/** Asks for the entries from `first` on, once each, in an order that `step` gives. CPU time is what other programs on the machine do not change. */
async function ask(model: ChatModel, count: number, step: number, first = 0) {
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  let next = first;
  const slot = async () => {
    while (next < count) {
      const n = (next++ * step) % count;
      const { text } = await model.complete(requestOf(n));
      if (!text.startsWith(`${n + 1}.`)) throw new Error(`a wrong answer to ${n}: ${text.slice(0, 20)}`);
    }
  };
  await Promise.all(Array.from({ length: slots }, slot));
  const { user, system } = process.cpuUsage(startedCpu);
  const perSecond = Math.round(((count - first) * 1000) / (performance.now() - startedMs));
  return { perSecond, cpuMicroseconds: Math.round((user + system) / (count - first)) };
}

const cached = () => cache(instant, { path: path.join(folder, 'cache'), baseUrl: 'bench:', model: 'instant' });
const bare = await ask(instant, entries, 1);
calls = 0;
const filling = cached();
await ask(filling, entries / 10, 1);
const tenthMegabytes = ownMegabytes();
const misses = await ask(filling, entries, 1, entries / 10);
const fullMegabytes = ownMegabytes();
await filling.close();
assert.equal(calls, entries);

const reading = cached();
const hits = await ask(reading, entries, 7907);
const readMegabytes = ownMegabytes();
await reading.close();
assert.equal(calls, entries);

const store = new AnswerStore({ path: path.join(folder, 'cache'), create: false });
const startedMs = performance.now();
assert.equal([...store.heads()].length, entries);
const statsSeconds = Number(((performance.now() - startedMs) / 1000).toFixed(1));
console.log(
  JSON.stringify({
    bench: 'cache',
    entries,
    bare,
    misses,
    hits,
    bytesPerEntry: Math.round(store.bytes / entries),
    statsSeconds,
    megabytes: { tenth: tenthMegabytes, full: fullMegabytes, read: readMegabytes },
  }),
);
await store.close();
if (process.argv[3] === undefined) rmSync(folder, { recursive: true });

import { OpenAI } from 'openai';
import pMap from 'p-map';
import { Agent, request } from 'undici';
import { createModel, type ModelOptions } from '../../src/llm/createModel.js';
import { doc2Query } from '../../src/operators/doc2Query/doc2Query.js';
import { renderDoc2Query } from '../../src/operators/doc2Query/prompt.js';
import { parseDoc2Query } from '../../src/operators/doc2Query/queryAnswer.js';
import type { DataRecord } from '../../src/record.js';

export interface Work {
  baseUrl: string;
  concurrency: number;
  /** The records; pulling beyond the last reports to the server that the input is exhausted. */
  records: () => AsyncIterable<DataRecord>;
  /** Called with every record that got its question. */
  onDone: (record: DataRecord) => void;
  onReject: () => void;
}

export type Contestant = (work: Work) => Promise<void>;

/** The operator as the command runs it. */
export const rareflow =
  ({ ordered, ...modelOptions }: Partial<ModelOptions> & { ordered: boolean }): Contestant =>
  async ({ baseUrl, concurrency, records, onDone, onReject }) => {
    const model = createModel({ model: 'stand-in', baseUrl, concurrency, ...modelOptions });
    const ask = doc2Query({ model, concurrency, ordered, rejects: onReject });
    for await (const record of ask(records())) onDone(record);
    await model.close();
  };

/** One question, by the openai client with its own two retries. */
function plainAsker({ baseUrl }: Work, maxRetries: number) {
  const client = new OpenAI({ baseURL: baseUrl, apiKey: 'none', maxRetries, logLevel: 'off' });
  return async (record: DataRecord): Promise<DataRecord> => {
    const messages = renderDoc2Query({ text: record.text as string, language: 'en', queriesPerDoc: 1 });
    const { choices } = await client.chat.completions.create({ model: 'stand-in', messages });
    const answer = parseDoc2Query(choices[0]?.message.content ?? '');
    if (!answer.ok) throw new Error(answer.reason);
    return { ...record, ...answer.queries[0] };
  };
}

/** The common solution: p-map over the records, and the client's retries. */
export const plainPMap: Contestant = async (work) => {
  const ask = plainAsker(work, 2);
  await pMap(work.records(), (record) => ask(record).then(work.onDone, work.onReject), {
    concurrency: work.concurrency,
  });
};

/** Stage by stage, as frameworks of batch operators work: a batch is finished before the next starts. */
export const barriers =
  (batchSize: number): Contestant =>
  async (work) => {
    const ask = plainAsker(work, 2);
    const batch: DataRecord[] = [];
    const doBatch = () =>
      pMap(batch.splice(0), (record) => ask(record).then(work.onDone, work.onReject), {
        concurrency: work.concurrency,
      });
    for await (const record of work.records()) {
      batch.push(record);
      if (batch.length === batchSize) await doBatch();
    }
    await doBatch();
  };

/** Loops of the platform's fetch, which read the JSON of an answer and nothing else. */
export const fetchLoops: Contestant = async ({ baseUrl, concurrency, records, onDone }) => {
  const source = records()[Symbol.asyncIterator]();
  const loop = async () => {
    for (;;) {
      const { done, value: record } = await source.next();
      if (done) return;
      const messages = renderDoc2Query({ text: record.text as string, language: 'en', queriesPerDoc: 1 });
      const body = JSON.stringify({ model: 'stand-in', messages });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${baseUrl}/chat/completions`, { method: 'POST', headers, body });
      const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] };
      onDone({ ...record, question: choices[0]?.message.content });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
};

/**
 * The least that a client can do: K loops that send the next request as soon as they have an answer, read or not, and
 * again at once if there was none. What it loses is the machine's and the server's.
 */
export const bareLoops: Contestant = async ({ baseUrl, concurrency, records, onDone }) => {
  const dispatcher = new Agent();
  const source = records()[Symbol.asyncIterator]();
  const ask = async (record: DataRecord): Promise<DataRecord> => {
    const messages = renderDoc2Query({ text: record.text as string, language: 'en', queriesPerDoc: 1 });
    const body = JSON.stringify({ model: 'stand-in', messages });
    for (;;) {
      try {
        const answer = await request(`${baseUrl}/chat/completions`, { method: 'POST', body, dispatcher });
        const text = await answer.body.text();
        if (answer.statusCode === 200 && text.endsWith('}')) return { ...record, question: text };
      } catch {}
    }
  };
  const loop = async () => {
    for (;;) {
      const next = await source.next();
      if (next.done) return;
      onDone(await ask(next.value));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  await dispatcher.close();
};

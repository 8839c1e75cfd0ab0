// Questions by a local server that speaks OpenAI's protocol: vLLM, Ollama, llama.cpp, …
// Run it: npx tsx examples/localServer.ts http://localhost:8000/v1 MODEL [FILE]
import path from 'node:path';
import { createModel, doc2Query, drain, readJsonl, writeJsonl } from '../src/index.js';

const [baseUrl = 'http://localhost:8000/v1', name = 'qwen3', file = path.join(import.meta.dirname, 'corpus.jsonl')] =
  process.argv.slice(2);
const model = createModel({ model: name, baseUrl, concurrency: 32, requestsPerMinute: 6000, maxTokens: 2048 });

const questions = readJsonl(file).pipe(doc2Query({ model }), writeJsonl('-'));
const made = await drain(questions);

const { total, peakInFlight } = model.usage();
console.error(`${made} questions, ${total.attempts} requests, at most ${peakInFlight} at once`);
console.error(`${total.promptTokens} + ${total.completionTokens} tokens`);
await model.close();

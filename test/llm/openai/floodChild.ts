import { createModel } from '../../../src/llm/createModel.js';

/** Asks each server once; prints how that ended and the most memory that the process has taken, in bytes, one line a server. */
for (const baseUrl of process.argv.slice(2)) {
  const model = createModel({ model: 'm', baseUrl, maxAttempts: 1, idleTimeoutMs: 20_000 });
  const request = { messages: [{ role: 'user' as const, content: 'Why?' }] };
  const end = await model.complete(request).then(
    ({ text }) => `an answer of ${text.length} characters`,
    (error: Error) => error.message,
  );
  await model.close();
  console.log(JSON.stringify({ end, maxRss: process.resourceUsage().maxRSS * 1024 }));
}

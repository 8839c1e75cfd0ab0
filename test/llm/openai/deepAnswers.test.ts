import assert from 'node:assert/strict';
import test from 'node:test';
import { RejectError } from '../../../src/errors.js';
import { type Reply, withScript } from '../../support/scriptedServer.js';

const ask = { messages: [{ role: 'user' as const, content: 'Why?' }] };
const nested = (open: string, inner: string, close: string, levels: number) =>
  open.repeat(levels) + inner + close.repeat(levels);
const lists = (levels: number) => nested('[', '', ']', levels);
const parts = (levels: number) => nested('[{"text":', '"a"', '}]', levels);
const answer = (message: string, finish = '"stop"', more = '') =>
  `{"choices": [{"message": ${message}, "finish_reason": ${finish}${more}}]}`;

/** Answers that hold something nested: each as a body with its status. */
const answers: Record<string, (levels: number) => Reply> = {
  'parts of its content': (levels) => ({ body: answer(`{"content": ${parts(levels)}}`) }),
  'parts of its reasoning': (levels) => ({ body: answer(`{"reasoning_details": ${parts(levels)}}`) }),
  'the error it broke off with': (levels) => ({
    body: answer('{"content": ""}', '"error"', `, "error": ${lists(levels)}`),
  }),
  'an error in a 200': (levels) => ({ body: `{"error": ${lists(levels)}}` }),
  'an error body': (levels) => ({ status: 400, body: `{"error": {"message": ${lists(levels)}}}` }),
  'a list of errors': (levels) => ({ status: 422, body: `{"detail": ${parts(levels)}}` }),
  'an error inside an error': (levels) => ({
    status: 400,
    body: JSON.stringify({ error: { message: 'a', metadata: { raw: `{"error": ${lists(levels)}}` } } }),
  }),
  'a piece of a stream': (levels) => ({
    headers: { 'content-type': 'text/event-stream' },
    body: `data: {"choices": [{"delta": {"content": ${parts(levels)}}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n`,
  }),
};

for (const [what, replyOf] of Object.entries(answers)) {
  test(`an answer with ${what} nested deep rejects its record and ends no run`, async () => {
    for (const levels of [900, 5000, 200_000]) {
      await withScript(
        () => replyOf(levels),
        { maxAttempts: 2, baseDelayMs: 1 },
        async ({ model }) => {
          const end = await model.complete(ask).then(
            ({ text }) => text,
            (error: unknown) => error,
          );
          assert.ok(end instanceof RejectError || end === 'a', `${levels}: ${String(end).slice(0, 200)}`);
          assert.doesNotMatch(String(end), /call stack/);
        },
      );
    }
  });
}

import assert from 'node:assert/strict';
import test from 'node:test';
import { UsageError } from '../../../src/errors.js';
import { parseBaseUrl } from '../../../src/llm/openai/baseUrl.js';
import { openaiModel } from '../../../src/llm/openai/openaiModel.js';

const refused: [string, string | undefined, RegExp][] = [
  ['http://api.example/v1', undefined, /http:\/\/api\.example would send the key/],
  ['http://8.8.8.8/v1', undefined, /would send the key/],
  ['ftp://localhost/v1', undefined, /must begin with https: or http:, got ftp:/],
  ['localhost', undefined, /not a URL/],
  ['https://ada:secret@api.example/v1', 'sk-secret', /two credentials for api\.example/],
  ['https://api.example/v1', 'sk-secret\n', /line break/],
  ['https://api.example/v1', '', /empty/],
];
for (const [baseUrl, apiKey, message] of refused) {
  test(`the base URL ${baseUrl} with the key ${JSON.stringify(apiKey)} is refused without quoting a secret`, () => {
    assert.throws(
      () => openaiModel({ model: 'm', baseUrl, apiKey }),
      (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        assert.ok(!error.message.includes('secret'));
        return true;
      },
    );
  });
}

test('a header that cannot be sent is refused without quoting its value', () => {
  assert.throws(
    () => openaiModel({ model: 'm', headers: { 'api-key': 'sk-secret\n' } }),
    (error) => error instanceof UsageError && /"api-key"/.test(error.message) && !/secret/.test(error.message),
  );
});

for (const host of ['localhost', '127.0.0.1', '[::1]', '10.1.2.3', '192.168.1.9', '172.20.0.2', 'vllm', 'gpu.local']) {
  test(`plain http to ${host} is allowed`, () => {
    openaiModel({ model: 'm', baseUrl: `http://${host}:8000/v1`, apiKey: 'sk-secret' });
  });
}

test('credentials are removed from answers, words of other headers and API versions are not', () => {
  const headers = { 'x-title': 'Photosynthesis', 'x-api-key': 'key-0123456789' };
  const url = 'https://h/v1?api-version=2024-10-01-preview&sig=abc%2Bdef+ghi%2Fjkl';
  const { redact, redactAnswer } = parseBaseUrl(url, undefined, headers);
  const text = 'Photosynthesis, 2024-10-01-preview, KEY-0123456789, abc+def ghi/jkl, abc%2bdef+ghi%2fjkl';
  assert.equal(redactAnswer(text), 'Photosynthesis, 2024-10-01-preview, ***, ***, ***');
  assert.equal(redact(text), '***, ***, ***, ***, ***');
});

test('a user without a password is a credential', () => {
  const { redact, redactAnswer } = parseBaseUrl('https://token-0123456789@h/v1');
  for (const clean of [redact, redactAnswer]) assert.equal(clean('was token-0123456789'), 'was ***');
});

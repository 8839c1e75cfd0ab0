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

const addresses: [string, string, string][] = [
  ['https://h/v1/chat/completions', 'https://h/v1', ''],
  ['https://h/v1/chat/completions/', 'https://h/v1', ''],
  ['https://h/v1/', 'https://h/v1', ''],
  ['https://h/v1?a=1&a=2&b=x+y', 'https://h/v1', '?a=1&a=2&b=x+y'],
  [
    'https://r.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21',
    'https://r.openai.azure.com/openai/deployments/gpt',
    '?api-version=2024-10-21',
  ],
];
for (const [given, href, search] of addresses) {
  test(`the base URL ${given} is read as ${href} with the query ${JSON.stringify(search)}`, () => {
    const url = parseBaseUrl(given);
    assert.deepEqual([url.href, url.search], [href, search]);
  });
}

const azureKeys: [string, string, 'api-key' | 'bearer'][] = [
  ['https://r.openai.azure.com/openai/v1', 'k'.repeat(32), 'api-key'],
  ['https://r.services.ai.azure.com/models?api-version=2024-05-01-preview', 'k'.repeat(32), 'api-key'],
  ['http://127.0.0.1:1/openai/deployments/gpt?api-version=1', 'k'.repeat(32), 'api-key'],
  ['https://r.openai.azure.com/openai/v1', 'eyJ0eXAi.eyJhdWQi.c2ln', 'bearer'],
  ['https://api.example/v1', 'k'.repeat(32), 'bearer'],
];
for (const [url, key, how] of azureKeys) {
  test(`the key ${key.slice(0, 6)}… is sent to ${url} as ${how}`, () => {
    const { azureKey, authorization, redact } = parseBaseUrl(url, key);
    assert.deepEqual([azureKey, authorization], how === 'api-key' ? [key, undefined] : [undefined, `Bearer ${key}`]);
    assert.equal(redact(`got ${key}`), 'got ***');
  });
}

for (const url of ['https://r.openai.azure.com', 'https://r.openai.azure.com/openai/deployments/gpt']) {
  test(`${url} is refused with the address to write instead`, () => {
    assert.throws(
      () => parseBaseUrl(url),
      (error) => error instanceof UsageError && /deployments\/DEPLOYMENT\?api-version=/.test(error.hint ?? ''),
    );
  });
}

test('the value of a secret header is removed from answers, whatever its name and length', () => {
  const { redactAnswer, redact } = parseBaseUrl('https://h/v1', undefined, {}, { 'x-tenant': 'tenant-0123456789' });
  for (const clean of [redact, redactAnswer]) assert.equal(clean('is TENANT-0123456789'), 'is ***');
});

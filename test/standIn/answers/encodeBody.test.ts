import assert from 'node:assert/strict';
import test from 'node:test';
import zlib from 'node:zlib';
import { decompress } from 'fzstd';
import { encodeBody } from '../../../src/standIn/answers/encodeBody.js';

test('bodies are encoded as their headers say, also long ones, and wrong and unknown encodings are not', () => {
  const decoders = {
    gzip: zlib.gunzipSync,
    deflate: zlib.inflateSync,
    br: zlib.brotliDecompressSync,
    zstd: decompress,
  };
  for (const body of ['', '{"a": "á"}', 'ab'.repeat(200_000)]) {
    for (const [name, decode] of Object.entries(decoders)) {
      const { bytes, headers } = encodeBody(body, name as keyof typeof decoders);
      assert.equal(headers['content-encoding'], name);
      assert.equal(Buffer.from(decode(bytes)).toString(), body, name);
    }
    assert.deepEqual(encodeBody(body, 'wrong').headers, { 'content-encoding': 'gzip' });
    assert.throws(() => zlib.gunzipSync(encodeBody(body, 'wrong').bytes));
    assert.deepEqual(encodeBody(body, 'unknown').headers, { 'content-encoding': 'x-stand-in' });
  }
});

import { pipeline, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import type { Dispatcher } from 'undici';
import { AttemptError } from '../failures/attemptError.js';
import { headerOf } from './httpErrors.js';

/** The method in the first byte of zlib's form. */
const DEFLATE = 8;

const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

/** The decoders of Node, by the names of RFC 9110. `zstd` needs Node 22.15. */
const decoders: Record<string, ((first: number) => Transform) | undefined> = {
  gzip: () => zlib.createGunzip(),
  // The name stands for zlib's form; some servers send the bare one.
  deflate: (first) => (first % 16 === DEFLATE ? zlib.createInflate() : zlib.createInflateRaw()),
  br: () => zlib.createBrotliDecompress(),
  zstd: createZstdDecompress && (() => createZstdDecompress()),
};

/**
 * Yields the bytes of a body without its content-encodings, which a proxy may add unasked; nothing is read ahead of the
 * consumer. Throws an AttemptError for an encoding that is unknown or does not fit the body.
 */
export async function* decoded(
  response: Pick<Dispatcher.ResponseData<unknown>, 'headers' | 'statusCode' | 'body'>,
  host: string,
): AsyncGenerator<Uint8Array> {
  const names = (headerOf(response, 'content-encoding') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase().replace(/^x-/, ''))
    .filter((name) => name !== '' && name !== 'identity');
  let body: AsyncIterable<Uint8Array> = response.body;
  for (const name of names.reverse()) body = withoutEncoding(body, name, { host, status: response.statusCode });
  yield* body;
}

async function* withoutEncoding(
  body: AsyncIterable<Uint8Array>,
  name: string,
  at: { host: string; status: number },
): AsyncGenerator<Uint8Array> {
  const decoder = decoders[name];
  const unreadable = (problem: string, cause?: unknown) =>
    new AttemptError('encoding', { ...at, serverMessage: problem, billingUnknown: true, cause });
  if (decoder === undefined)
    throw unreadable(`an answer with the content-encoding ${name.slice(0, 40)}, which cannot be decoded`);
  const chunks = body[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done) return;
  const source = async function* () {
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => chunks };
  };
  const stream = decoder(first.value[0] ?? 0);
  // Its errors, and those of the body, are thrown by the loop below.
  pipeline(source, stream, () => {});
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (code === 'Z_BUF_ERROR')
      throw new AttemptError('cut-body', { ...at, serverMessage: 'an answer that breaks off', billingUnknown: true });
    if (/^(Z_|ERR__ERROR|ZSTD_|ERR_ZSTD|ERR_BROTLI|BROTLI_)/.test(code))
      throw unreadable(`an answer that says it is ${name} and is not`, error);
    throw error;
  } finally {
    stream.destroy();
  }
}

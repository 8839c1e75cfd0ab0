import { AttemptError } from '../failures/attemptError.js';

/** An answer of a million tokens takes about a third of it. */
export const MAX_BODY_BYTES = 2 ** 24;

const LINE_FEED = 0x0a;

/** Yields the chunks of a body, streamed or not. Throws an AttemptError when they exceed 16 MiB together. */
export async function* capped(body: AsyncIterable<Uint8Array>, host: string): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) {
      const serverMessage = `a body of over ${MAX_BODY_BYTES / 2 ** 20} MiB`;
      throw new AttemptError('cut-body', { host, serverMessage, billingUnknown: true });
    }
    yield chunk;
  }
}

/** Reads the text of a body. Throws an AttemptError for one over 16 MiB. */
export async function readBodyText(body: AsyncIterable<Uint8Array>, host: string): Promise<string> {
  const bytes = new ByteCollector();
  for await (const chunk of capped(body, host)) bytes.add(chunk);
  return bytes.take();
}

/** Yields the lines of a body, as many at once as a chunk completes. Throws an Error for one of over `maxBytes` bytes. */
export async function* bodyLines(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string[]> {
  const held = new ByteCollector();
  for await (const bytes of body) {
    const end = bytes.lastIndexOf(LINE_FEED);
    if (end !== -1) {
      held.add(bytes.subarray(0, end));
      yield held.take().split('\n');
    }
    held.add(bytes.subarray(end + 1));
    if (held.length > maxBytes) throw new Error(`a line of over ${maxBytes / 2 ** 20} MiB`);
  }
  if (held.length > 0) yield [held.take()];
}

/** Joins chunks in one buffer: a server may send each byte in its own, and a list of those takes a hundred times their size. */
class ByteCollector {
  readonly #decoder = new TextDecoder();
  #buffer = Buffer.alloc(2 ** 12);
  length = 0;

  add(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    if (length > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.length));
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.length);
    this.length = length;
  }

  /** Returns the text of all bytes, and becomes empty. */
  take(): string {
    const text = this.#decoder.decode(this.#buffer.subarray(0, this.length));
    this.length = 0;
    return text;
  }
}

import { createReadStream } from 'node:fs';
import { inputError } from '../systemErrors.js';

const newline = 0x0a;

/** The lines of a file, as bytes without their newlines: U+2028 and a lone CR are no ends of lines here. */
export async function* fileLines(path: string): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
      const bytes = chunk as Buffer;
      let start = 0;
      for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
        yield Buffer.concat([...held, bytes.subarray(start, end)]);
        held = [];
        start = end + 1;
      }
      if (start < bytes.length) held.push(bytes.subarray(start));
    }
  } catch (error) {
    throw inputError(error, path);
  }
  if (held.length > 0) yield Buffer.concat(held);
}

import { createReadStream } from 'node:fs';
import { LineSplitter } from '../parse/lineSplitter.js';
import { inputError } from '../systemErrors.js';
import { READ_BYTES } from './input.js';

/** Reads the lines of a file from an offset, as bytes without their newlines. Throws InputError if it cannot be read. */
export async function* fileLines(path: string, { start = 0 } = {}): AsyncGenerator<Buffer> {
  const lines = new LineSplitter();
  try {
    for await (const chunk of createReadStream(path, { start, highWaterMark: READ_BYTES })) {
      lines.push(chunk);
      while (lines.next()) yield lines.line;
    }
  } catch (error) {
    throw inputError(error, path);
  }
  if (lines.finish()) yield lines.line;
}

import { isUtf8 } from 'node:buffer';
import { binaryReason } from '../parse/binaryFormats.js';
import { notUtf8, SHOWN_BYTES, SHOWN_CHARS } from '../parse/jsonLines.js';
import { asUtf8 } from './encoding.js';
import { rejectBadLine } from './readJsonl.js';
import type { RecordFormat } from './recordStream.js';

/** A text file as one document: its id is its path, without the extension of its compression. */
export const textDocumentFormat: RecordFormat = async function* (source, context) {
  const { path, maxLineBytes } = context;
  const { chunks, packed } = await asUtf8(source);
  context.format('a text, which is one document');
  const pieces: Buffer[] = [];
  let bytes = 0;
  let rawBytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.bytes.length;
    rawBytes += chunk.rawBytes;
    if (bytes <= maxLineBytes || pieces.length === 0) pieces.push(chunk.bytes);
  }
  const content = Buffer.concat(pieces);
  const reason =
    packed !== undefined
      ? binaryReason(packed, path)
      : bytes > maxLineBytes
        ? `the document is longer than ${maxLineBytes} bytes: raise maxLineBytes (--max-line-bytes), or split the file`
        : isUtf8(content)
          ? undefined
          : notUtf8(content);
  if (reason !== undefined) {
    const text = packed === undefined ? content.toString('utf8', 0, SHOWN_BYTES).slice(0, SHOWN_CHARS) : '';
    await rejectBadLine({ reason, line: 1, text }, context);
    yield { records: [], rawBytes };
    return;
  }
  const text = content.toString().replace(/^\uFEFF/, '');
  yield { records: [{ id: path.replace(/\.(gz|zst)$/i, ''), text }], rawBytes };
};

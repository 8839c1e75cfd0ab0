/** A number below `limit`, from 0. */
export type Below = (limit: number) => number;

/** Bytes that formats give a meaning to. */
const HOSTILE = [
  ...[
    '\0',
    '\n',
    '\r\n',
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    '{}'.repeat(50),
    '['.repeat(2000),
    '"'.repeat(99),
    ' '.repeat(5000),
  ],
  ...[
    '1e999',
    'null',
    '__proto__',
    '\u2028',
    '\ud800',
    '\ufeff',
    '<think>',
    '</think>',
    '```',
    'data: ',
    '[DONE]',
    '-1',
    '9'.repeat(400),
  ],
].map((text) => Buffer.from(text));

/** One to four random changes: flipped bits, overwritten, removed, repeated, moved or inserted bytes, a cut, bytes at the end. */
export function mutate(original: Buffer, below: Below): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let changes = 1 + below(4); changes > 0; changes--) bytes = changed(bytes, below);
  return bytes;
}

function changed(bytes: Buffer, below: Below): Buffer {
  const at = below(bytes.length + 1);
  const length = 1 + below(below(8) === 0 ? 4096 : 16);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (below(8)) {
    case 0:
      if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << below(8));
      return bytes;
    case 1:
      for (let place = at; place < Math.min(bytes.length, at + length); place++) bytes[place] = below(256);
      return bytes;
    case 2:
      return Buffer.concat([before, after.subarray(length)]);
    case 3:
      return Buffer.concat([before, after.subarray(0, length), after]);
    case 4:
      return Buffer.concat([before, HOSTILE[below(HOSTILE.length)] as Buffer, after]);
    case 5:
      return Buffer.from(before);
    case 6:
      bytes.copyWithin(below(bytes.length + 1), at, at + length);
      return bytes;
    default:
      return Buffer.concat([bytes, Buffer.alloc(length, below(256))]);
  }
}

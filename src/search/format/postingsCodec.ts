import { ByteReader, ByteWriter } from './bytes.js';

/** The number of postings in a block, which a search reads or skips as a whole. */
export const BLOCK = 128;
/** Document ids have 30 bits. */
export const MAX_DOCS = 2 ** 30;
/** A posting's unit has the tf − 1 in its low 2 bits, 3 for one that follows, and above them the gap to the document before. */
export const FOLLOWS = 3;
/** The gap of a unit of one byte, and of one of two bytes, that says: the rest follows. */
export const LONG_GAP = 63;
export const LONG_WIDE_GAP = 2 ** 14 - 1;
const TF_BUCKETS = 256;
/** The most bytes of a posting: a unit, two varints, and the room that a varint needs behind it. */
const MAX_POSTING_BYTES = 2 + 5 + 5 + 8;

const narrow = new ByteWriter();
const wide = new ByteWriter();
const blockTable = new ByteWriter();
/** The shortest length by tf; infinite between uses. */
const shortest = new Uint32Array(TF_BUCKETS).fill(0xffffffff);

/**
 * Appends one term's postings: `count` ascending document ids with their term frequencies. A posting is a unit of one byte or, in
 * wide lists, two (low byte first), then as varints what of its gap and its tf does not fit. Lists of up to 128 are wide. A longer
 * one begins with the size of its table · 2 + (it is wide) and the table: for each block of 128 its last document, its size, and
 * its impacts, those (tf, document length) that no other of the block beats in both.
 */
export function encodePostings(
  out: ByteWriter,
  docs: Uint32Array,
  tfs: Uint32Array,
  count: number,
  docLengths: Uint32Array,
): void {
  if (count <= BLOCK) {
    encodeBlock(out, true, docs, tfs, 0, count);
    return;
  }
  const body = encodeBlocks(narrow, false, docs, tfs, count);
  const wideBody = body.bytes.length > 1.5 * count ? encodeBlocks(wide, true, docs, tfs, count) : undefined;
  const isWide = wideBody !== undefined && wideBody.bytes.length < body.bytes.length;
  const { bytes, sizes } = isWide ? wideBody : body;
  blockTable.clear();
  sizes.forEach((size, block) => {
    const from = block * BLOCK;
    const to = Math.min(from + BLOCK, count);
    blockTable.varint((docs[to - 1] as number) - (from === 0 ? 0 : (docs[from - 1] as number)));
    blockTable.varint(size);
    encodeImpacts(docs, tfs, from, to, docLengths);
  });
  out.varint(blockTable.length * 2 + (isWide ? 1 : 0));
  out.raw(blockTable.view());
  out.raw(bytes.view());
}

function encodeBlocks(
  bytes: ByteWriter,
  isWide: boolean,
  docs: Uint32Array,
  tfs: Uint32Array,
  count: number,
): { bytes: ByteWriter; sizes: number[] } {
  bytes.clear();
  const sizes: number[] = [];
  for (let from = 0; from < count; from += BLOCK) {
    const start = bytes.length;
    encodeBlock(bytes, isWide, docs, tfs, from, Math.min(from + BLOCK, count));
    sizes.push(bytes.length - start);
  }
  return { bytes, sizes };
}

function encodeBlock(
  out: ByteWriter,
  isWide: boolean,
  docs: Uint32Array,
  tfs: Uint32Array,
  from: number,
  to: number,
): void {
  const longGap = isWide ? LONG_WIDE_GAP : LONG_GAP;
  const bytes = out.room((to - from) * MAX_POSTING_BYTES);
  let end = out.length;
  let previous = from === 0 ? -1 : (docs[from - 1] as number);
  for (let at = from; at < to; at++) {
    const doc = docs[at] as number;
    const tf = tfs[at] as number;
    const gap = doc - previous - 1;
    const unit = (gap < longGap ? gap : longGap) * 4 + (tf <= FOLLOWS ? tf - 1 : FOLLOWS);
    bytes[end++] = unit;
    if (isWide) bytes[end++] = unit >>> 8;
    if (gap >= longGap || tf > FOLLOWS) {
      out.length = end;
      if (gap >= longGap) out.varint(gap - longGap);
      if (tf > FOLLOWS) out.varint(tf - FOLLOWS - 1);
      end = out.length;
    }
    previous = doc;
  }
  out.length = end;
}

function encodeImpacts(docs: Uint32Array, tfs: Uint32Array, from: number, to: number, docLengths: Uint32Array): void {
  let maxTf = 0;
  for (let at = from; at < to; at++) {
    const tf = tfs[at] as number;
    const length = docLengths[docs[at] as number] as number;
    const bucket = tf < TF_BUCKETS ? tf : TF_BUCKETS - 1;
    if (tf > maxTf) maxTf = tf;
    if (length < (shortest[bucket] as number)) shortest[bucket] = length;
  }
  const impacts: number[] = [];
  let best = 0xffffffff;
  for (let bucket = Math.min(maxTf, TF_BUCKETS - 1); bucket > 0; bucket--) {
    const length = shortest[bucket] as number;
    shortest[bucket] = 0xffffffff;
    if (length >= best) continue;
    impacts.push(bucket === TF_BUCKETS - 1 ? maxTf : bucket, length);
    best = length;
  }
  blockTable.varint(impacts.length / 2);
  for (const value of impacts) blockTable.varint(value);
}

/** Reads `count` postings into `docs` and `tfs` from place `into` on, with `firstDoc` added to each document id. */
export function decodePostings(
  bytes: Uint8Array,
  count: number,
  firstDoc: number,
  docs: Uint32Array,
  tfs: Uint32Array,
  into = 0,
): void {
  const reader = new ByteReader(bytes);
  let isWide = true;
  if (count > BLOCK) {
    const head = reader.varint();
    isWide = head % 2 === 1;
    reader.at += head >>> 1;
  }
  const longGap = isWide ? LONG_WIDE_GAP : LONG_GAP;
  let doc = firstDoc - 1;
  for (let place = into; place < into + count; place++) {
    let unit = bytes[reader.at++] as number;
    if (isWide) unit |= (bytes[reader.at++] as number) << 8;
    const gap = unit >>> 2;
    const tf = unit & FOLLOWS;
    doc += 1 + (gap < longGap ? gap : longGap + reader.varint());
    docs[place] = doc;
    tfs[place] = 1 + (tf < FOLLOWS ? tf : FOLLOWS + reader.varint());
  }
}

/**
 * Reads the table of a list of `count` postings, a block after the other: its last document, its size in bytes, and the most that
 * `impactOf` makes of its impacts: every posting has a tf at most, and a document length at least, those of one of them.
 */
export function readTable(
  bytes: Uint8Array,
  count: number,
  impactOf: (tf: number, docLength: number) => number,
  take: (block: number, lastDoc: number, size: number, maxImpact: number) => void,
): void {
  const reader = new ByteReader(bytes);
  let lastDoc = 0;
  for (let block = 0; block * BLOCK < count; block++) {
    lastDoc += reader.varint();
    const size = reader.varint();
    let maxImpact = 0;
    for (let left = reader.varint(); left > 0; left--) {
      const impact = impactOf(reader.varint(), reader.varint());
      if (impact > maxImpact) maxImpact = impact;
    }
    take(block, lastDoc, size, maxImpact);
  }
}

import { ByteReader, ByteWriter } from './bytes.js';

/** Postings in a block: what block-max pruning can skip at once. */
const BLOCK = 128;
/** A document id and its flag bit share 31 bits. */
export const MAX_DOCS = 2 ** 30;
const TF_BUCKETS = 256;

const body = new ByteWriter();
const table = new ByteWriter();
const shortest = new Uint32Array(TF_BUCKETS);

/**
 * Appends one term's postings: `count` ascending document ids with their term frequencies. A posting is
 * varint(gap · 2 + (tf = 1)), then varint(tf − 2) where tf > 1. A list of over 128 is preceded by a table, with for each block of
 * 128 its last document, its size, and its impacts: those (tf, document length) that no other of the block beats in both.
 */
export function encodePostings(
  out: ByteWriter,
  docs: Uint32Array,
  tfs: Uint32Array,
  count: number,
  docLengths: Uint32Array,
): void {
  if (count <= BLOCK) {
    encodeBlock(out, docs, tfs, 0, count);
    return;
  }
  body.clear();
  table.clear();
  for (let from = 0; from < count; from += BLOCK) {
    const to = Math.min(from + BLOCK, count);
    const start = body.length;
    encodeBlock(body, docs, tfs, from, to);
    table.varint((docs[to - 1] as number) - (from === 0 ? 0 : (docs[from - 1] as number)));
    table.varint(body.length - start);
    encodeImpacts(docs, tfs, from, to, docLengths);
  }
  out.varint(table.length);
  out.raw(table.view());
  out.raw(body.view());
}

function encodeBlock(out: ByteWriter, docs: Uint32Array, tfs: Uint32Array, from: number, to: number): void {
  let previous = from === 0 ? -1 : (docs[from - 1] as number);
  for (let at = from; at < to; at++) {
    const doc = docs[at] as number;
    const tf = tfs[at] as number;
    out.varint((doc - previous - 1) * 2 + (tf === 1 ? 1 : 0));
    if (tf > 1) out.varint(tf - 2);
    previous = doc;
  }
}

function encodeImpacts(docs: Uint32Array, tfs: Uint32Array, from: number, to: number, docLengths: Uint32Array): void {
  shortest.fill(0xffffffff);
  let maxTf = 0;
  for (let at = from; at < to; at++) {
    const tf = tfs[at] as number;
    const bucket = Math.min(tf, TF_BUCKETS - 1);
    shortest[bucket] = Math.min(shortest[bucket] as number, docLengths[docs[at] as number] as number);
    maxTf = Math.max(maxTf, tf);
  }
  const impacts: number[] = [];
  let best = 0xffffffff;
  for (let bucket = Math.min(maxTf, TF_BUCKETS - 1); bucket > 0; bucket--) {
    const length = shortest[bucket] as number;
    if (length >= best) continue;
    impacts.push(bucket === TF_BUCKETS - 1 ? maxTf : bucket, length);
    best = length;
  }
  table.varint(impacts.length / 2);
  for (const value of impacts) table.varint(value);
}

/**
 * Reads `count` postings into `docs` and `tfs` from place `into` on, with `firstDoc` added to each document id.
 */
export function decodePostings(
  bytes: Uint8Array,
  count: number,
  firstDoc: number,
  docs: Uint32Array,
  tfs: Uint32Array,
  into = 0,
): void {
  let at = count > BLOCK ? afterTable(bytes) : 0;
  let doc = firstDoc - 1;
  for (let place = into; place < into + count; place++) {
    let byte = bytes[at++] as number;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[at++] as number;
      value |= (byte & 0x7f) << shift;
    }
    doc += (value >>> 1) + 1;
    docs[place] = doc;
    if ((value & 1) === 1) {
      tfs[place] = 1;
      continue;
    }
    byte = bytes[at++] as number;
    let tf = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[at++] as number;
      tf |= (byte & 0x7f) << shift;
    }
    tfs[place] = tf + 2;
  }
}

function afterTable(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  const tableLength = reader.varint();
  return reader.at + tableLength;
}

/** A block of a long list of postings, as its table describes it. */
export interface PostingsBlock {
  lastDoc: number;
  /** Where its postings begin in the list's bytes. */
  offset: number;
  /** Every posting of the block has a tf at most, and a document length at least, those of one of these. */
  impacts: { tf: number; docLength: number }[];
}

/** The table of a list of `count` postings; empty where the list is too short to have one. */
export function postingsBlocks(bytes: Uint8Array, count: number): PostingsBlock[] {
  if (count <= BLOCK) return [];
  const reader = new ByteReader(bytes);
  reader.varint();
  let offset = afterTable(bytes);
  let lastDoc = 0;
  return Array.from({ length: Math.ceil(count / BLOCK) }, () => {
    lastDoc += reader.varint();
    const size = reader.varint();
    const impacts = Array.from({ length: reader.varint() }, () => ({
      tf: reader.varint(),
      docLength: reader.varint(),
    }));
    const block = { lastDoc, offset, impacts };
    offset += size;
    return block;
  });
}

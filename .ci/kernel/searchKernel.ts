// The loops of a search, in AssemblyScript: TypeScript's syntax with WebAssembly's types. `npm run kernel` compiles it to
// src/search/scoring/kernelBytes.ts. JavaScript places everything in the memory (src/search/scoring/searchKernel.ts); nothing is
// allocated here, and addresses are plain numbers. The names are those of src/search/format/postingsCodec.ts and bm25.ts.

/** Returns the address of a chunk of postings, read if it is not in memory; this may move others out of memory. */
@external('env', 'fetch')
declare function fetch(chunk: u32): usize;

/** Documents whose bounds are added up together: 32 KiB of bounds, which fit the processor's first cache. */
const BLOCK_DOCS: u32 = 16384;
const BLOCK_MASK: u32 = BLOCK_DOCS - 1;
const CHUNK_BYTES: u32 = 16380;
const BLOCK: u32 = 128;
const FOLLOWS: u32 = 3;
const LONG_GAP: u32 = 63;
const LONG_WIDE_GAP: u32 = 16383;
const MAX_IMPACT: u32 = 255;
const LEVELS: u32 = 256;
const LEVELED_LENGTHS: f64 = 8;
const MAX_IMPACT_TF: u32 = 63;
/** The bounds of all terms of a query add up to at most this. */
const BOUND_SUM: u32 = 65535;
/** The parts of a unit of bound in a factor, in bits. */
const FACTOR_BITS: u32 = 14;
const FACTOR_ROUNDING: u32 = (1 << FACTOR_BITS) - 1;
/** The relative error that rounding may add to a score. */
const ROUNDING: f64 = 1e-9;
/** Terms that are only looked up add at most this share of the score that a document needs. Values from 0.4 to 0.7 differed no more than two runs of one do. */
const LOOKED_UP_PART: f64 = 0.5;
/** The search is seeded with the documents of rare terms, which have at most this many postings. */
const SEED_POSTINGS: u32 = 8000;
const END: u32 = 0x7fffffff;

/** The postings of a term in a segment. */
@unmanaged
class List {
  count: u32;
  blocks: u32;
  isWide: u32;
  maxImpact: u32;
  /** The address of the postings if they are a single block, which has no table. */
  whole: usize;
  /** The chunk that the first block begins in, and its place there. */
  chunk: u32;
  start: u32;
  /** Addresses of u32, u32 and u8 by block: the last document, the place of the first byte after `start` (one more: the end), the largest impact. */
  lastDocs: usize;
  starts: usize;
  maxImpacts: usize;
  /** Addresses of u16, u8 and u8 by posting, if the list is decoded, else 0: the document's low bits, its impact, its tf up to MAX_TF. */
  docs: usize;
  impacts: usize;
  tfs: usize;
  /** The address of u32 by cell, a run of 2^cellShift documents: the place of its first posting (one more: the end). */
  cells: usize;
  cellShift: u32;
}

/** The largest tf of a decoded posting; the list itself has it if it is larger. */
const MAX_TF: u32 = 255;
const LOCAL_MASK: u32 = 65535;

/** A place in the postings of a term of the query. */
@unmanaged
class Cursor {
  list: List;
  /** The bound of one impact. */
  factor: u32;
  /** The most that the term adds to a bound. */
  bound: u32;
  /** The current document; the one before the first of a block that was only entered. */
  doc: u32;
  tf: u32;
  /** The current block, or the one to enter next. */
  block: u32;
  /** The next byte and the end of the block, counted as `starts` are. */
  at: u32;
  end: u32;
  /** What turns `at` into an address, if `epoch` is the current one. */
  base: usize;
  epoch: u32;
  entered: u32;
  unused: u32;
  idf: f64;
  queryWeight: f64;
}
const CURSOR_BYTES: u32 = 64;

/** The best of what was offered: scores (f64) and documents (u32) in a heap whose root is the worst. */
@unmanaged
class Top {
  scores: usize;
  docs: usize;
  k: u32;
  size: u32;
  floor: f64;
}

let k1: f64 = 0;
let b: f64 = 0;
let avgDocLength: f64 = 0;
// Addresses.
let bounds: usize = 0;
let exactScores: usize = 0;
let candidates: usize = 0;
let candidateBounds: usize = 0;
let impacts: usize = 0;
let scratch: usize = 0;
let pages: usize = 0;
let usedPages: usize = 0;
let top: usize = 0;
let seeds: usize = 0;
/** Cursors in the order of the query, for scores; then as many in the order of bounds; then `rest`, u32. */
let queryCursors: usize = 0;
let boundCursors: usize = 0;
let rest: usize = 0;
// The current segment.
let docs: u32 = 0;
let firstDocOfSegment: u32 = 0;
let lengths: usize = 0;
let levels: usize = 0;
/** Changes whenever a chunk leaves the memory. */
let epoch: u32 = 1;
let count: u32 = 0;
let terms: u32 = 0;
let scale: f64 = 0;

export function setModel(k1_: f64, b_: f64, avgDocLength_: f64, impacts_: usize): void {
  k1 = k1_;
  b = b_;
  avgDocLength = avgDocLength_;
  impacts = impacts_;
  const least = norm(0);
  const step = levelStep();
  memory.fill(impacts, u8(MAX_IMPACT), (MAX_IMPACT_TF + 1) * LEVELS);
  for (let tf: u32 = 0; tf < MAX_IMPACT_TF; tf++) {
    for (let level: u32 = 0; level < LEVELS; level++) {
      store<u8>(impacts + tf * LEVELS + level, impactOf(tf, least + f64(level) * step));
    }
  }
}

export function setBuffers(bounds_: usize, exactScores_: usize, candidates_: usize, candidateBounds_: usize, scratch_: usize): void {
  bounds = bounds_;
  exactScores = exactScores_;
  candidates = candidates_;
  candidateBounds = candidateBounds_;
  scratch = scratch_;
}

export function setPages(pages_: usize, usedPages_: usize): void {
  pages = pages_;
  usedPages = usedPages_;
}

export function setTops(top_: usize, seeds_: usize): void {
  top = top_;
  seeds = seeds_;
}

export function setQuery(queryCursors_: usize, boundCursors_: usize, rest_: usize): void {
  queryCursors = queryCursors_;
  boundCursors = boundCursors_;
  rest = rest_;
}

/** Must be called when a chunk leaves the memory. */
export function evicted(): void {
  epoch++;
}

function levelStep(): f64 {
  return (norm(LEVELED_LENGTHS * avgDocLength) - norm(0)) / f64(LEVELS);
}

function norm(length: f64): f64 {
  return avgDocLength === 0 ? 0 : k1 * (1 - b + (b * length) / avgDocLength);
}

function impactOf(tf: u32, norm: f64): u32 {
  return u32(Math.ceil((f64(MAX_IMPACT) * f64(tf)) / (f64(tf) + norm)));
}

/** The end of the varint read last. */
let varintEnd: usize = 0;

/** Returns the number at an address, and sets `varintEnd`. */
function varint(at: usize): u32 {
  let value: u32 = 0;
  for (let shift: u32 = 0; shift < 35; shift += 7) {
    const byte: u32 = load<u8>(at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  varintEnd = at;
  return value;
}

/** Reads the lengths of `docs` documents, varints, and their levels. */
export function readLengths(bytes: usize, docs: u32, lengths: usize, levels: usize): void {
  const isLeveled = levelStep() !== 0;
  const lengthsPerLevel = (LEVELED_LENGTHS * avgDocLength) / f64(LEVELS);
  let at = bytes;
  for (let doc: u32 = 0; doc < docs; doc++) {
    const length = varint(at);
    at = varintEnd;
    store<u32>(lengths + (doc << 2), length);
    const level: u32 = isLeveled ? u32(Math.min(f64(LEVELS - 1), Math.floor(f64(length) / lengthsPerLevel))) : 0;
    store<u8>(levels + doc, level);
  }
}

export function setSegment(docs_: u32, firstDoc: u32, lengths_: usize, levels_: usize): void {
  docs = docs_;
  firstDocOfSegment = firstDoc;
  lengths = lengths_;
  levels = levels_;
}

/** Fills the arrays of a list from its table (see encodePostings). */
export function readTable(list: List, table: usize): void {
  let at = table;
  let lastDoc: u32 = 0;
  let start: u32 = 0;
  let most: u32 = 0;
  store<u32>(list.starts, 0);
  for (let block: u32 = 0; block < list.blocks; block++) {
    lastDoc += varint(at);
    start += varint(varintEnd);
    let maxImpact: u32 = 0;
    for (let left = varint(varintEnd); left > 0; left--) {
      const tf = varint(varintEnd);
      const impact = impactOf(tf, norm(f64(varint(varintEnd))));
      if (impact > maxImpact) maxImpact = impact;
    }
    at = varintEnd;
    store<u32>(list.lastDocs + (block << 2), lastDoc);
    store<u32>(list.starts + ((block + 1) << 2), start);
    store<u8>(list.maxImpacts + block, maxImpact);
    if (maxImpact > most) most = maxImpact;
  }
  list.maxImpact = most;
}

/** Finds the largest impact of a list that is a single block, in the segment set before. */
export function readWhole(list: List): void {
  let at = list.whole;
  let doc: u32 = 0xffffffff;
  let most: u32 = 0;
  for (let left = list.count; left > 0; left--) {
    const unit: u32 = load<u16>(at);
    at += 2;
    doc += (unit >> 2) + 1;
    let tf: u32 = (unit & FOLLOWS) + 1;
    if (hasLongGap<u16>(unit)) {
      doc += varint(at);
      at = varintEnd;
    }
    if (tf > FOLLOWS) {
      tf += varint(at);
      at = varintEnd;
    }
    if (doc >= docs) break;
    const impact = impactOf(tf, norm(f64(load<u32>(lengths + (doc << 2)))));
    if (impact > most) most = impact;
  }
  store<u32>(list.lastDocs, END - 1);
  store<u32>(list.starts, 0);
  store<u32>(list.starts + 4, u32(at - list.whole));
  store<u8>(list.maxImpacts, most);
  list.maxImpact = most;
}

function rewind(cursor: Cursor): void {
  cursor.doc = 0xffffffff;
  cursor.tf = 0;
  cursor.block = 0;
  cursor.entered = 0;
  cursor.epoch = 0;
}

/** Makes `base` valid. */
@inline
function locate(cursor: Cursor): usize {
  return cursor.epoch === epoch ? cursor.base : find(cursor);
}

function find(cursor: Cursor): usize {
  const list = cursor.list;
  if (list.whole !== 0) {
    cursor.base = list.whole;
    cursor.epoch = epoch;
    return cursor.base;
  }
  const start = load<u32>(list.starts + (cursor.block << 2));
  const size = cursor.end - start;
  const place = list.start + start;
  const chunk = place / CHUNK_BYTES;
  const within = place - chunk * CHUNK_BYTES;
  const address = chunkAt(list.chunk + chunk);
  if (within + size <= CHUNK_BYTES) {
    cursor.base = address + within - start;
    cursor.epoch = epoch;
    return cursor.base;
  }
  // The block goes on in another chunk. Its copy is valid until the next one is made.
  const part = CHUNK_BYTES - within;
  memory.copy(scratch, address + within, part);
  memory.copy(scratch + part, chunkAt(list.chunk + chunk + 1), size - part);
  cursor.epoch = 0;
  return scratch - start;
}

function chunkAt(chunk: u32): usize {
  const address = load<u32>(pages + (chunk << 2));
  store<u8>(usedPages + chunk, 1);
  return address !== 0 ? address : u32(fetch(chunk));
}

/** Goes before the first posting of the current block. Returns false if there is none. */
function enter(cursor: Cursor): bool {
  const list = cursor.list;
  const block = cursor.block;
  if (block >= list.blocks) return false;
  cursor.at = load<u32>(list.starts + (block << 2));
  cursor.end = load<u32>(list.starts + ((block + 1) << 2));
  cursor.doc = block === 0 ? 0xffffffff : load<u32>(list.lastDocs + ((block - 1) << 2));
  cursor.entered = 1;
  cursor.epoch = 0;
  return true;
}

@inline
function skipTo(cursor: Cursor, doc: u32): void {
  const list = cursor.list;
  let block = cursor.block;
  if (block >= list.blocks || load<u32>(list.lastDocs + (block << 2)) >= doc) return;
  do block++;
  while (block < list.blocks && load<u32>(list.lastDocs + (block << 2)) < doc);
  cursor.block = block;
  cursor.entered = 0;
}

@inline
function addBound(local: u32, factor: u32, impact: u32): void {
  const address = bounds + (local << 1);
  store<u16>(address, load<u16>(address) + boundOfImpact(factor, impact));
}

/** Decodes a list, whose fields for that are set, for the current segment. */
export function decode(list: List, cursor: Cursor): void {
  rewind(cursor);
  cursor.list = list;
  let cell: u32 = 0;
  store<u32>(list.cells, 0);
  for (let at: u32 = 0; at < list.count && next(cursor); at++) {
    const doc = cursor.doc;
    const tf = cursor.tf;
    while (cell < doc >> list.cellShift) store<u32>(list.cells + (++cell << 2), at);
    store<u16>(list.docs + (at << 1), doc);
    store<u8>(list.impacts + at, load<u8>(impacts + (min(tf, MAX_IMPACT_TF) << 8) + load<u8>(levels + doc)));
    store<u8>(list.tfs + at, min(tf, MAX_TF));
  }
  while (cell <= (docs - 1) >> list.cellShift) store<u32>(list.cells + (++cell << 2), list.count);
}

/** Adds the decoded postings from document `first` on, up to `last`: BLOCK_DOCS is a multiple of what a cell has. */
function addDecoded(list: List, factor: u32, first: u32, last: u32): void {
  const cells = list.cells;
  const shift = list.cellShift;
  const end = load<u32>(cells + (((min(last, docs - 1) >> shift) + 1) << 2));
  const listDocs = list.docs;
  const listImpacts = list.impacts;
  let at = load<u32>(cells + ((first >> shift) << 2));
  for (; at + 4 <= end; at += 4) {
    const four = load<u64>(listDocs + (at << 1));
    const own = load<u32>(listImpacts + at);
    addBound(u32(four) & BLOCK_MASK, factor, own & 255);
    addBound(u32(four >> 16) & BLOCK_MASK, factor, (own >> 8) & 255);
    addBound(u32(four >> 32) & BLOCK_MASK, factor, (own >> 16) & 255);
    addBound(u32(four >> 48) & BLOCK_MASK, factor, own >> 24);
  }
  for (; at < end; at++) addBound(load<u16>(listDocs + (at << 1)) & BLOCK_MASK, factor, load<u8>(listImpacts + at));
}

/** Returns the place of a document in a decoded list; the list's count if it is not there. Arrays of docs end with room to read on. */
@inline
function placeOf(list: List, doc: u32): u32 {
  const cell = list.cells + ((doc >> list.cellShift) << 2);
  const end = load<u32>(cell + 4);
  const wanted = i16x8.splat(i16(doc & LOCAL_MASK));
  let found: u32 = list.count;
  for (let at = load<u32>(cell); at < end; at += 8) {
    const equal = i16x8.bitmask(i16x8.eq(v128.load(list.docs + (at << 1)), wanted));
    if (equal === 0) continue;
    const place = at + ctz(equal);
    if (place < end) found = place;
    break;
  }
  return found;
}

/** Adds a term to the bounds of the documents from `first` on, up to `last`. */
function add(cursor: Cursor, first: u32, last: u32): void {
  const list = cursor.list;
  if (list.docs !== 0) {
    addDecoded(list, cursor.factor, first, last);
    return;
  }
  for (;;) {
    if (cursor.entered === 0 && !enter(cursor)) return;
    const base = locate(cursor);
    const end = base + cursor.end;
    let at = base + cursor.at;
    if (list.isWide !== 0) at = addPart<u16>(cursor, at, end, last);
    else if (load<u32>(list.lastDocs + (cursor.block << 2)) <= last) addAll(cursor.doc, cursor.factor, at, end), (at = end);
    else at = addPart<u8>(cursor, at, end, last);
    if (at < end) {
      cursor.at = u32(at - base);
      return;
    }
    cursor.block++;
    cursor.entered = 0;
  }
}

/** Adds a block of narrow units: most postings of a search take this path. */
function addAll(doc: u32, factor: u32, at: usize, end: usize): void {
  while (at < end) {
    const unit: u32 = load<u8>(at++);
    doc += (unit >> 2) + 1;
    let row: u32 = (unit & FOLLOWS) + 1;
    if (hasLongGap<u8>(unit)) {
      doc += varint(at);
      at = varintEnd;
    }
    if (row > FOLLOWS) {
      row = min(row + varint(at), MAX_IMPACT_TF);
      at = varintEnd;
    }
    addBound(doc & BLOCK_MASK, factor, load<u8>(impacts + (row << 8) + load<u8>(levels + doc)));
  }
}

/** Adds the postings of a block up to document `last`. `Unit` is u8 or u16. Returns the address of the next one. */
function addPart<Unit>(cursor: Cursor, at: usize, end: usize, last: u32): usize {
  const factor = cursor.factor;
  let doc = cursor.doc;
  while (at < end) {
    const start = at;
    const unit = u32(load<Unit>(at));
    at += sizeof<Unit>();
    let next = doc + (unit >> 2) + 1;
    let row: u32 = (unit & FOLLOWS) + 1;
    if (hasLongGap<Unit>(unit)) {
      next += varint(at);
      at = varintEnd;
    }
    if (next > last) {
      at = start;
      break;
    }
    if (row > FOLLOWS) {
      row = min(row + varint(at), MAX_IMPACT_TF);
      at = varintEnd;
    }
    doc = next;
    addBound(doc & BLOCK_MASK, factor, load<u8>(impacts + (row << 8) + load<u8>(levels + doc)));
  }
  cursor.doc = doc;
  return at;
}

/** Returns true if the rest of the gap follows the unit. */
@inline
function hasLongGap<Unit>(unit: u32): bool {
  return unit >> 2 === (sizeof<Unit>() === 2 ? LONG_WIDE_GAP : LONG_GAP);
}

/** Returns the frequency of the term in a document; documents must be asked for in ascending order. */
export function tfOf(cursor: Cursor, wanted: u32): u32 {
  const list = cursor.list;
  if (list.docs !== 0) {
    const place = placeOf(list, wanted);
    if (place === list.count) return 0;
    const tf: u32 = load<u8>(list.tfs + place);
    if (tf < MAX_TF) return tf;
  }
  return seek(cursor, wanted);
}

function seek(cursor: Cursor, wanted: u32): u32 {
  if (cursor.doc !== 0xffffffff && cursor.doc >= wanted) return cursor.doc === wanted ? cursor.tf : 0;
  skipTo(cursor, wanted);
  if (cursor.entered === 0 && !enter(cursor)) return 0;
  return cursor.list.isWide !== 0 ? seekInBlock<u16>(cursor, wanted) : seekInBlock<u8>(cursor, wanted);
}

function seekInBlock<Unit>(cursor: Cursor, wanted: u32): u32 {
  const base = locate(cursor);
  const end = base + cursor.end;
  let at = base + cursor.at;
  let doc = cursor.doc;
  let tf = cursor.tf;
  while (doc + 1 <= wanted && at < end) {
    const unit = u32(load<Unit>(at));
    at += sizeof<Unit>();
    doc += (unit >> 2) + 1;
    tf = (unit & FOLLOWS) + 1;
    if (hasLongGap<Unit>(unit)) {
      doc += varint(at);
      at = varintEnd;
    }
    if (tf > FOLLOWS) {
      tf += varint(at);
      at = varintEnd;
    }
  }
  cursor.doc = doc;
  cursor.tf = tf;
  cursor.at = u32(at - base);
  return doc === wanted ? tf : 0;
}

/** Collects the documents whose bounds reach `needed`, and sets all bounds to 0. */
function collect(firstDoc: u32, needed: u32): void {
  const least = i16x8.splat(i16(needed));
  const zero = i64x2.splat(0);
  count = 0;
  for (let local: u32 = 0; local < BLOCK_DOCS; local += 32) {
    const at = bounds + (local << 1);
    const p = v128.load(at);
    const q = v128.load(at, 16);
    const r = v128.load(at, 32);
    const s = v128.load(at, 48);
    const most = i16x8.max_u(i16x8.max_u(p, q), i16x8.max_u(r, s));
    if (v128.any_true(i16x8.ge_u(most, least))) {
      for (let other = local; other < local + 32; other++) {
        const bound: u32 = load<u16>(bounds + (other << 1));
        if (bound < needed) continue;
        store<u32>(candidates + (count << 2), firstDoc + other);
        store<u32>(candidateBounds + (count << 2), bound);
        count++;
      }
    }
    v128.store(at, zero);
    v128.store(at, zero, 16);
    v128.store(at, zero, 32);
    v128.store(at, zero, 48);
  }
}

/** Adds a term to the bounds of the candidates and keeps those that reach `needed` with what the terms behind it can add. */
function lookUp(cursor: Cursor, needed: u32, after: u32): void {
  const factor = cursor.factor;
  const list = cursor.list;
  if (list.docs !== 0) {
    lookUpDecoded(list, factor, cursor.bound, needed, after);
    return;
  }
  let kept: u32 = 0;
  for (let at: u32 = 0; at < count; at++) {
    const doc = load<u32>(candidates + (at << 2));
    let bound = load<u32>(candidateBounds + (at << 2));
    skipTo(cursor, doc);
    if (cursor.block < list.blocks) {
      const most = boundOfImpact(factor, load<u8>(list.maxImpacts + cursor.block));
      if (bound + most + after >= needed) {
        const tf = seek(cursor, doc);
        if (tf > 0) {
          bound += boundOfImpact(factor, load<u8>(impacts + (min(tf, MAX_IMPACT_TF) << 8) + load<u8>(levels + doc)));
        }
      }
    }
    store<u32>(candidates + (kept << 2), doc);
    store<u32>(candidateBounds + (kept << 2), bound);
    if (bound + after >= needed) kept++;
  }
  count = kept;
}

function lookUpDecoded(list: List, factor: u32, most: u32, needed: u32, after: u32): void {
  let kept: u32 = 0;
  for (let at: u32 = 0; at < count; at++) {
    const doc = load<u32>(candidates + (at << 2));
    let bound = load<u32>(candidateBounds + (at << 2));
    if (bound + most + after >= needed) {
      const place = placeOf(list, doc);
      if (place !== list.count) bound += boundOfImpact(factor, load<u8>(list.impacts + place));
    }
    store<u32>(candidates + (kept << 2), doc);
    store<u32>(candidateBounds + (kept << 2), bound);
    if (bound + after >= needed) kept++;
  }
  count = kept;
}

@inline
function boundOfImpact(factor: u32, impact: u32): u32 {
  return (factor * impact + FACTOR_ROUNDING) >> FACTOR_BITS;
}

export function resetTop(top: Top, k: u32): void {
  top.k = k;
  top.size = 0;
  top.floor = 0;
}

function isWorse(top: Top, at: u32, doc: u32, score: f64): bool {
  const own = load<f64>(top.scores + (at << 3));
  return own < score || (own === score && load<u32>(top.docs + (at << 2)) > doc);
}

function put(top: Top, at: u32, doc: u32, score: f64): void {
  store<f64>(top.scores + (at << 3), score);
  store<u32>(top.docs + (at << 2), doc);
}

function move(top: Top, from: u32, to: u32): void {
  put(top, to, load<u32>(top.docs + (from << 2)), load<f64>(top.scores + (from << 3)));
}

function offer(top: Top, doc: u32, score: f64): void {
  if (top.size < top.k) {
    let at = top.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isWorse(top, parent, doc, score)) break;
      move(top, parent, at);
      at = parent;
    }
    put(top, at, doc, score);
    if (top.size === top.k) top.floor = load<f64>(top.scores);
    return;
  }
  if (top.k === 0 || !isWorse(top, 0, doc, score)) return;
  siftDown(top, doc, score);
  top.floor = load<f64>(top.scores);
}

function siftDown(top: Top, doc: u32, score: f64): void {
  let at: u32 = 0;
  for (let child: u32 = 1; child < top.size; child = at * 2 + 1) {
    const right = child + 1;
    if (
      right < top.size &&
      isWorse(top, right, load<u32>(top.docs + (child << 2)), load<f64>(top.scores + (child << 3)))
    ) {
      child = right;
    }
    if (!isWorse(top, child, doc, score)) break;
    move(top, child, at);
    at = child;
  }
  put(top, at, doc, score);
}

/** Puts the heap in order, best first, and returns its size. */
export function sortTop(top: Top): u32 {
  const size = top.size;
  while (top.size > 1) {
    const last = --top.size;
    const doc = load<u32>(top.docs);
    const score = load<f64>(top.scores);
    siftDown(top, load<u32>(top.docs + (last << 2)), load<f64>(top.scores + (last << 3)));
    put(top, last, doc, score);
  }
  top.size = size;
  return size;
}

function sortDocs(docs: usize, size: u32): void {
  let gap: u32 = 1;
  while (gap < size / 3) gap = gap * 3 + 1;
  for (; gap > 0; gap /= 3) {
    for (let from = gap; from < size; from++) {
      const doc = load<u32>(docs + (from << 2));
      let to = from;
      for (; to >= gap && load<u32>(docs + ((to - gap) << 2)) > doc; to -= gap) {
        store<u32>(docs + (to << 2), load<u32>(docs + ((to - gap) << 2)));
      }
      store<u32>(docs + (to << 2), doc);
    }
  }
}

function queryCursor(at: u32): Cursor {
  return changetype<Cursor>(queryCursors + at * CURSOR_BYTES);
}

function boundCursor(at: u32): Cursor {
  return changetype<Cursor>(boundCursors + at * CURSOR_BYTES);
}

function restAt(at: u32): u32 {
  return load<u32>(rest + (at << 2));
}

/** Scores a document exactly; documents must come in ascending order. */
function score(doc: u32): void {
  const ownNorm = norm(f64(load<u32>(lengths + (doc << 2))));
  let sum: f64 = 0;
  for (let at: u32 = 0; at < terms; at++) {
    const cursor = queryCursor(at);
    const tf = f64(tfOf(cursor, doc));
    if (tf > 0) sum += cursor.queryWeight * ((cursor.idf * tf) / (tf + ownNorm));
  }
  offer(changetype<Top>(top), firstDocOfSegment + doc, sum);
}

/** Makes the cursors of bounds: those of the terms that can add most first. */
function boundTerms(): void {
  let sum: f64 = 0;
  for (let at: u32 = 0; at < terms; at++) sum += queryCursor(at).idf * queryCursor(at).queryWeight;
  scale = f64(BOUND_SUM - 2 * terms) / sum;
  for (let at: u32 = 0; at < terms; at++) {
    const own = queryCursor(at);
    const factor = u32(
      Math.ceil(((scale * own.idf * own.queryWeight) / f64(MAX_IMPACT)) * f64(1 << FACTOR_BITS)),
    );
    const bound = boundOfImpact(factor, own.list.maxImpact);
    let place = at;
    for (; place > 0 && boundCursor(place - 1).bound < bound; place--) {
      const from = boundCursor(place - 1);
      const to = boundCursor(place);
      to.list = from.list;
      to.factor = from.factor;
      to.bound = from.bound;
    }
    const cursor = boundCursor(place);
    cursor.list = own.list;
    cursor.factor = factor;
    cursor.bound = bound;
  }
  let after: u32 = 0;
  store<u32>(rest + (terms << 2), 0);
  for (let at = terms; at > 0; at--) {
    after += boundCursor(at - 1).bound;
    store<u32>(rest + ((at - 1) << 2), after);
  }
}

function rewindAll(): void {
  for (let at: u32 = 0; at < terms; at++) {
    rewind(queryCursor(at));
    rewind(boundCursor(at));
  }
}

function boundOf(score: f64): u32 {
  return u32(Math.floor(score * scale * (1 - ROUNDING)));
}

/** Finds the best `k` documents by the rarest terms alone: scored first, they raise the threshold early. Returns how many. */
function seed(k: u32): u32 {
  const found = changetype<Top>(seeds);
  resetTop(found, k);
  let rare: u32 = 0;
  let postings: u32 = 0;
  while (rare < terms) {
    postings += boundCursor(rare).list.count;
    if (postings > SEED_POSTINGS) break;
    rare++;
  }
  if (rare === 0) return 0;
  for (let firstDoc: u32 = 0; firstDoc < docs; firstDoc += BLOCK_DOCS) {
    for (let at: u32 = 0; at < rare; at++) add(boundCursor(at), firstDoc, firstDoc + BLOCK_MASK);
    collect(firstDoc, max(1, u32(found.floor)));
    for (let at: u32 = 0; at < count; at++) {
      offer(found, load<u32>(candidates + (at << 2)), f64(load<u32>(candidateBounds + (at << 2))));
    }
  }
  sortDocs(found.docs, found.size);
  for (let at: u32 = 0; at < found.size; at++) score(load<u32>(found.docs + (at << 2)));
  return found.size;
}

/**
 * Finds the best documents of the segment without reading every posting (MaxScore: H. Turtle and J. Flood, "Query evaluation:
 * strategies and optimizations", 1995, a block of documents at a time). The terms that can add most are summed; what the others
 * add is only looked up for the documents that may still be among the best, in those blocks of postings whose largest impact
 * does not rule them out (S. Ding and T. Suel, "Faster top-k document retrieval using block-max indexes", 2011). What remains is
 * scored exactly.
 *
 * Bounds are whole numbers. The impact of a posting is tf / (tf + norm) as a part of MAX_IMPACT, never rounded down, and the norm is
 * one of 256 levels, never rounded up: the bound of a document, the sum over its terms of factor · impact, is never below its score.
 */
export function searchPruned(terms_: u32, k: u32): void {
  terms = terms_;
  boundTerms();
  rewindAll();
  const seeded = seed(k);
  rewindAll();
  const seedDocs = changetype<Top>(seeds).docs;
  const best = changetype<Top>(top);
  let passed: u32 = 0;
  for (let firstDoc: u32 = 0; firstDoc < docs; firstDoc += BLOCK_DOCS) {
    const needed = boundOf(best.floor);
    let added: u32 = 0;
    while (f64(restAt(added)) > f64(needed) * LOOKED_UP_PART) added++;
    for (let at: u32 = 0; at < added; at++) add(boundCursor(at), firstDoc, firstDoc + BLOCK_MASK);
    collect(firstDoc, needed > restAt(added) ? needed - restAt(added) : 1);
    for (let at = added; at < terms; at++) lookUp(boundCursor(at), needed, restAt(at + 1));
    for (let at: u32 = 0; at < count; at++) {
      const doc = load<u32>(candidates + (at << 2));
      while (passed < seeded && load<u32>(seedDocs + (passed << 2)) < doc) passed++;
      if (passed < seeded && load<u32>(seedDocs + (passed << 2)) === doc) continue;
      if (load<u32>(candidateBounds + (at << 2)) < boundOf(best.floor)) continue;
      score(doc);
    }
  }
}

/** Scores every posting of every term. */
export function searchAll(terms_: u32): void {
  terms = terms_;
  const best = changetype<Top>(top);
  for (let at: u32 = 0; at < terms; at++) rewind(queryCursor(at));
  for (let firstDoc: u32 = 0; firstDoc < docs; firstDoc += BLOCK_DOCS) {
    const last = min(firstDoc + BLOCK_MASK, docs - 1);
    memory.fill(exactScores, 0, BLOCK_DOCS << 3);
    for (let at: u32 = 0; at < terms; at++) addExact(queryCursor(at), last);
    for (let doc = firstDoc; doc <= last; doc++) {
      const score = load<f64>(exactScores + ((doc & BLOCK_MASK) << 3));
      if (score > best.floor) offer(best, firstDocOfSegment + doc, score);
    }
  }
}

function addExact(cursor: Cursor, last: u32): void {
  for (;;) {
    if (cursor.tf > 0) {
      if (cursor.doc > last) return;
      const tf = f64(cursor.tf);
      const weight = (cursor.idf * tf) / (tf + norm(f64(load<u32>(lengths + (cursor.doc << 2)))));
      const address = exactScores + ((cursor.doc & BLOCK_MASK) << 3);
      store<f64>(address, load<f64>(address) + cursor.queryWeight * weight);
    }
    if (!next(cursor)) return;
  }
}

/** Moves to the next posting; its `tf` is 0 behind the last one. Returns false there. */
function next(cursor: Cursor): bool {
  const list = cursor.list;
  if (cursor.entered !== 0 && cursor.at >= cursor.end) {
    cursor.block++;
    cursor.entered = 0;
  }
  cursor.tf = 0;
  if (cursor.entered === 0 && !enter(cursor)) return false;
  const base = locate(cursor);
  let at = base + cursor.at;
  const isWide = list.isWide !== 0;
  const unit: u32 = isWide ? load<u16>(at) : load<u8>(at);
  at += isWide ? 2 : 1;
  cursor.doc += (unit >> 2) + 1;
  if (unit >> 2 === (isWide ? LONG_WIDE_GAP : LONG_GAP)) {
    cursor.doc += varint(at);
    at = varintEnd;
  }
  cursor.tf = (unit & FOLLOWS) + 1;
  if (cursor.tf > FOLLOWS) {
    cursor.tf += varint(at);
    at = varintEnd;
  }
  cursor.at = u32(at - base);
  return true;
}

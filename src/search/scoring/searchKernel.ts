import { kernelBytes } from './kernelBytes.js';

/** The part of WebAssembly that is used here, which the types of Node do not declare. */
interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
}

/** The functions of .ci/kernel/searchKernel.ts; addresses are places in its memory. */
interface KernelExports {
  memory: { buffer: ArrayBuffer; grow(pages: number): number };
  setModel(k1: number, b: number, avgDocLength: number, impacts: number): void;
  setBuffers(
    bounds: number,
    exactScores: number,
    candidates: number,
    candidateBounds: number,
    splitBlock: number,
  ): void;
  setPages(pages: number, usedPages: number): void;
  setTops(top: number, seeds: number): void;
  setQuery(queryCursors: number, boundCursors: number, rest: number): void;
  evicted(): void;
  readLengths(bytes: number, docs: number, lengths: number, levels: number): void;
  setSegment(docs: number, firstDoc: number, lengths: number, levels: number): void;
  readTable(list: number, table: number): void;
  readWhole(list: number): void;
  decode(list: number, cursor: number): void;
  tfOf(cursor: number, doc: number): number;
  resetTop(top: number, k: number): void;
  sortTop(top: number): number;
  searchPruned(terms: number, k: number): void;
  searchAll(terms: number): void;
}

const PAGE_BYTES = 2 ** 16;
/** Pages that the memory grows by at least, 32 MB: growing takes long, and a page that is not written to takes no memory. */
const PAGES_AT_ONCE = 512;
const ALIGNMENT = 16;

const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
let compiled: object | undefined;

/** The compiled loops of a search, and their memory. */
export class SearchKernel {
  readonly exports: KernelExports;
  #end: number;
  #views: { u8: Uint8Array; u32: Uint32Array; f64: Float64Array } | undefined;

  /** `fetch` returns the address of a chunk of postings that is not in the memory yet. */
  constructor(fetch: (chunk: number) => number) {
    compiled ??= new Module(Buffer.from(kernelBytes, 'base64'));
    const { exports } = new Instance(compiled, { env: { fetch } });
    this.exports = exports as KernelExports;
    this.#end = ALIGNMENT;
  }

  /** Takes memory, which is 0, for as long as the kernel lives. Returns its address. */
  reserve(bytes: number): number {
    const { memory } = this.exports;
    const address = this.#end;
    this.#end += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    const missing = this.#end - memory.buffer.byteLength;
    if (missing > 0) {
      memory.grow(Math.max(PAGES_AT_ONCE, Math.ceil(missing / PAGE_BYTES)));
      this.#views = undefined;
    }
    return address;
  }

  /** The memory; valid until the next `reserve`. */
  get u8(): Uint8Array {
    return this.#view().u8;
  }

  get u32(): Uint32Array {
    return this.#view().u32;
  }

  get f64(): Float64Array {
    return this.#view().f64;
  }

  #view(): { u8: Uint8Array; u32: Uint32Array; f64: Float64Array } {
    if (this.#views === undefined) {
      const { buffer } = this.exports.memory;
      this.#views = { u8: new Uint8Array(buffer), u32: new Uint32Array(buffer), f64: new Float64Array(buffer) };
    }
    return this.#views;
  }
}

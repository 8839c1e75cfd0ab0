import type { ChunkedStreamReader } from '../format/chunkedStream.js';
import { CHUNK_BYTES, SLOT_BYTES } from '../format/dataFile.js';
import type { SearchKernel } from './searchKernel.js';

/** Slots that are taken at once: a page of WebAssembly's memory. */
const SLOTS_AT_ONCE = 4;
/** A block of postings may go on in the next chunk. */
const MIN_SLOTS = 2 * SLOTS_AT_ONCE;

/** The chunks of postings that are in the kernel's memory: those used last (the clock algorithm), each read and checked when it is first needed. */
export class PostingsPages {
  /** The address of each chunk, u32; 0 if it is not in memory. */
  readonly #pages: number;
  /** 1 for a chunk that was used since the hand of the clock passed. */
  readonly #used: number;
  readonly #slots: { address: number; chunk: number }[] = [];
  readonly #maxSlots: number;
  #free: number[] = [];
  #hand = 0;

  readonly #kernel: SearchKernel;
  readonly #stream: ChunkedStreamReader;

  constructor(kernel: SearchKernel, stream: ChunkedStreamReader, maxBytes: number) {
    this.#kernel = kernel;
    this.#stream = stream;
    this.#maxSlots = Math.max(MIN_SLOTS, Math.floor(maxBytes / SLOT_BYTES));
    this.#pages = kernel.reserve(stream.chunks * 4);
    this.#used = kernel.reserve(stream.chunks);
    kernel.exports.setPages(this.#pages, this.#used);
  }

  /** Reads a chunk into the memory. Returns its address. */
  fetch(chunk: number): number {
    const address = this.#room();
    this.#stream.readInto(chunk, this.#kernel.u8.subarray(address, address + SLOT_BYTES));
    this.#slots.push({ address, chunk });
    this.#kernel.u32[this.#pages / 4 + chunk] = address;
    return address;
  }

  /** Copies bytes of the stream to an address of the memory. */
  copy(offset: number, length: number, to: number): void {
    let chunk = Math.floor(offset / CHUNK_BYTES);
    let from = offset - chunk * CHUNK_BYTES;
    for (let copied = 0; copied < length; chunk++) {
      const address = this.#kernel.u32[this.#pages / 4 + chunk] || this.fetch(chunk);
      const part = Math.min(CHUNK_BYTES - from, length - copied);
      this.#kernel.u8.copyWithin(to + copied, address + from, address + from + part);
      copied += part;
      from = 0;
    }
  }

  #room(): number {
    if (this.#free.length === 0 && this.#slots.length < this.#maxSlots) {
      const first = this.#kernel.reserve(SLOTS_AT_ONCE * SLOT_BYTES);
      this.#free = Array.from({ length: SLOTS_AT_ONCE }, (_, at) => first + at * SLOT_BYTES);
    }
    return this.#free.pop() ?? this.#evict();
  }

  #evict(): number {
    const { u8, u32, exports } = this.#kernel;
    for (;;) {
      this.#hand = (this.#hand + 1) % this.#slots.length;
      const { address, chunk } = this.#slots[this.#hand] as { address: number; chunk: number };
      if (u8[this.#used + chunk] === 1) {
        u8[this.#used + chunk] = 0;
        continue;
      }
      u32[this.#pages / 4 + chunk] = 0;
      exports.evicted();
      const last = this.#slots.pop() as { address: number; chunk: number };
      if (this.#hand < this.#slots.length) this.#slots[this.#hand] = last;
      return address;
    }
  }
}

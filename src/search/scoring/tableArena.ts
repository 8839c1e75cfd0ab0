import type { SearchKernel } from './searchKernel.js';

const EXTENT_BYTES = 2 ** 20;

/** Memory of the kernel that is given away piece by piece, and taken back all at once. */
export class TableArena {
  readonly #extents: { address: number; bytes: number }[] = [];
  #extent = -1;
  #at = 0;
  #end = 0;
  /** The bytes given away since the last `clear`. */
  bytes = 0;

  readonly #kernel: SearchKernel;

  constructor(kernel: SearchKernel) {
    this.#kernel = kernel;
  }

  /** Returns the address of `bytes` bytes, a multiple of 8; what they hold is undefined. */
  take(bytes: number): number {
    const rounded = Math.ceil(bytes / 8) * 8;
    while (this.#at + rounded > this.#end) this.#enter(rounded);
    const address = this.#at;
    this.#at += rounded;
    this.bytes += rounded;
    return address;
  }

  clear(): void {
    this.bytes = 0;
    this.#extent = -1;
    this.#at = 0;
    this.#end = 0;
  }

  #enter(bytes: number): void {
    this.#extent++;
    if (this.#extent === this.#extents.length) {
      const size = Math.max(bytes, EXTENT_BYTES);
      this.#extents.push({ address: this.#kernel.reserve(size), bytes: size });
    }
    const { address, bytes: size } = this.#extents[this.#extent] as { address: number; bytes: number };
    this.#at = address;
    this.#end = address + size;
  }
}

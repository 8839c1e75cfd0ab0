const perBlock = 65_536;

/** Where the lines of a file start: 8 bytes a line, in blocks, so that growing copies nothing. */
export class LineOffsets {
  count = 0;
  readonly #blocks: Float64Array[] = [];

  push(offset: number): void {
    const place = this.count % perBlock;
    if (place === 0) this.#blocks.push(new Float64Array(perBlock));
    (this.#blocks.at(-1) as Float64Array)[place] = offset;
    this.count += 1;
  }

  at(line: number): number {
    return (this.#blocks[Math.floor(line / perBlock)] as Float64Array)[line % perBlock] as number;
  }
}

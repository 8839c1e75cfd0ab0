/** An output of lines. */
export interface Output {
  /** Resolves when the operating system has the bytes; rejects with an OutputError. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the output final: the source is complete. */
  commit(): Promise<void>;
  /** Keeps what can be kept: the stream was left early. Never throws, as another error may be under way. */
  abandon(): Promise<void>;
}

const BATCH_CHARS = 64 * 1024;

/** Collects lines and writes them in the next turn of the event loop (so a slow stream waits for nothing) or at 64 KiB. */
export class LineSink {
  readonly #output: Output;
  #lines = '';
  #writtenBytes = 0;
  #timer: NodeJS.Immediate | undefined;
  #writing: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;

  constructor(output: Output) {
    this.#output = output;
  }

  /** The bytes of all lines taken so far. */
  get bytes(): number {
    return this.#writtenBytes + Buffer.byteLength(this.#lines);
  }

  /** Takes a line; returns a promise if the caller must wait, which rejects if a write has failed. */
  add(line: string): Promise<void> | undefined {
    this.#lines += line;
    if (this.#failure !== undefined) return this.flush();
    if (this.#lines.length < BATCH_CHARS) {
      this.#timer ??= setImmediate(() => {
        this.#timer = undefined;
        this.#flushBehind();
      });
      return undefined;
    }
    if (this.#writing !== undefined) return this.flush();
    this.#flushBehind();
    return undefined;
  }

  /** Writes all lines taken so far. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    this.#throwFailure();
    if (this.#lines === '') return;
    const bytes = Buffer.from(this.#lines);
    this.#lines = '';
    this.#writtenBytes += bytes.length;
    this.#writing = this.#write(bytes);
    await this.#writing;
    this.#throwFailure();
  }

  async commit(): Promise<void> {
    this.#stopTimer();
    await this.flush();
    await this.#output.commit();
  }

  async abandon(): Promise<void> {
    this.#stopTimer();
    await this.flush().catch(() => {});
    await this.#output.abandon();
  }

  /** Writes while the caller continues; the next add or flush throws a failure. */
  #flushBehind(): void {
    this.flush().catch(() => {});
  }

  #stopTimer(): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #write(bytes: Buffer): Promise<void> {
    try {
      await this.#output.write(bytes);
    } catch (error) {
      this.#failure = { error };
    }
    this.#writing = undefined;
  }
}

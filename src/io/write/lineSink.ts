/** Where lines end up. */
export interface Output {
  /** Resolves when the bytes were handed to the operating system; rejects with an OutputError. */
  write(bytes: Buffer): Promise<void>;
  /** The source is complete: makes the output final. */
  commit(): Promise<void>;
  /** The stream was left early: keeps what can be kept. Never throws, as another error may be under way. */
  abandon(): Promise<void>;
}

const batchChars = 64 * 1024;

/** Gathers lines and writes them when the event loop comes round (so a slow stream waits for nothing) or at 64 KiB. */
export class LineSink {
  private lines = '';
  private timer: NodeJS.Immediate | undefined;
  private writing: Promise<void> | undefined;
  private failure: { error: unknown } | undefined;

  private handedOver = 0;

  constructor(private readonly output: Output) {}

  /** How many bytes all lines taken so far have. */
  get bytes(): number {
    return this.handedOver + Buffer.byteLength(this.lines);
  }

  /** Takes a line; gives a promise where the caller must wait, which rejects if a write has failed. */
  add(line: string): Promise<void> | undefined {
    this.lines += line;
    if (this.failure !== undefined) return this.flush();
    if (this.lines.length < batchChars) {
      this.timer ??= setImmediate(() => {
        this.timer = undefined;
        this.flushBehind();
      });
      return undefined;
    }
    if (this.writing !== undefined) return this.flush();
    this.flushBehind();
    return undefined;
  }

  /** Writes all lines taken so far. */
  async flush(): Promise<void> {
    while (this.writing !== undefined) await this.writing;
    this.throwFailure();
    if (this.lines === '') return;
    const bytes = Buffer.from(this.lines);
    this.lines = '';
    this.handedOver += bytes.length;
    this.writing = this.write(bytes);
    await this.writing;
    this.throwFailure();
  }

  async commit(): Promise<void> {
    this.stopTimer();
    await this.flush();
    await this.output.commit();
  }

  async abandon(): Promise<void> {
    this.stopTimer();
    await this.flush().catch(() => {});
    await this.output.abandon();
  }

  /** Writes while the caller goes on; a failure is thrown by the next add or flush. */
  private flushBehind(): void {
    this.flush().catch(() => {});
  }

  private stopTimer(): void {
    clearImmediate(this.timer);
    this.timer = undefined;
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }

  private async write(bytes: Buffer): Promise<void> {
    try {
      await this.output.write(bytes);
    } catch (error) {
      this.failure = { error };
    }
    this.writing = undefined;
  }
}

/** The state of an output that an earlier session left. */
export interface EarlierBytes {
  bytes: number;
  /** Their CRC-32; undefined if it was not kept. */
  crc?: number | undefined;
  /** Returns true for an item that the session may have appended after them. */
  mayFollow: (item: unknown) => boolean;
}

/** An output that reports how many of its bytes are on disk, and can be cut back to an earlier length. */
export interface DurableSink {
  /** Its name in messages. */
  readonly path: string;
  /** Its length, including what has not reached the disk yet. */
  readonly bytes: number;
  /** The CRC-32 of these bytes; undefined for an output that keeps none. */
  readonly crc?: number | undefined;
  /** Throws OutputError if it cannot be written, or if it holds what this run has not written. */
  check(isResumed: boolean): Promise<void>;
  /** Throws OutputError if it holds anything else than an earlier session left. Not called if it is absent. */
  checkContent?(earlier: EarlierBytes): Promise<void>;
  /**
   * Resolves to the complete items that an earlier session left unfinished, each with the offset of its end; undefined if there is
   * nothing. Reading them throws OutputError for damage before the last one. Absent if a run cannot be rebuilt from it.
   */
  earlierItems?(): Promise<AsyncIterable<{ item: unknown; end: number }> | undefined>;
  /** Resolves to the length of what is final at its path; undefined if there is nothing, or if it is absent. */
  finalBytes?(): Promise<number | undefined>;
  /** Resolves to true if `finish` was completed, at this length, before the process was killed. */
  isFinished(bytes: number): Promise<boolean>;
  /**
   * Resolves to true if `finish` must be called again for a finished run of this length: what is final is missing, or was not made
   * from all of it. Absent if that is never so.
   */
  needsFinish?(bytes: number): Promise<boolean>;
  /**
   * Opens it and cuts it back to a length; 0 starts from nothing. Throws OutputError if it is shorter, or if its bytes do not
   * have the CRC-32 that was kept with the length.
   */
  open(bytes: number, crc?: number): Promise<void>;
  /** Appends an item; returns a promise if the caller should wait. Throws TypeError for what JSON cannot hold. */
  append(item: unknown): Promise<void> | undefined;
  /** Resolves when all that was appended before is on disk. */
  sync(): Promise<void>;
  /** Closes it and makes it final. */
  finish(): Promise<void>;
  /** Closes it as it is. Never throws, as another error may be under way. */
  close(): Promise<void>;
  /** Closes it and removes what is not final yet. Never throws. */
  discard(): Promise<void>;
  /** Renames what an earlier run left unfinished and resolves to the new path; undefined if there was nothing. */
  setAside(): Promise<string | undefined>;
  /** Renames what is final at its path and resolves to the new path; undefined if there was nothing. */
  setFinalAside?(): Promise<string | undefined>;
}

/** An output whose length can be made sure of, and that can be cut back to a length that was. */
export interface DurableSink {
  /** What messages call it. */
  readonly path: string;
  /** Its length, with what is still on its way to the disk. */
  readonly bytes: number;
  /** Throws the OutputError of a place that cannot be written, or that holds what this run has not written. */
  check(isResumed: boolean): Promise<void>;
  /** Whether `finish` was come through, at this length, before the process was killed. */
  isFinished(bytes: number): Promise<boolean>;
  /** Opens it and cuts it back to a length; 0 begins anew. Throws OutputError where it is shorter. */
  open(bytes: number): Promise<void>;
  /** Takes an item; gives a promise where the caller should wait. Throws TypeError for what JSON cannot hold. */
  append(item: unknown): Promise<void> | undefined;
  /** Resolves when all that was appended before is on disk. */
  sync(): Promise<void>;
  /** Closes it and puts it in its final place. */
  finish(): Promise<void>;
  /** Closes it as it stands. Never throws, as another error may be under way. */
  close(): Promise<void>;
  /** Closes it and removes what is not in its final place yet. Never throws. */
  discard(): Promise<void>;
  /** Puts what an earlier run left out of the way and tells where; undefined where there was nothing. */
  setAside(): Promise<string | undefined>;
}

/** A position in a source, as JSON. A source adds what it needs to resume there. */
export interface Position {
  /** The number of items (records and bad lines) before it. */
  ordinal: number;
  /** The progress of the source, in its own unit; it never shrinks while the source reads on. */
  read: number;
}

/** The position at which a source resumes. */
export interface ResumeFrom {
  /** Begin here: the next item is number `from.ordinal`. */
  from: Position;
  /** The furthest position reported: the source throws unless what it reads up to `seen.read` is the same as before. */
  seen: Position;
}

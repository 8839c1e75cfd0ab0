/** Where a source stood, as JSON: what else is in it is the source's own affair. */
export interface Position {
  /** How many items (records and bad lines) come before it. */
  ordinal: number;
  /** How far the source had read, in a unit of its own: it never shrinks while the source reads on. */
  read: number;
}

/** How a source can be gone on with. */
export interface ResumeFrom {
  /** Begin here: the next item is number `from.ordinal`. */
  from: Position;
  /** The furthest position that was told: the source checks that it reads the same up to `seen.read`, and throws where not. */
  seen: Position;
}

export interface Line {
  text: string;
  tone?: 'quiet' | 'warning';
}

/** The progress of something: as lines on a terminal, and as one line of a log. */
export interface ProgressView {
  lines(columns: number): Line[];
  line(): string;
}

export interface ProgressDisplay {
  /** The interval between two views. */
  intervalMs: number;
  show(view: ProgressView): void;
  /** Leaves the terminal as it was, for the next output. */
  end(): void;
}

/** What became of the input items that are finished. All else follows from it. */
export interface RunCounts {
  /** Items that the source or the run refused: bad lines, values that are no objects. */
  unread: number;
  /** Lines written. */
  out: number;
  /** Records that JSON could not hold. */
  unwritable: number;
  /** `workSeconds`: for how long a stage was at work on one record or more. */
  stages: { name: string; rejected: number; extra: number; workSeconds: number }[];
}

export function noCounts(names: string[]): RunCounts {
  return {
    unread: 0,
    out: 0,
    unwritable: 0,
    stages: names.map((name) => ({ name, rejected: 0, extra: 0, workSeconds: 0 })),
  };
}

/** How many records each stage has given, where all of the `records` that came to the first are finished. */
export function recordsGiven(counts: RunCounts, records: number): number[] {
  let given = records;
  return counts.stages.map(({ rejected, extra }) => {
    given += extra - rejected;
    return given;
  });
}

/** The outcomes of the finished input items. All other counts follow from these. */
export interface RunCounts {
  /** Items that the source or the run refused: bad lines, values that are not objects. */
  unread: number;
  /** Lines written. */
  out: number;
  /** Records that JSON could not hold. */
  unwritable: number;
  /** `workSeconds`: the time that a stage was busy with one record or more. */
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

/** Returns how many records came out of each stage, if all of the `records` that went into the first are finished. */
export function recordsGiven(counts: RunCounts, records: number): number[] {
  let given = records;
  return counts.stages.map(({ rejected, extra }) => {
    given += extra - rejected;
    return given;
  });
}

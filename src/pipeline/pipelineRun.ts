import type { Rejects } from '../flow/rejects.js';
import type { ResumeFrom } from '../flow/resume.js';
import type { DataRecord, Reject } from '../record.js';
import type { NumberedSource } from './numberedSource.js';
import type { RunCounts } from './state/runCounts.js';
import type { RunState } from './state/runState.js';

/** The outcomes of a run: each item of the input, by its number, and what became of it. */
export interface PipelineRun {
  /** The counts of what is written, all sessions together. */
  readonly counts: RunCounts;
  /** The number of items that earlier sessions finished. */
  readonly finishedBefore: number;
  /** The duration of all sessions together. */
  readonly seconds: number;
  /** True if nothing is left to do. */
  readonly isDone: boolean;
  /** The position at which the source resumes. */
  readonly resume: ResumeFrom | undefined;
  /** The last commit; undefined for a run that keeps none. */
  readonly committed: RunState | undefined;
  /** Takes the source, for the positions that a commit keeps. */
  readFrom(source: Pick<NumberedSource, 'positionsAt'>): void;
  /** Begins: items for which `isLeftOut` returns true will not come in this session. */
  begin(isLeftOut: (ordinal: number) => boolean): void;
  /** Returns true if an item was finished by an earlier session. */
  isFinished(ordinal: number): boolean;
  /** Takes an item of the input and returns the record to process. */
  enter(ordinal: number, record: DataRecord): DataRecord;
  /** Takes an item that is not a record. Returns a promise if the source should wait. */
  refuse(ordinal: number, reject: Reject): void | Promise<void>;
  /** Takes a reject of a stage, by its index. Returns a promise if the stage should wait. */
  reject(stage: number, reject: Reject): void | Promise<void>;
  /** A stage made `count` more records from the item that a record came from. */
  extra(stage: number, count: number, record: DataRecord | undefined): void;
  /** Takes what a stage made, by its index; undefined if that is not kept. */
  readonly made: ((stage: number, record: DataRecord) => void) | undefined;
  /** Writes what comes out of the last stage. Throws the error of `nothing` if no record does. */
  write(stream: AsyncIterable<DataRecord>, rejects: Rejects, nothing: () => Error): Promise<void>;
  /** Makes the output final. */
  finish(): Promise<void>;
  /** Ends the run early, and keeps what can be kept. Never throws. */
  leave(): Promise<void>;
}

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Operator, operator } from '../../flow/operator.js';
import { loadableText } from '../../util/loadableText.js';
import { outputError } from '../systemErrors.js';
import { openFileOutput } from './fileOutput.js';
import { LineSink } from './lineSink.js';
import { jsonOf } from './writeJsonl.js';

/** A row and the file that it belongs to. */
export interface FilePart {
  /** Relative to the folder; `/` separates folders. */
  file: string;
  /** An object, written as JSON, or a line, written as it is. */
  row: object | string;
  /** The first line of its file, before all rows. */
  header?: string;
}

/** The output of the rows of one file. */
export interface RowSink {
  add(row: object | string): Promise<void> | undefined;
  commit(): Promise<void>;
  abandon(): Promise<void>;
}

/** Opens the output of a file, whose first row is known. */
export type OpenRowSink = (target: string, row: object | string) => Promise<RowSink>;

export interface WriteFilesOptions {
  /** Returns the path of a part's file. */
  pathOf: (file: string) => string;
  /** Opens that file. Default: as JSON Lines. */
  openSink?: OpenRowSink | undefined;
}

/**
 * Writes rows to several files at once, each created at its first row, and passes them on. Each is a `.partial` until the
 * source is complete; then all become final. Throws OutputError.
 */
export function writeFiles<P extends FilePart>({ pathOf, openSink = openJsonl }: WriteFilesOptions): Operator<P, P> {
  return operator(async function* (source) {
    const sinks = new Map<string, RowSink>();
    let complete = false;
    try {
      for await (const part of source) {
        let sink = sinks.get(part.file);
        if (sink === undefined) {
          sink = await openAt(pathOf(part.file), part.row, openSink);
          sinks.set(part.file, sink);
          if (part.header !== undefined) await sink.add(part.header);
        }
        const full = sink.add(part.row);
        if (full !== undefined) await full;
        yield part;
      }
      for (const sink of sinks.values()) await sink.commit();
      complete = true;
    } finally {
      if (!complete) for (const sink of sinks.values()) await sink.abandon();
    }
  }, 'writeFiles');
}

async function openAt(target: string, row: object | string, openSink: OpenRowSink): Promise<RowSink> {
  try {
    await mkdir(path.dirname(target), { recursive: true });
  } catch (error) {
    throw outputError(error, target);
  }
  return await openSink(target, row);
}

const openJsonl: OpenRowSink = async (target) => {
  const sink = new LineSink(await openFileOutput(target));
  return {
    add: (row) => sink.add(`${typeof row === 'string' ? loadableText(row) : jsonOf(row)}\n`),
    commit: () => sink.commit(),
    abandon: () => sink.abandon(),
  };
};

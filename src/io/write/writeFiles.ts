import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Operator, operator } from '../../flow/operator.js';
import { outputError } from '../systemErrors.js';
import { openOutputFile } from './atomicFile.js';
import { LineSink } from './lineSink.js';

/** A row and the file that it belongs to. */
export interface FilePart {
  /** Relative to the folder; `/` parts folders. */
  file: string;
  /** An object, written as JSON, or a line as it is. */
  row: object | string;
  /** The first line of its file, before all rows. */
  header?: string;
}

/** Where rows of one file end up. */
export interface RowSink {
  add(row: object | string): Promise<void> | undefined;
  commit(): Promise<void>;
  abandon(): Promise<void>;
}

export type OpenRowSink = (target: string) => Promise<RowSink>;

export interface WritePartsOptions {
  /** The path of a part's file. */
  pathOf: (file: string) => string;
  /** Opens it. Default: as JSON Lines. */
  openSink?: OpenRowSink | undefined;
}

/**
 * Writes rows to several files at once, each made at its first row, and passes them on. Each is a `.partial` until the
 * source is complete; then all become final. Throws OutputError.
 */
export function writeParts<P extends FilePart>({ pathOf, openSink = openLines }: WritePartsOptions): Operator<P, P> {
  return operator(async function* (source) {
    const sinks = new Map<string, RowSink>();
    let complete = false;
    try {
      for await (const part of source) {
        let sink = sinks.get(part.file);
        if (sink === undefined) {
          sink = await openAt(pathOf(part.file), openSink);
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
  });
}

async function openAt(target: string, openSink: OpenRowSink): Promise<RowSink> {
  try {
    await mkdir(path.dirname(target), { recursive: true });
  } catch (error) {
    throw outputError(error, target);
  }
  return await openSink(target);
}

const openLines: OpenRowSink = async (target) => {
  const sink = new LineSink(await openOutputFile(target, undefined));
  return {
    add: (row) => sink.add(`${typeof row === 'string' ? row : JSON.stringify(row)}\n`),
    commit: () => sink.commit(),
    abandon: () => sink.abandon(),
  };
};

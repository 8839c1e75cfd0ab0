import type { Writable } from 'node:stream';
import { operator, type PassThrough } from '../../flow/operator.js';
import { mustBe } from '../../util/check.js';
import { loadableJson } from '../../util/loadableText.js';
import { callback, type OptionsOf, resolveOptions } from '../../util/options.js';
import { messageOf } from '../systemErrors.js';
import { type OnPartial, openFileOutput } from './fileOutput.js';
import { LineSink, type Output } from './lineSink.js';
import { StreamOutput } from './streamOutput.js';

const writeJsonlOptions = {
  /** Called if the stream was left early and records were kept: with the path of the `.partial`, and how many it holds. */
  onPartial: callback<OnPartial>()({ help: 'called with the path of the .partial that is kept, and its records' }),
};

export type WriteJsonlOptions = OptionsOf<typeof writeJsonlOptions>;

/**
 * Writes each record as a line of JSON and passes it on. The target is a path, '-' for standard output, or a Writable
 * (which is not ended).
 *
 * A path is written as `PATH.partial` beside it, which becomes PATH, on disk, when the source is complete; an existing
 * PATH stays as it is until then. Left early (break, error, abort), the `.partial` stays if it holds a record: its lines
 * are whole. An existing `.partial` is never touched: another run may be writing it, or its records may have been paid for,
 * so the writer refuses to start. A device or a named pipe is written directly.
 *
 * Lines are written when the event loop is idle and at 64 KiB, and a slow reader delays the stream. A record that JSON
 * cannot hold (a BigInt, a cycle) goes to the rejects.
 *
 * @throws UsageError for an unknown option; OutputError before the first record is asked for, if the path cannot be written;
 *   later if the disk is full; with `closed` if the reader of the output has closed it
 */
export function writeJsonl(target: string | Writable, options: WriteJsonlOptions = {}): PassThrough {
  const { onPartial } = resolveOptions('writeJsonl', writeJsonlOptions, options);
  if (typeof target !== 'string' && typeof target?.write !== 'function') {
    throw mustBe('the target of writeJsonl', "a path, '-' or a Writable", target);
  }
  return writeLines(target, (record) => `${jsonOf(record)}\n`, { onPartial, name: 'writeJsonl' });
}

/** Writes each record as the lines that `linesOf` returns, as `writeJsonl` writes its JSON; it may throw TypeError for a reject. */
export function writeLines(
  target: string | Writable,
  linesOf: (record: object) => string,
  { onPartial, name = 'writeLines' }: { onPartial?: OnPartial | undefined; name?: string } = {},
): PassThrough {
  const write = operator<object, object>(async function* (source, { signal, rejects }) {
    signal.throwIfAborted();
    const sink = new LineSink(await openOutput(target, onPartial, signal));
    let complete = false;
    try {
      for await (const record of source) {
        let lines: string;
        try {
          lines = linesOf(record);
        } catch (error) {
          await rejects({ stage: 'write', reason: `cannot be written as JSON: ${messageOf(error)}`, record });
          continue;
        }
        const full = sink.add(lines);
        if (full !== undefined) await full;
        yield record;
        signal.throwIfAborted();
      }
      await sink.commit();
      complete = true;
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      if (!complete) await sink.abandon();
    }
  }, name);
  return write as PassThrough;
}

/**
 * Returns an item as JSON that every reader takes: U+FFFD replaces lone surrogates and NUL. Throws TypeError if JSON cannot hold
 * the item.
 */
export function jsonOf(record: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(record);
  } catch (error) {
    throw error instanceof RangeError
      ? new TypeError('it is nested too deep, or is too long', { cause: error })
      : error;
  }
  if (json === undefined) throw new TypeError(`JSON cannot hold a value of type ${typeof record}`);
  return loadableJson(json);
}

async function openOutput(
  target: string | Writable,
  onPartial: OnPartial | undefined,
  signal: AbortSignal | undefined,
): Promise<Output> {
  if (target === '-') return new StreamOutput(process.stdout, 'stdout', signal);
  if (typeof target !== 'string') return new StreamOutput(target, 'output stream', signal);
  return openFileOutput(target, { onPartial });
}

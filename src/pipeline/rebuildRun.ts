import { basename } from 'node:path';
import { OutputError, UsageError } from '../errors.js';
import { type DataRecord, defaultKeys, isRecord, isReject } from '../record.js';
import type { ResolvedCheckpoint } from './checkpoint.js';
import { InputItems, type OpenItems } from './inputItems.js';
import { newRun, refuseOtherSettings } from './resumeRun.js';
import { OrdinalSet } from './state/ordinalSet.js';
import { checkRunState, type RunState } from './state/runState.js';

export interface Rebuilding {
  open: OpenItems;
  stages: string[];
  limit: number;
}

/**
 * Makes the state of a run whose state was lost or damaged from what it has written: an item of the input is finished if
 * its records are in the unfinished output, or its reject in the rejects file. Both are cut back to what is complete. If
 * the earlier settings are lost too, today's are taken for them.
 *
 * A result is checked to begin with its record of the input; what the stages added to it is believed. If records became
 * several, the last item of the output is processed again, since not all of its records may be there.
 *
 * @throws UsageError if there is no unfinished output, if it was written with other settings, or if one of several records of an item was
 *   rejected; OutputError for a complete line that was not made from this input
 */
export async function rebuildRun(checkpoint: ResolvedCheckpoint, { open, stages, limit }: Rebuilding): Promise<void> {
  const { store, settings, readSettings, output, rejects } = checkpoint;
  const lines = await output.earlierItems?.();
  if (lines === undefined) {
    throw new UsageError(`${output.path}: there is no unfinished output to rebuild the run from`, {
      hint: 'leave out --resume rebuild',
    });
  }
  const last = store.state;
  if (last !== undefined) {
    const before = readSettings?.(last.settings, last) ?? last.settings;
    refuseOtherSettings(before, settings, `${output.path} is the output of an unfinished run`);
  }
  const items = new InputItems(open, limit);
  const rebuilt = new RebuiltState(newRun(settings, stages), items);
  let line = 0;
  try {
    for await (const { item, end } of lines) await rebuilt.addOutput(item, end, `${output.path}, line ${++line}`);
    rebuilt.endOutputs();
    line = 0;
    for await (const { item, end } of (await rejects.earlierItems?.()) ?? []) {
      if (!(await rebuilt.addReject(item, end, `${rejects.path}, line ${++line}`))) break;
    }
  } finally {
    await items.close();
  }
  const state = rebuilt.state();
  checkRunState(state, output.path);
  store.commit({ ...state, rejectsName: basename(rejects.path), limit: Number.isFinite(limit) ? limit : null });
}

class RebuiltState {
  readonly #state: RunState;
  readonly #items: InputItems;
  readonly #finished = new OrdinalSet();
  /** The stage that made several records of one. */
  #sharing: string | undefined;
  /** The last item of the output so far: its number, the end of what is before it, and its lines. */
  #last: { ordinal: number; before: number; lines: number } | undefined;

  constructor(state: RunState, items: InputItems) {
    this.#state = state;
    this.#items = items;
  }

  async addOutput(item: unknown, end: number, place: string): Promise<void> {
    const { counts, outputBytes } = this.#state;
    const sharing = sharingStage(item);
    if (sharing !== undefined && this.#last !== undefined) {
      this.#sharing = sharing;
      this.#last.lines += 1;
      this.#stage(sharing).extra += 1;
    } else {
      const ordinal = isRecord(item) ? await this.#items.take(item) : undefined;
      if (ordinal === undefined) throw foreignLine(place);
      this.#addFinished();
      this.#last = { ordinal, before: outputBytes, lines: 1 };
    }
    counts.out += 1;
    this.#state.outputBytes = end;
  }

  /** The last item is finished only if it cannot have more records. */
  endOutputs(): void {
    if (this.#sharing === undefined) this.#addFinished();
    else if (this.#last !== undefined) {
      this.#state.outputBytes = this.#last.before;
      this.#state.counts.out -= this.#last.lines;
      this.#stage(this.#sharing).extra -= this.#last.lines - 1;
    }
  }

  /** Resolves to false for a reject that does not say what was rejected: it and those behind it are dropped, and made again. */
  async addReject(reject: unknown, end: number, place: string): Promise<boolean> {
    if (!isReject(reject)) throw foreignLine(place);
    if (reject.record === undefined && reject.path === undefined) return false;
    const { counts } = this.#state;
    const index = counts.stages.findIndex(({ name }) => name === reject.stage);
    if (this.#sharing !== undefined && index > counts.stages.findIndex(({ name }) => name === this.#sharing)) {
      throw new UsageError(`the run cannot be rebuilt: ${reject.stage} rejected one of several records of an item`, {
        hint: 'start a new run (--resume never keeps the old files as .old); answers in its cache are not paid again',
      });
    }
    const ordinal = isRecord(reject.record)
      ? await this.#items.take(reject.record)
      : await this.#items.takeBadLine(reject);
    if (ordinal === undefined) throw foreignLine(place);
    this.#finished.add(ordinal);
    this.#state.rejectsBytes = end;
    if (index >= 0) this.#stage(reject.stage).rejected += 1;
    else if (reject.stage === 'write') counts.unwritable += 1;
    else counts.unread += 1;
    return true;
  }

  state(): RunState {
    return { ...this.#state, finished: this.#finished.toJSON() };
  }

  #addFinished(): void {
    if (this.#last !== undefined) this.#finished.add(this.#last.ordinal);
  }

  #stage(name: string): RunState['counts']['stages'][number] {
    const stage = this.#state.counts.stages.find((one) => one.name === name);
    if (stage !== undefined) return stage;
    throw new UsageError(`the output was written by a stage that this run has not: ${name}`, {
      hint: 'use the command that wrote it',
    });
  }
}

function foreignLine(place: string): OutputError {
  return new OutputError(`${place} was not made from a record of this input`, {
    hint: 'name the input that the run read; or move the line to another file, and rebuild the run again',
  });
}

/** Returns the stage that made several records of one, for each of them but the first. */
function sharingStage(item: unknown): string | undefined {
  const provenance = isRecord(item) ? item[defaultKeys.provenance] : undefined;
  if (!isRecord(provenance)) return undefined;
  return Object.keys(provenance).find((stage) => (provenance[stage] as DataRecord | undefined)?.sharesAnswer === true);
}

import { MultiBar, type SingleBar } from 'cli-progress';
import type { UsageSnapshot } from '../llm/usage.js';
import type { RunProgress } from '../pipeline/tally.js';
import { formatCompact, formatCount, formatSeconds, say, sayThrough } from './terminal.js';

/** A run's own counts, and what its command knows besides. */
export interface RunView {
  run: RunProgress;
  /** What the model has used so far, where one is asked. */
  usage?: UsageSnapshot | undefined;
  /** The share of the input that was read, from 0 to 1, where its size is known. */
  readShare?: number | undefined;
}

export interface ProgressDisplay {
  /** How often it wants to be shown something new. */
  intervalMs: number;
  /** Shows lines, the first with a bar on a terminal where the share done, from 0 to 1, is known. */
  show(lines: string[], share?: number): void;
  /** Leaves the terminal as it was, for what is printed next. */
  end(): void;
}

/**
 * Lines that are redrawn in place on a terminal; a plain line every 10 s otherwise, and where `redraw` is false because
 * records are printed on the same terminal.
 */
export function progressDisplay({ stream = process.stderr, redraw = true } = {}): ProgressDisplay {
  return stream.isTTY && redraw ? redrawnLines(stream) : plainLines();
}

function plainLines(): ProgressDisplay {
  let lastMs = performance.now();
  return {
    intervalMs: 10_000,
    show(lines, share) {
      if (performance.now() - lastMs < 9_500) return;
      lastMs = performance.now();
      say(`rareflow: ${percent(share)}${lines.map((line) => line.trim()).join('; ')}`);
    },
    end: () => {},
  };
}

function redrawnLines(stream: NodeJS.WriteStream): ProgressDisplay {
  const format = (_options: unknown, _params: unknown, { line }: { line: string }) =>
    line.slice(0, (stream.columns ?? 80) - 1);
  const bars = new MultiBar({ stream, hideCursor: true, clearOnComplete: true, gracefulExit: false, format });
  const drawn: SingleBar[] = [];
  const end = () => {
    sayThrough(undefined);
    process.off('exit', end);
    bars.stop();
  };
  process.on('exit', end); // a second Ctrl-C leaves from anywhere, and the cursor must come back
  return {
    intervalMs: 250,
    show(lines, share) {
      sayThrough((text) => {
        bars.log(text);
        bars.update();
      });
      for (const [place, text] of lines.entries()) {
        const line = place === 0 ? `${bar(share)}${percent(share)}${text}` : text;
        drawn[place] ??= bars.create(1, 0, { line });
        drawn[place].update(0, { line });
      }
    },
    end,
  };
}

/** The state of a run in words: itself, then each of its stages; and the share that is done, where the whole is known. */
export function describeRun(view: RunView): [lines: string[], share: number | undefined] {
  const lines = [summaryLine(view), ...view.run.stages.map((stage) => `  ${stageLine(stage)}`)];
  return [lines, doneShare(view)];
}

function bar(share: number | undefined): string {
  if (share === undefined) return '';
  const filled = Math.floor(share * 20);
  return `${'█'.repeat(filled)}${'░'.repeat(20 - filled)} `;
}

function percent(share: number | undefined): string {
  return share === undefined ? '' : `${Math.floor(share * 100)} %, `;
}

function summaryLine(view: RunView): string {
  const { run, usage } = view;
  const done = doneShare(view);
  const etaSeconds = done === undefined || done === 0 ? undefined : (run.seconds * (1 - done)) / done;
  return [
    `${formatCount(run.in)} in`,
    `${formatCount(run.out)} out`,
    `${formatCount(run.rejected)} rejects`,
    `${formatCompact(run.out / run.seconds)}/s`,
    ...(usage === undefined ? [] : usageParts(usage)),
    ...(etaSeconds === undefined ? [formatSeconds(run.seconds)] : [`ETA ${formatSeconds(etaSeconds)}`]),
  ].join(', ');
}

function usageParts({ inFlight, total }: UsageSnapshot): string[] {
  const tokens = formatCompact(total.promptTokens + total.completionTokens);
  return [`${formatCount(inFlight)} calls in flight`, `${tokens} tokens`];
}

function stageLine({ name, inFlight, given, rejected }: RunProgress['stages'][number]): string {
  const rejects = rejected === 0 ? '' : `, ${formatCount(rejected)} rejected`;
  return `${name}: ${formatCount(given)} done, ${formatCount(inFlight)} under way${rejects}`;
}

/** What was read and is still pending does not count as done. */
function doneShare({ run, readShare }: RunView): number | undefined {
  if (readShare === undefined || run.in === 0) return undefined;
  return Math.min(1, readShare) * (1 - run.pending / (run.in + run.extra));
}

import type { ModelUsage } from '../../llm/createModel.js';
import type { Eta } from '../../pipeline/eta.js';
import type { RunProgress, StageCounts } from '../../pipeline/progress.js';
import type { Reject } from '../../record.js';
import { fitParts } from './fitText.js';
import { bar, type Line, type Picture, percent } from './progressDisplay.js';
import { formatCompact, formatCount, formatSeconds } from './terminal.js';

/** What is known of a run: its own counts, and what its model has used since the command was started. */
export interface RunView {
  run: RunProgress;
  usage: ModelUsage | undefined;
}

/** A run as a table of its stages, with the state of the model below. */
export function runPicture({ run, usage }: RunView): Picture {
  const { share, lastReject } = run;
  return {
    lines: (columns) => [
      { text: `${bar(share, columns)}${timeParts(run).join(', ')}` },
      ...stageTable(run, columns),
      ...(usage === undefined ? [] : modelLines(usage, columns)),
      ...(lastReject === undefined ? [] : [{ text: `  reject   ${rejectWords(lastReject)}` }]),
    ],
    line: () =>
      [
        ...(share === undefined ? [] : [percent(share)]),
        ...timeParts(run),
        ...[`${formatCount(run.in)} in`, `${formatCount(run.out)} out`, `${formatCount(run.rejected)} rejects`],
        `${formatRate(run.perSecond)}/s`,
        run.stages.map(({ name, given }) => `${name} ${formatCount(given)}`).join(' > '),
        ...(usage === undefined
          ? []
          : [...callParts(usage), ...spentParts(usage), ...holdWords(usage).map((words) => `waiting ${words}`)]),
        ...(lastReject === undefined ? [] : [`last reject ${rejectWords(lastReject).slice(0, 200)}`]),
      ].join(', '),
  };
}

function timeParts({ seconds, eta }: RunProgress): string[] {
  return [formatSeconds(seconds), ...(eta === undefined ? [] : [`ETA ${formatEta(eta)}`])];
}

/** A stage, or the whole run. */
type Row = Omit<StageCounts, 'workSeconds'>;

interface Column {
  head: string;
  width: number;
  of: (row: Row) => string;
}

/** In the order in which they are given up where the terminal is narrow, the last one first. */
const columnsByRank: Column[] = [
  { head: 'done', width: 8, of: ({ given }) => formatCount(given) },
  { head: 'rejects', width: 8, of: ({ rejected }) => formatCount(rejected) },
  { head: 'per s', width: 7, of: ({ perSecond }) => formatRate(perSecond) },
  { head: 'under way', width: 10, of: ({ inFlight }) => formatCount(inFlight) },
  { head: 'in', width: 8, of: ({ taken }) => formatCount(taken) },
];
const columnsAsShown = ['in', 'done', 'per s', 'under way', 'rejects'];

function stageTable(run: RunProgress, columns: number): Line[] {
  const { in: taken, out: given, rejected, extra, pending: inFlight, perSecond, lastReject } = run;
  const whole = { name: 'run', taken, given, rejected, extra, inFlight, perSecond, lastReject };
  const rows: Row[] = [...run.stages, whole];
  const nameWidth = Math.max(...rows.map(({ name }) => name.length)) + 2;
  let left = columns - nameWidth;
  const shown = new Map<string, string[]>();
  for (const { head, width, of } of columnsByRank) {
    const cells = [head, ...rows.map(of)];
    const widest = Math.max(width, ...cells.map((cell) => cell.length + 1));
    left -= widest;
    if (left < 0) break;
    shown.set(
      head,
      cells.map((cell) => cell.padStart(widest)),
    );
  }
  const line = (name: string, place: number) =>
    `  ${name}`.padEnd(nameWidth) + columnsAsShown.map((head) => shown.get(head)?.[place] ?? '').join('');
  return [{ text: line('', 0), tone: 'quiet' }, ...rows.map(({ name }, place) => ({ text: line(name, place + 1) }))];
}

function modelLines(usage: ModelUsage, columns: number): Line[] {
  return [
    { text: `  model    ${fitParts(callParts(usage), columns - 11)}` },
    { text: `  used     ${fitParts(spentParts(usage), columns - 11)}` },
    ...holdWords(usage).map((words): Line => ({ text: `  waiting  ${words}`, tone: 'warning' })),
  ];
}

/** Attempts in flight on average, of those that could be, in the last 30 s. */
export function busyShare({ concurrency, recent }: ModelUsage): number {
  return concurrency === 0 ? 0 : Math.min(1, recent.inFlight / concurrency);
}

function callParts(usage: ModelUsage): string[] {
  const { inFlight, concurrency, waiting } = usage;
  return [
    `${formatCount(inFlight)} of ${formatCount(concurrency)} calls in flight`,
    `${percent(busyShare(usage))} busy`,
    ...(waiting === 0 ? [] : [`${formatCount(waiting)} waiting`]),
  ];
}

function spentParts({ total, budgets, recent }: ModelUsage): string[] {
  const { promptTokens, completionTokens, costUsd } = total;
  const ofBudget = budgets.map(({ spent, cap }) => `${shortDollars(spent)} of ${shortDollars(cap)}`);
  const hasCap = budgets.some(({ unit }) => unit === 'usd');
  return [
    `${formatCompact(promptTokens + completionTokens)} tokens`,
    `${formatRate(recent.tokensPerSecond)}/s`,
    ...(costUsd === undefined || hasCap ? [] : [shortDollars(`$${costUsd}`)]),
    ...ofBudget,
  ];
}

function holdWords({ holds }: ModelUsage): string[] {
  return holds.map(({ host, reason, seconds }) => `${Math.ceil(seconds)} s for ${host}: ${reason}`);
}

const rejectWords = ({ stage, reason }: Reject) => `${stage}: ${reason}`;

/** `$1.2345678` → `$1.2345`: never more than was spent. Other words stay as they are. */
const shortDollars = (words: string) => words.replace(/^(\$\d+\.\d{4})\d+$/, '$1');

/** `0.25`, `7.1`, `1.23K` */
function formatRate(perSecond: number): string {
  if (perSecond === 0 || perSecond >= 100) return formatCompact(perSecond);
  return perSecond.toFixed(perSecond < 1 ? 2 : 1);
}

/** Times are rounded to one of these, in seconds. */
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600];

/** `4m 00s ± 30 s`; the two ends where the later one is far off; `over 3m 00s` where it cannot be told. */
export function formatEta({ low, mid, high }: Eta): string {
  if (high === undefined) return `over ${rounded(low, low / 3)}`;
  if (high > 2 * mid) return `${rounded(low, low / 3)} to ${rounded(high, high / 3)}`;
  const margin = Math.max(1, (high - low) / 2);
  return `${rounded(mid, margin)} ± ${rounded(margin, margin)}`;
}

/** A time in whole multiples of the largest step that is within `precision`. */
function rounded(seconds: number, precision: number): string {
  const step = steps.findLast((one) => one <= precision) ?? 1;
  const whole = Math.round(seconds / step) * step;
  return whole < 60 ? `${whole} s` : formatSeconds(whole);
}

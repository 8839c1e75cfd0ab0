import type { ModelUsage } from '../../llm/createModel.js';
import type { Eta } from '../../pipeline/eta.js';
import type { RunProgress, StageCounts } from '../../pipeline/progress.js';
import type { Reject } from '../../record.js';
import { bar, percent } from './progressDisplay.js';
import type { Line, ProgressView } from './progressView.js';
import { busyShare, type RunView } from './runView.js';
import { formatCompact, formatCount, formatSeconds } from './terminal.js';

/** Returns a view of a run: a table of its stages, with the state of the model below. */
export function runTable({ run, usage }: RunView): ProgressView {
  const { share, lastReject } = run;
  return {
    lines: (columns) => [
      { text: `${bar(share, columns)}${timeParts(run).join(', ')}` },
      ...stageTable(run, columns),
      ...(usage === undefined ? [] : modelLines(usage, columns)),
      ...(lastReject === undefined ? [] : [{ text: `  reject   ${rejectText(lastReject)}` }]),
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
          : [...callParts(usage), ...spentParts(usage), ...holdTexts(usage).map((text) => `waiting ${text}`)]),
        ...(lastReject === undefined ? [] : [`last reject ${rejectText(lastReject).slice(0, 200)}`]),
      ].join(', '),
  };
}

function timeParts({ seconds, eta }: RunProgress): string[] {
  return [formatSeconds(seconds), ...(eta === undefined ? [] : [`ETA ${formatEta(eta)}`])];
}

/** A stage, or the whole run. */
type StageRow = Omit<StageCounts, 'workSeconds'>;

interface Column {
  head: string;
  width: number;
  of: (row: StageRow) => string;
}

/** By rank: on a narrow terminal the last ones are left out first. */
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
  const rows: StageRow[] = [...run.stages, whole];
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
  const line = (name: string, row: number) =>
    `  ${name}`.padEnd(nameWidth) + columnsAsShown.map((head) => shown.get(head)?.[row] ?? '').join('');
  return [{ text: line('', 0), tone: 'quiet' }, ...rows.map(({ name }, index) => ({ text: line(name, index + 1) }))];
}

function modelLines(usage: ModelUsage, columns: number): Line[] {
  return [
    { text: `  model    ${fitParts(callParts(usage), columns - 11)}` },
    { text: `  used     ${fitParts(spentParts(usage), columns - 11)}` },
    ...holdTexts(usage).map((text): Line => ({ text: `  waiting  ${text}`, tone: 'warning' })),
  ];
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

function holdTexts({ holds }: ModelUsage): string[] {
  return holds.map(({ host, reason, seconds }) => `${Math.ceil(seconds)} s for ${host}: ${reason}`);
}

const rejectText = ({ stage, reason }: Reject) => `${stage}: ${reason}`;

/** Shortens an amount, rounding down: `$1.2345678` → `$1.2345`. Other text stays as it is. */
const shortDollars = (text: string) => text.replace(/^(\$\d+\.\d{4})\d+$/, '$1');

/** Formats a rate: `0.25`, `7.1`, `1.23K`. */
function formatRate(perSecond: number): string {
  if (perSecond === 0 || perSecond >= 100) return formatCompact(perSecond);
  return perSecond.toFixed(perSecond < 1 ? 2 : 1);
}

/** The units to which times are rounded, in seconds. */
const ROUNDING_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600];

/** Formats an ETA: `4m 00s ± 30 s`; `3m 00s to 20m 00s` if the upper bound is far off; `over 3m 00s` if there is none. */
export function formatEta({ low, mid, high }: Eta): string {
  if (high === undefined) return `over ${roundedTime(low, low / 3)}`;
  if (high > 2 * mid) return `${roundedTime(low, low / 3)} to ${roundedTime(high, high / 3)}`;
  const margin = Math.max(1, (high - low) / 2);
  return `${roundedTime(mid, margin)} ± ${roundedTime(margin, margin)}`;
}

/** Formats a time in whole multiples of the largest step within `precision`. */
function roundedTime(seconds: number, precision: number): string {
  const step = ROUNDING_STEPS.findLast((one) => one <= precision) ?? 1;
  const whole = Math.round(seconds / step) * step;
  return whole < 60 ? `${whole} s` : formatSeconds(whole);
}

/** Joins as many parts as fit side by side, from the first. */
function fitParts(parts: string[], columns: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}, ${part}`;
    if (longer.length > columns) break;
    line = longer;
  }
  return line;
}

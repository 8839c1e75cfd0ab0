import { barTable, columnHead, histogramFigure } from './charts.js';
import { h, s } from './dom.js';
import { formatCompact, formatCount, formatNoun, formatSeconds, formatShare, stageName } from './format.js';

/** @import { Finding } from '../findings.js' */
/** @import { Ranking, ReportData } from '../reportData.js' */
/** @import { StageSum } from '../stageSums.js' */
/** @import { Child } from './dom.js' */

/**
 * The number of records in and out, with their tokens, cost and time.
 *
 * @param {ReportData} data
 */
export function overview({ counts, countsFromRun, run, stages, title }) {
  const tokens = stages.reduce((sum, stage) => sum + tokensOf(stage), 0);
  const costs = stages.flatMap(({ usage }) => (usage?.costUsd === undefined ? [] : [Number(usage.costUsd)]));
  const cost = costs.reduce((sum, one) => sum + one, 0);
  return h(
    'section',
    { class: 'overview', id: 'overview', 'aria-labelledby': 'title' },
    h('h1', { id: 'title' }, title),
    h('p', { class: 'lede' }, ledeOf(counts)),
    flowBar(counts),
    h(
      'dl',
      { class: 'figures' },
      ...figure('in', formatCount(counts.in)),
      ...(counts.extra > 0 ? figure('further questions', `+ ${formatCount(counts.extra)}`) : []),
      ...figure('out', formatCount(counts.out)),
      ...figure('rejected', formatCount(counts.rejected)),
      ...(counts.pending > 0 ? figure('pending', formatCount(counts.pending)) : []),
      ...(tokens > 0 ? figure('tokens', formatCompact(tokens)) : []),
      ...(costs.length > 0 ? figure('cost', dollars(cost)) : []),
      ...(run.seconds === undefined ? [] : figure('run time', formatSeconds(run.seconds))),
    ),
    !countsFromRun &&
      h('p', { class: 'about' }, 'Counted in the output and its rejects; no summary of the run was found.'),
  );
}

/** @param {ReportData['counts']} counts */
function ledeOf({ in: read, extra, out, rejected, pending }) {
  const all = read + extra;
  const rejects =
    rejected === 0
      ? 'none was rejected'
      : `${formatCount(rejected)} (${formatShare(rejected / (all || 1))}) were rejected`;
  const rest = pending === 0 ? '' : `, and ${formatCount(pending)} are pending`;
  return `${formatNoun(out, 'record')} from ${formatCount(read)}${extra > 0 ? ` and ${formatNoun(extra, 'further question')}` : ''}; ${rejects}${rest}.`;
}

/** @param {string} name @param {string} value */
function figure(name, value) {
  return [h('div', null, h('dt', null, name), h('dd', null, value))];
}

/** @param {ReportData['counts']} counts */
function flowBar({ out, rejected, pending }) {
  const all = Math.max(out + rejected + pending, 1);
  let at = 0;
  const parts = [out, rejected, pending].map((count, place) => {
    const wide = (count / all) * 1000;
    const part = s('rect', {
      class: ['out', 'rejected', 'pending'][place] ?? '',
      x: at,
      y: 0,
      width: count > 0 ? Math.max(wide, 3) : 0,
      height: 10,
    });
    at += wide;
    return part;
  });
  const label = `Out ${formatShare(out / all)}, rejected ${formatShare(rejected / all)}, pending ${formatShare(pending / all)}`;
  return s(
    'svg',
    { class: 'flow', viewBox: '0 0 1000 10', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
    ...parts,
  );
}

/**
 * The findings, each with a button that shows such records.
 *
 * @param {Finding[]} findings
 * @param {(warning: string) => void} show
 */
export function findingsSection(findings, show) {
  const levels = { serious: 'Serious', look: 'Check these', note: 'Note' };
  const items = findings.map(({ level, count, share, words, warning }) =>
    h(
      'li',
      { class: level },
      h('span', { class: 'level' }, levels[level]),
      h('strong', null, count > 0 && formatCount(count)),
      h('p', null, words),
      h('span', { class: 'share' }, count > 0 && formatShare(share)),
      warning !== undefined &&
        h('button', { type: 'button', onclick: () => show(warning), 'aria-label': `Show records: ${words}` }, 'Show'),
    ),
  );
  const none = h('p', { class: 'about' }, 'No warnings. This does not mean that the reasoning is correct.');
  return section('warnings', 'Warnings', items.length === 0 ? none : h('ul', { class: 'findings' }, ...items));
}

/** @param {StageSum[]} stages */
export function stagesSection(stages) {
  if (stages.length === 0) return null;
  const costly = stages.some(({ usage }) => usage?.costUsd !== undefined);
  const watched = stages.some(({ workSeconds = 0 }) => workSeconds > 0);
  const timed = stages.some(({ usage }) => usage?.attemptSeconds !== undefined);
  const counted = stages.some(({ flow }) => flow !== undefined);
  const more = stages.some(({ flow }) => (flow?.extra ?? 0) > 0);
  const heads = [
    '',
    ...(counted ? ['in', ...(more ? ['further'] : []), 'out'] : ['records']),
    'rejected',
    'requests',
    'prompt tokens',
    'answer tokens',
    ...(costly ? ['cost'] : []),
    ...(watched ? ['active time'] : []),
    ...(timed ? ['time in requests', 'per request'] : []),
  ];
  const rows = stages.map((stage) => {
    const { name, flow, records, makers, readings = [], usage, attempts, estimated, workSeconds = 0 } = stage;
    const requests = usage?.attempts ?? attempts.reduce((sum, count, place) => sum + count * (place + 1), 0);
    const { prompt, completion } = tokensByKind(stage);
    const counts = [flow?.in, ...(more ? [flow?.extra] : []), flow?.out].map((count) =>
      count === undefined ? '–' : formatCount(count),
    );
    const cells = [
      ...(counted ? counts : [formatCount(records)]),
      formatCount(flow?.rejected ?? stage.rejected),
      requests === 0 ? '–' : formatCount(requests),
      prompt === 0 ? '–' : formatCount(prompt),
      completion === 0 ? '–' : formatCount(completion),
      ...(costly ? [usage?.costUsd === undefined ? '–' : dollars(Number(usage.costUsd))] : []),
      ...(watched ? [workSeconds > 0 ? formatSeconds(workSeconds) : '–'] : []),
      ...(timed ? timesOf(usage) : []),
    ];
    const made = makers.map(({ name: maker, count }) =>
      makers.length > 1 ? `${maker} (${formatCount(count)})` : maker,
    );
    return h(
      'tr',
      null,
      h(
        'th',
        { scope: 'row' },
        stageName(name),
        h('small', null, made.join('; ') || 'no model'),
        estimated && h('small', null, 'tokens estimated'),
        ...readings.map(({ name: reading, count }) => h('small', null, `${reading}: ${formatCount(count)}`)),
      ),
      ...cells.map((cell, column) => h('td', { 'data-head': heads[column + 1] ?? '' }, cell)),
    );
  });
  const source = stages.some(({ usage }) => usage !== undefined)
    ? `Tokens and requests as the run reported them, including those of rejected records.${timed ? ' Requests run in parallel, so their sum may exceed the time of the run.' : ''}`
    : 'Tokens and requests from the provenance of the records, without those of rejected records.';
  const flow = counted ? ` In${more ? ' + further' : ''} = out + rejected for each stage that passes records on.` : '';
  const time = watched ? ' Active time is the time in which a stage had at least one record in progress.' : '';
  return section(
    'stages',
    'Stages',
    scrolling(
      'Stages',
      h(
        'table',
        { class: 'stages' },
        h('thead', null, h('tr', null, ...heads.map(columnHead))),
        h('tbody', null, ...rows),
      ),
    ),
    h('p', { class: 'about' }, source + flow + time),
    attemptsPart(stages),
  );
}

/** The time of all requests of a stage, and the mean. @param {StageSum['usage']} usage */
function timesOf(usage) {
  const { attempts = 0, attemptSeconds = 0 } = usage ?? {};
  return attempts === 0 ? ['–', '–'] : [formatSeconds(attemptSeconds), formatSeconds(attemptSeconds / attempts)];
}

/** @param {StageSum[]} stages */
function attemptsPart(stages) {
  const tables = stages
    .filter(({ attempts }) => attempts.some((count, place) => place > 0 && count > 0))
    .map(({ name, attempts }) => {
      const last = attempts.findLastIndex((count) => count > 0);
      const rows = attempts
        .slice(0, last + 1)
        .map((count, place) => ({ label: place === 7 ? '8 or more' : formatNoun(place + 1, 'request'), count }));
      return barTable(`Requests for each record of ${stageName(name)}`, rows);
    });
  return tables.length === 0 ? null : h('div', { class: 'pair' }, ...tables);
}

/** @param {StageSum} stage */
function tokensByKind({ usage, promptTokens, completionTokens }) {
  return { prompt: usage?.promptTokens ?? promptTokens, completion: usage?.completionTokens ?? completionTokens };
}

/** @param {StageSum} stage */
function tokensOf(stage) {
  const { prompt, completion } = tokensByKind(stage);
  return prompt + completion;
}

/** @param {ReportData} data */
export function rejectsSection({ rejects, counts }) {
  if (rejects === undefined || (rejects.top.length === 0 && counts.rejected === 0)) return null;
  if (!rejects.read) {
    return section(
      'rejects',
      'Rejects',
      h('p', { class: 'about' }, 'No rejects file was found beside the output. Pass it with --rejects.'),
    );
  }
  const rows = rejects.top.map(({ example, count }) => {
    const [stage, reason] = JSON.parse(example);
    return { label: reason, note: stageName(stage), count };
  });
  return section(
    'rejects',
    'Rejects',
    barTable('By reason; reasons that differ only in numbers are counted together', rows, {
      head: 'rejects',
      kind: 'negative',
    }),
    slackNote(rejects),
  );
}

/** @param {ReportData['charts']} charts */
export function chartsSection(charts) {
  if (charts.length === 0) return null;
  return section('distributions', 'Distributions', h('div', { class: 'charts' }, ...charts.map(histogramFigure)));
}

/** @param {ReportData} data */
export function repetitionSection({ repeated, similar, negatives, languages }) {
  const label = (/** @type {Ranking} */ { top }, /** @type {string} */ note) =>
    top.map(({ example, key, count }) => ({ label: example, note: note.replace('#', key), count }));
  return section(
    'repetition',
    'Repetition',
    h(
      'p',
      { class: 'about' },
      `${formatNoun(repeated.count, 'question')} asked before word for word, ${formatCount(similar.count)} nearly the same (an estimated 70 % of their three-word sequences, among the last 262,144 questions).`,
    ),
    h(
      'div',
      { class: 'pair' },
      repeated.top.length > 0 && barTable('Repeated questions', label(repeated, ''), { head: 'repeats' }),
      similar.top.length > 0 &&
        barTable('Near-duplicate questions', label(similar, 'as in record #'), { head: 'times' }),
      negatives.top.length > 0 &&
        barTable('Most frequent negatives', label(negatives, '#'), { head: 'times', kind: 'negative' }),
      languages.length > 0 &&
        barTable('Languages of the questions, by script', label({ top: languages, slack: 0 }, '')),
    ),
    slackNote(negatives),
  );
}

/** @param {Ranking} ranking */
function slackNote({ slack }) {
  return (
    slack > 0 &&
    h(
      'p',
      { class: 'about' },
      `There were too many to count each one; these counts may be too low by up to ${formatCount(slack)}.`,
    )
  );
}

/** @param {string} id @param {string} heading @param {...Child} children */
function section(id, heading, ...children) {
  return h(
    'section',
    { id, 'aria-labelledby': `${id}-heading` },
    h('h2', { id: `${id}-heading` }, heading),
    ...children,
  );
}

/** A scrolling frame for a table that may be wider than the screen. @param {string} name @param {HTMLElement} table */
function scrolling(name, table) {
  return h('div', { class: 'scrolling', tabindex: 0, role: 'region', 'aria-label': name }, table);
}

/** @param {number} value */
function dollars(value) {
  return `$${value.toFixed(value > 0 && value < 0.1 ? 4 : 2)}`;
}

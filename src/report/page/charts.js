import { h, s } from './dom.js';
import { formatCount, formatShare, formatValue } from './format.js';

/** @import { Chart } from '../reportData.js' */
/** @import { Bin, HistogramData } from '../distribution.js' */

const width = 340;
const plotHeight = 84;

/**
 * A histogram, or two that are mirrored about one axis. The height of a bar is its share of its own series, so that series of
 * different counts can be compared. The table below has the numbers.
 *
 * @param {Chart} chart
 */
export function histogramFigure({ title, unit, about, data }) {
  const { series, beyond } = data;
  const labels = series.map(
    ({ name, count, median, low, high }) =>
      `${formatCount(count)} ${name}: median ${formatValue(median)}, 90 % from ${formatValue(low)} to ${formatValue(high)}`,
  );
  return h(
    'figure',
    { class: 'chart' },
    h('figcaption', null, h('h3', null, title), h('p', null, about)),
    histogramSvg(data, `${title}, ${unit}. ${labels.join('. ')}.`),
    h('p', { class: 'axis-name' }, unit, beyond > 0 && `; ${formatCount(beyond)} further to the right`),
    h(
      'table',
      { class: 'quantiles' },
      h('thead', null, h('tr', null, ...['', 'count', '5 %', 'median', '95 %', 'max'].map((name) => columnHead(name)))),
      h(
        'tbody',
        null,
        ...series.map((one, place) => quantileRow(one, series.length > 1 ? kindOf(one.name, place) : '')),
      ),
    ),
  );
}

/** @param {HistogramData['series'][number]} one @param {string} kind */
function quantileRow({ name, count, low, median, high, max }, kind) {
  const numbers = [formatCount(count), ...[low, median, high, max].map(formatValue)];
  return h('tr', { class: kind }, h('th', { scope: 'row' }, name), ...numbers.map((number) => h('td', null, number)));
}

/** @param {string} name */
export function columnHead(name) {
  return name === '' ? h('td', null) : h('th', { scope: 'col' }, name);
}

/** @param {string} name @param {number} place */
function kindOf(name, place) {
  return name === 'negatives' ? 'negative' : place === 0 ? 'positive' : '';
}

/** @param {HistogramData} data @param {string} label */
function histogramSvg({ series }, label) {
  const mirrored = series.length > 1;
  const axisAt = plotHeight + 18;
  const height = mirrored ? axisAt + 16 + plotHeight + 18 : axisAt + 16;
  const bins = /** @type {Bin[]} */ (series[0]?.bins);
  const from = /** @type {Bin} */ (bins[0]).from;
  const to = /** @type {Bin} */ (bins.at(-1)).to;
  const left = (/** @type {number} */ value) => 2 + ((value - from) / (to - from)) * (width - 4);
  // A bar of a single whole number is centred on its tick.
  const isSingle = /** @type {Bin} */ (bins[0]).to - from === 1;
  const x = (/** @type {number} */ value) => left(isSingle ? value + 0.5 : value);
  return s(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label },
    ...series.map((one, place) => {
      const kind = mirrored ? kindOf(one.name, place) : one.name === 'negatives' ? 'negative' : 'positive';
      const base = place === 0 ? axisAt - 1 : axisAt + 16;
      return seriesGroup(one, { x, left, base, down: place > 0, kind, named: mirrored });
    }),
    s('line', { class: 'axis', x1: 0, x2: width, y1: axisAt - 0.5, y2: axisAt - 0.5 }),
    mirrored && s('line', { class: 'axis', x1: 0, x2: width, y1: axisAt + 15.5, y2: axisAt + 15.5 }),
    ...ticks(from, isSingle ? to - 1 : to).map((value) =>
      s('text', { class: 'tick', x: x(value), y: axisAt + 12, 'text-anchor': anchorAt(x(value)) }, formatValue(value)),
    ),
  );
}

/**
 * @param {HistogramData['series'][number]} series
 * @param {{ x: (value: number) => number, left: (value: number) => number, base: number, down: boolean, kind: string, named: boolean }} place
 */
function seriesGroup({ name, count, median, bins }, { x, left, base, down, kind, named }) {
  const most = Math.max(...bins.map((bin) => bin.count), 1);
  const bars = bins.map((bin) => {
    const size = (bin.count / most) * plotHeight;
    const tall = bin.count > 0 ? Math.max(size, 1) : 0;
    const wide = Math.max(left(bin.to) - left(bin.from) - 1, 0.8);
    const range =
      bin.to - bin.from === 1 ? formatValue(bin.from) : `${formatValue(bin.from)} to ${formatValue(bin.to)}`;
    return s(
      'rect',
      { x: left(bin.from), y: down ? base : base - tall, width: wide, height: tall },
      s('title', null, `${range}: ${formatCount(bin.count)} (${formatShare(bin.count / count)})`),
    );
  });
  const end = down ? base + plotHeight + 8 : base - plotHeight - 8;
  const inside = median <= /** @type {Bin} */ (bins.at(-1)).to;
  const at = x(median);
  return s(
    'g',
    { class: kind },
    ...bars,
    inside && s('line', { class: 'median', x1: at, x2: at, y1: base, y2: end }),
    inside &&
      s(
        'text',
        {
          class: 'label',
          x: at + (at > width / 2 ? -5 : 5),
          y: down ? end + 5 : end + 3,
          'text-anchor': at > width / 2 ? 'end' : 'start',
        },
        `${named ? `${name}, ` : ''}median ${formatValue(median)}`,
      ),
  );
}

/** @param {number} at */
const anchorAt = (at) => (at < 12 ? 'start' : at > width - 12 ? 'end' : 'middle');

/** Up to six round values. @param {number} from @param {number} to */
function ticks(from, to) {
  if (to <= from) return [from];
  const rough = (to - from) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const values = [];
  for (let value = Math.ceil(from / step) * step; value <= to + step * 1e-9; value += step) {
    values.push(Number(value.toPrecision(12)));
  }
  return values;
}

/**
 * A table with a bar beside each number.
 *
 * @param {string} caption
 * @param {{ label: string, count: number, note?: string }[]} rows
 * @param {{ head?: string, kind?: string }} [options]
 */
export function barTable(caption, rows, { head = 'records', kind = '' } = {}) {
  const most = Math.max(...rows.map(({ count }) => count), 1);
  return h(
    'table',
    { class: `bars ${kind}` },
    h('caption', null, caption),
    h('thead', null, h('tr', null, columnHead(''), h('th', { scope: 'col', colspan: 2 }, head))),
    h(
      'tbody',
      null,
      ...rows.map(({ label, count, note }) =>
        h(
          'tr',
          null,
          h('th', { scope: 'row' }, label, note !== undefined && h('small', null, note)),
          h('td', { class: 'bar' }, barSvg(count / most)),
          h('td', { class: 'number' }, formatCount(count)),
        ),
      ),
    ),
  );
}

/** A bar for the number beside it. @param {number} share 0 to 1 */
export function barSvg(share) {
  return s(
    'svg',
    { viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    s('rect', { x: 0, y: 0, width: Math.max(share * 100, share > 0 ? 1 : 0), height: 8 }),
  );
}

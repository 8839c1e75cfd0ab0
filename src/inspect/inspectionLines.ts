import { formatCount } from '../util/formatNumbers.js';
import { printableLine } from '../util/printable.js';
import type { Inspection } from './inspectRecords.js';

const SHOWN_FILES = 5;

/** Formats the facts about an input for people. `formats`: the form of each file. */
export function inspectionLines(formats: Record<string, string>, facts: Inspection): string[] {
  const files = Object.entries(formats);
  const further = files.length > SHOWN_FILES ? [`… and ${formatCount(files.length - SHOWN_FILES)} more files`] : [];
  const { texts } = facts;
  const lines = [
    ...files.slice(0, SHOWN_FILES).map(([path, format]) => `${path}: ${format}`),
    ...further,
    recordCounts(facts),
    ...facts.reasons.map(({ reason, count }) => `  ${formatCount(count)} × ${reason}`),
    '',
    ...keyTable(facts),
    ...(facts.furtherKeys > 0 ? ['  … and further keys'] : []),
    '',
    facts.textKey === undefined
      ? 'No text was found: --text-key names its key.'
      : `Texts: ${formatCount(texts.count)} under ${facts.textKey}; words: median ${round(texts.words.median)}, 9 in 10 up to ${round(texts.words.p90)}, at most ${round(texts.words.max)}; ${languagesOf(texts.languages)}`,
    `Duplicates: ${formatCount(texts.duplicates)} texts, ${formatCount(facts.repeatedIds)} ids${facts.idKey === undefined ? ' (no key holds ids)' : ` under ${facts.idKey}`}`,
    '',
    ...facts.commands.map(
      ({ command, reads, usable, flags, remarks }) =>
        `rareflow ${[command, ...flags].join(' ')}: ${formatCount(usable)} records; reads ${reads.join(', ')}${remarks.map((remark) => `; ${remark}`).join('')}`,
    ),
  ];
  return lines.map(printableLine);
}

function recordCounts({ records, badLines, notObjects }: Inspection): string {
  const others = notObjects === 0 ? '' : `, ${formatCount(notObjects)} of them not objects`;
  return `${formatCount(records)} records${others}, ${formatCount(badLines)} lines that cannot be read`;
}

function keyTable({ keys, records }: Inspection): string[] {
  const rows = keys.map(({ key, present, types, length, example }) => [
    key,
    `${Math.round((100 * present) / Math.max(1, records))} %`,
    Object.keys(types).join(', '),
    length === undefined ? '' : `${round(length.median)} / ${round(length.max)}`,
    example,
  ]);
  const all = [['key', 'present', 'types', 'length: median / max', 'example'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

const languagesOf = (languages: Record<string, number>): string =>
  Object.entries(languages)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${formatCount(count)}`)
    .join(', ');

const round = (value: number): string => formatCount(Math.round(value));

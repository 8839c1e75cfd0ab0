import { readRecords } from '../io/read/readRecords.js';
import { type DataRecord, isRecord, questionCriteria } from '../record.js';
import { type Calibration, calibration, type Labelled } from './calibration.js';

/** The verdicts of people or of a judge on a record, by criterion; a list has one entry for each item that is judged. */
export type VerdictsOf = (record: DataRecord) => Record<string, (boolean | undefined)[]>;

export interface Calibrated {
  /** By criterion. */
  criteria: Record<string, Calibration>;
  /** The number of records on which people and judge disagree. */
  disagreements: number;
}

/**
 * Compares the verdicts of a judge in a file of judged records with those of people, as far as records have them.
 * `onDisagreement` gets each record on which they disagree, with the criteria.
 */
export async function calibrateFile(
  file: string,
  verdicts: { human: VerdictsOf; judge: VerdictsOf },
  onDisagreement: (record: DataRecord, criteria: string[]) => void = () => {},
): Promise<Calibrated> {
  const rows: Record<string, Labelled[]> = {};
  const all: Record<string, { positive: number; total: number }> = {};
  let disagreements = 0;
  for await (const record of readRecords([file])) {
    const human = verdicts.human(record);
    const differing = new Set<string>();
    for (const [criterion, judged] of Object.entries(verdicts.judge(record))) {
      all[criterion] ??= { positive: 0, total: 0 };
      rows[criterion] ??= [];
      const counted = all[criterion] as { positive: number; total: number };
      for (const [index, judge] of judged.entries()) {
        if (judge === undefined) continue;
        counted.total += 1;
        if (judge) counted.positive += 1;
        const label = human[criterion]?.[index];
        if (label === undefined) continue;
        rows[criterion]?.push({ human: label, judge });
        if (label !== judge) differing.add(criterion);
      }
    }
    if (differing.size === 0) continue;
    disagreements += 1;
    onDisagreement(record, [...differing]);
  }
  const criteria = Object.entries(all).map(([name, counted]) => [name, calibration(rows[name] ?? [], counted)]);
  return { criteria: Object.fromEntries(criteria), disagreements };
}

/** Reads verdicts on a question: `{selfContained: true, …}`, or with a reason as judgeQuestions writes them. */
export function questionVerdicts(key: string): VerdictsOf {
  return (record) => {
    const verdicts = isRecord(record[key]) ? (record[key] as DataRecord) : {};
    return Object.fromEntries(questionCriteria.map((name) => [name, [truthOf(verdicts[name])]]));
  };
}

function truthOf(value: unknown): boolean | undefined {
  const verdict = isRecord(value) ? value.verdict : value;
  return typeof verdict === 'boolean' ? verdict : undefined;
}

/**
 * Reads verdicts on negatives, a list in their order: `answers`, `partly` or `no`, true or false for answers, or entries as
 * judgeNegatives writes them. There are two criteria: the document answers; it answers at least partly.
 */
export function negativeVerdicts(key: string): VerdictsOf {
  return (record) => {
    const list = Array.isArray(record[key]) ? record[key] : [];
    const names = list.map((item) => (isRecord(item) ? item.verdict : item));
    const isKnown = (name: unknown) => ['answers', 'partly', 'no', true, false].includes(name as string | boolean);
    return {
      answers: names.map((name) => (isKnown(name) ? name === 'answers' || name === true : undefined)),
      answersOrPartly: names.map((name) => (isKnown(name) ? name !== 'no' && name !== false : undefined)),
    };
  };
}

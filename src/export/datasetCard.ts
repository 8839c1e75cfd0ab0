import { type Operator, operator } from '../flow/operator.js';
import { type DataRecord, defaultKeys, isRecord } from '../record.js';
import { formatCount } from '../util/formatNumbers.js';
import type { Format, Part } from './format.js';

/** The facts of a dataset card, gathered while the rows are written. */
export class CardFacts {
  #records = 0;
  readonly #rows = new Map<string, number>();
  /** By stage: `model, prompt`, and the number of records made with them. */
  readonly #makers = new Map<string, Map<string, number>>();

  addRecord(record: DataRecord): void {
    this.#records += 1;
    const provenance = record[defaultKeys.provenance];
    for (const [stage, details] of Object.entries(isRecord(provenance) ? provenance : {})) {
      if (!isRecord(details)) continue;
      const { model, prompt, weighting, sampling } = details;
      const maker = [model, prompt, weighting, sampling].filter((word) => typeof word === 'string').join(', ');
      if (maker !== '') countMaker(this.#makers, stage, maker);
    }
  }

  addRow(file: string): void {
    this.#rows.set(file, (this.#rows.get(file) ?? 0) + 1);
  }

  /** Returns an exporter that gathers the facts of all records and rows that go through it. */
  counting(exporter: Operator<DataRecord, Part>, nameOf: (file: string) => string): Operator<DataRecord, Part> {
    const facts = this;
    async function* watched(records: AsyncIterable<DataRecord>) {
      for await (const record of records) {
        facts.addRecord(record);
        yield record;
      }
    }
    return operator<DataRecord, Part>(async function* (source, context) {
      for await (const part of exporter(watched(source), context)) {
        facts.addRow(nameOf(part.file));
        yield part;
      }
    });
  }

  /** The number of rows in each file. */
  get files(): ReadonlyMap<string, number> {
    return this.#rows;
  }

  /** Returns the README.md for a dataset hub: YAML front matter with the files of each split, then how the data were made. */
  card({
    name,
    format,
    about,
    trains,
  }: Pick<Format, 'trains'> & { about: string } & { name: string; format: string }): string {
    const splits = [...this.#rows]
      .sort()
      .map(([file, rows]) => ({ file, rows, split: file.replace(/^.*\/|\.\w+$/g, '') }));
    const total = splits.reduce((sum, { rows }) => sum + rows, 0);
    const made = [...this.#makers].map(([stage, makers]) => {
      const by = [...makers].map(([words, records]) => `${words} (${formatCount(records)} records)`);
      return `- ${stage}: ${by.join('; ')}`;
    });
    const offline = [...this.#makers.values()].some((makers) =>
      [...makers.keys()].some((words) => /^offline\b/.test(words)),
    );
    return `${[
      '---',
      `pretty_name: ${JSON.stringify(name)}`,
      'license: other # fill in: the texts keep the licence of their corpus',
      `task_categories:\n- ${trains === 'retriever' ? 'text-retrieval' : 'text-generation'}`,
      'tags:\n- synthetic\n- reasoning\n- retrieval',
      `size_categories:\n- ${sizeCategory(total)}`,
      'configs:\n- config_name: default\n  data_files:',
      ...splits.map(({ file, split }) => `  - split: ${split}\n    path: ${file}`),
      '---',
      `\n# ${name}\n`,
      `${formatCount(total)} rows in the format \`${format}\` (${about}), made from ${formatCount(this.#records)} records of a rareflow run.\n`,
      '| split | file | rows |\n|---|---|---|',
      ...splits.map(({ file, split, rows }) => `| ${split} | ${file} | ${formatCount(rows)} |`),
      ...(splits.length > 1 ? ['\nNo source document is in two splits; one may be a negative in another.'] : []),
      '\n## How it was made\n',
      ...(made.length === 0 ? ['The records do not say, as they have no provenance.'] : made),
      ...(offline
        ? [
            '\n**Parts were written by the offline model, which only exercises the pipeline: this is not training data.**',
          ]
        : []),
      '\n## To fill in\n\nWhere the corpus comes from, its licence, what the data are for and what they are not.',
    ].join('\n')}\n`;
  }
}

function countMaker(counts: Map<string, Map<string, number>>, stage: string, maker: string): void {
  const makers = counts.get(stage) ?? new Map<string, number>();
  makers.set(maker, (makers.get(maker) ?? 0) + 1);
  counts.set(stage, makers);
}

/** The size classes of dataset hubs: `n<1K`, `1K<n<10K`, … `n>1T`. */
function sizeCategory(rows: number): string {
  const steps = ['1K', '10K', '100K', '1M', '10M', '100M', '1B', '10B', '100B', '1T'];
  const index = Math.max(0, Math.floor(Math.log10(Math.max(rows, 1))) - 2);
  if (rows < 1000) return 'n<1K';
  return index >= steps.length ? 'n>1T' : `${steps[index - 1]}<n<${steps[index]}`;
}

import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { UsageError } from '../../errors.js';
import { CardFacts } from '../../export/datasetCard.js';
import { type ExportOptions, exportRecords } from '../../export/exportRecords.js';
import { type FormatName, formats, type Part } from '../../export/formats.js';
import { type Operator, operator } from '../../flow/operator.js';
import { openParquet, type RowSchema } from '../../io/write/parquet.js';
import { writeParts } from '../../io/write/writeFiles.js';
import type { DataRecord } from '../../record.js';
import type { CommandSpec } from '../command.js';
import { count, key, number, option, otherwise } from '../options/option.js';
import {
  entryKeyOptions,
  inputHelp,
  maxRejectsOption,
  progressOptions,
  readOptions,
  seedOption,
} from '../options/options.js';
import { promptTemplateOf } from '../options/promptFile.js';
import type { StreamFlags } from '../options/streamFlags.js';
import { formatCount } from '../progress/terminal.js';
import { refuseSameFile } from '../run/files.js';
import { inputPaths } from '../run/streamFiles.js';
import { runStream } from '../run/streamRun.js';

interface Flags extends StreamFlags, Omit<ExportOptions, 'rejects'> {
  output: string;
  to?: 'jsonl' | 'parquet';
  card?: boolean;
  promptFile?: string;
}

const names = [...Object.keys(formats), 'beir'];
const describe = Object.entries(formats).map(([name, { about }]) => `  ${name.padEnd(14)} ${about}`);
/** What may be written into a folder. */
const fileNames = ['train.jsonl', 'validation.jsonl', 'corpus.jsonl', 'queries.jsonl'];
const singleFile = /\.(jsonl|parquet)$/i;

export const exportCommand: CommandSpec = {
  name: 'export',
  group: 'Look at it and pass it on',
  args: { '[input...]': inputHelp },
  summary: 'Write the records of a run in the form that a trainer reads',
  options: [
    option('--format <name>', 'the form of the rows, one of those below; required')
      .choices(names)
      .makeOptionMandatory(),
    option(
      '-o, --output <path>',
      'a .jsonl or .parquet file, or a folder for splits, a card and beir; required',
    ).makeOptionMandatory(),
    otherwise('jsonl', option('--to <kind>', 'what the files in a folder are').choices(['jsonl', 'parquet'])),
    option('--validation <share>', 'the share of the source documents to set apart, 0 to 1')
      .argParser(number)
      .default(0),
    seedOption('seeds the choice of these documents'),
    option('--card', 'write a README.md for a dataset hub into the folder'),
    option(
      '--thinking <how>',
      "the teacher's thinking: keep it as it stands, wrap it and leave the answer bare, or drop it",
    )
      .choices(['keep', 'wrap', 'drop'])
      .default('keep'),
    option('--scenario', 'put the scenario before the question, as some forms do by themselves'),
    option('--no-scenario', 'leave the scenario out'),
    option('--system-prompt <text>', "what to write in place of the teacher's instructions; '' for none"),
    option('--prompt-file <file>', 'the prompt that the teacher was asked with, if it was your own'),
    count('--num-neg <n>', 'for n-tuple: negatives in a row').default(3),
    key('--answer-key <key>', 'for rare-sft: the key that holds a gold answer', 'answer'),
    key('--label-key <key>', 'for kto: the key that says whether the reasoning is good', 'label'),
    otherwise('OUTPUT.rejects.jsonl', option('--rejects <file>', 'where records go that the form cannot hold')),
    maxRejectsOption(),
    ...entryKeyOptions().filter(({ long }) => long !== '--title-key'),
    ...readOptions(),
    ...progressOptions(),
  ],
  examples: [
    'rareflow export out.jsonl --format messages -o train.jsonl',
    'rareflow export out.jsonl --format n-tuple --num-neg 3 --validation 0.05 --to parquet --card -o dataset/',
  ],
  notes: ['Forms:', ...describe, `  ${'beir'.padEnd(14)} BEIR: corpus.jsonl, queries.jsonl, qrels/`],
  async run(inputs: string[], flags: Flags) {
    const { output, to, card = false, promptFile, format, validation = 0, rejects, ...options } = flags;
    const { maxRejects, onBadLine, maxLineBytes, limit, ...rowOptions } = options;
    const isFile = singleFile.test(output);
    const needsFolder = [card && '--card', validation > 0 && '--validation', format === 'beir' && '--format beir'].find(
      Boolean,
    );
    if (isFile && needsFolder) {
      throw new UsageError(`${needsFolder} writes several files`, { hint: 'name a folder: -o dataset/' });
    }
    if (!isFile && /\.\w+$/.test(path.basename(output)) && !output.endsWith('/')) {
      throw new UsageError(`${output} is neither .jsonl nor .parquet`, { hint: 'end a folder with /' });
    }
    const parquet = isFile ? /parquet$/i.test(output) : to === 'parquet';
    if (parquet && format === 'beir') throw new UsageError('beir is JSONL and TSV, not parquet');
    if (card && format === 'beir') throw new UsageError('--card tells of one table; beir has three');
    const facts = new CardFacts();
    const nameOf = (file: string) => (parquet ? file.replace(/\.jsonl$/, '.parquet') : file);
    const paths = await inputPaths(inputs);
    const targets = isFile ? [output] : fileNames.map((file) => path.join(output, nameOf(file)));
    for (const target of targets) refuseSameFile({ inputs: paths, outputs: { '--output': target } });
    const sink = writeParts<Part>({
      pathOf: (file) => (isFile ? output : path.join(output, nameOf(file))),
      openSink: parquet ? (target) => openParquet(target, schemaOf(format as FormatName, options.numNeg)) : undefined,
    });
    const exporter = exportRecords({ ...rowOptions, format, validation, promptTemplate: promptTemplateOf(promptFile) });
    const stages = [{ name: 'export', operator: counted(exporter, facts, nameOf) }];
    const rejectsPath = rejects ?? `${output.replace(/\/+$|\.\w+$/, '')}.rejects.jsonl`;
    mkdirSync(path.dirname(rejectsPath), { recursive: true });
    const code = await runStream({
      inputs: paths,
      flags: { ...options, rejects: rejectsPath },
      stages,
      shape: { command: 'export' },
      extraWords: 'further rows',
      // Its stage makes parts of the records.
      sink: sink as unknown as Operator<DataRecord, DataRecord>,
      notes: () =>
        [...facts.files].map(
          ([file, rows]) => `  ${isFile ? output : path.join(output, file)}: ${formatCount(rows)} rows`,
        ),
    });
    if (card) {
      const { about, trains } = formats[format as FormatName];
      const name = path.basename(path.resolve(output));
      await writeFile(path.join(output, 'README.md'), facts.card({ name, format, about, trains }));
    }
    return code;
  },
};

/** Tells the card's facts of every record and row that goes through. */
function counted(exporter: Operator<DataRecord, Part>, facts: CardFacts, nameOf: (file: string) => string) {
  async function* told(records: AsyncIterable<DataRecord>) {
    for await (const record of records) {
      facts.addRecord(record);
      yield record;
    }
  }
  return operator<DataRecord, Part>(async function* (source, context) {
    for await (const part of exporter(told(source), context)) {
      facts.addRow(nameOf(part.file));
      yield part;
    }
  });
}

function schemaOf(format: FormatName, numNeg = 3): RowSchema {
  return z.toJSONSchema(formats[format].schema(numNeg)) as RowSchema;
}

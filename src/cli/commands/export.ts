import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../errors.js';
import type { Part } from '../../export/format.js';
import { type FormatName, formatReaders } from '../../export/formatNames.js';
import { exportOptions } from '../../export/options.js';
import type { Operator } from '../../flow/operator.js';
import type { RowSchema } from '../../io/write/rowSchema.js';
import type { DataRecord } from '../../record.js';
import { choice, omit, onOff, pick, text, valuesOf } from '../../util/options.js';
import { command } from '../command.js';
import { inputHelp } from '../options/input.js';
import { maxRejectsOption, progressOptions } from '../options/output.js';
import { promptFileOption, promptTemplateOf } from '../options/promptFile.js';
import { inputOptions } from '../options/stream.js';
import { formatCount } from '../progress/terminal.js';

const descriptions = Object.entries({ ...formatReaders, beir: 'BEIR: corpus.jsonl, queries.jsonl, qrels/' });
/** The files that may be written into a folder. */
const fileNames = [
  ...['train.jsonl', 'validation.jsonl', 'corpus.jsonl', 'queries.jsonl'],
  ...['train/train.jsonl', 'validation/validation.jsonl', 'dataset_info.json'],
];
const singleFile = /\.(jsonl|parquet)$/i;

const rowFlags = omit(exportOptions, 'promptTemplate', 'rejects');
const options = {
  ...pick(rowFlags, 'format'),
  output: text({
    help: 'a .jsonl or .parquet file, or a folder for splits, a card and beir',
    placeholder: '<path>',
    short: 'o',
    required: true,
  }),
  to: choice(['jsonl', 'parquet'], {
    help: 'the kind of the files in a folder',
    placeholder: '<kind>',
    default: 'jsonl',
  }),
  card: onOff({ help: 'write a README.md for a dataset hub into the folder' }),
  promptFile: promptFileOption('the text that the teacher was asked with, if it was a custom one'),
  ...rowFlags,
  rejects: text({
    help: 'the file for records that the format cannot hold',
    placeholder: '<file>',
    defaultText: 'OUTPUT.rejects.jsonl',
  }),
  maxRejects: maxRejectsOption,
  ...inputOptions,
  ...progressOptions,
};

export const exportCommand = command({
  name: 'export',
  group: 'Look at it and pass it on',
  args: { '[input...]': inputHelp },
  summary: 'Write the records of a run in the format that a trainer reads',
  options,
  examples: [
    'rareflow export out.jsonl --format messages -o train.jsonl',
    'rareflow export out.jsonl --format n-tuple --num-neg 3 --validation 0.05 --to parquet --card -o dataset/',
  ],
  notes: ['Formats:', ...descriptions.map(([name, reader]) => `  ${name.padEnd(17)} ${reader}`)],
  async run(inputs, flags) {
    const { output, to, card = false, promptFile, format, validation, rejects, ...others } = flags;
    const isFile = singleFile.test(output);
    const needsFolder = [card && '--card', validation > 0 && '--validation', format === 'beir' && '--format beir'].find(
      Boolean,
    );
    if (isFile && needsFolder) {
      throw new UsageError(`${needsFolder} writes several files`, { hint: 'name a folder: -o dataset/' });
    }
    if (!isFile && /\.\w+$/.test(path.basename(output)) && !output.endsWith('/')) {
      throw new UsageError(`${output} is neither .jsonl nor .parquet`, { hint: 'end the name of a folder with /' });
    }
    const parquet = isFile ? /parquet$/i.test(output) : to === 'parquet';
    if (parquet && format === 'beir') throw new UsageError('beir is JSONL and TSV, not parquet');
    if (card && format === 'beir') throw new UsageError('--card describes one table; beir has three');
    const [{ formats }, { rowSchemaOf }] = await Promise.all([
      import('../../export/formats.js'),
      import('../../export/format.js'),
    ]);
    const table = format === 'beir' ? undefined : formats[format];
    if (parquet && table?.readsFolders) throw new UsageError(`the trainer of ${format} reads JSON Lines, not parquet`);
    const [
      { CardFacts },
      { exportRecords },
      { openParquet },
      { writeFiles },
      { refuseSameFile },
      { inputPaths },
      { runStream },
    ] = await Promise.all([
      import('../../export/datasetCard.js'),
      import('../../export/exportRecords.js'),
      import('../../io/write/parquet.js'),
      import('../../io/write/writeFiles.js'),
      import('../run/files.js'),
      import('../run/streamFiles.js'),
      import('../run/streamRun.js'),
    ]);
    const facts = new CardFacts();
    const nameOf = (file: string) => (parquet ? file.replace(/\.jsonl$/, '.parquet') : file);
    const paths = await inputPaths(inputs);
    const targets = isFile ? [output] : fileNames.map((file) => path.join(output, nameOf(file)));
    for (const target of targets) refuseSameFile({ inputs: paths, outputs: { '--output': target } });
    const sink = writeFiles<Part>({
      pathOf: (file) => (isFile ? output : path.join(output, nameOf(file))),
      openSink:
        parquet && table
          ? async (target, row) => openParquet(target, rowSchemaOf(table, flags, row) as RowSchema)
          : undefined,
    });
    const exporter = exportRecords({
      ...valuesOf(rowFlags, flags),
      format,
      promptTemplate: promptTemplateOf(promptFile),
    });
    const stages = [{ name: 'export', operator: facts.counting(exporter, nameOf), isFilter: true }];
    const rejectsPath = rejects ?? `${output.replace(/\/+$|\.\w+$/, '')}.rejects.jsonl`;
    mkdirSync(path.dirname(rejectsPath), { recursive: true });
    const code = await runStream({
      inputs: paths,
      flags: { ...others, rejects: rejectsPath },
      stages,
      shape: { command: 'export', options },
      extraLabel: 'further rows',
      // Its stage makes parts of the records.
      sink: sink as unknown as Operator<DataRecord, DataRecord>,
      notes: () =>
        [...facts.files].map(
          ([file, rows]) => `  ${isFile ? output : path.join(output, file)}: ${formatCount(rows)} rows`,
        ),
    });
    if (table?.llamaFactory && facts.files.size > 0) {
      const { writeDatasetInfo } = await import('../../export/datasetInfo.js');
      if (isFile) await writeDatasetInfo(path.dirname(output), [path.basename(output)], table);
      else await writeDatasetInfo(output, facts.files.keys(), table, `${path.basename(path.resolve(output))}-`);
    }
    if (card && table) {
      const { trains } = table;
      const about = formatReaders[format as FormatName];
      const name = path.basename(path.resolve(output));
      await writeFile(path.join(output, 'README.md'), facts.card({ name, format, about, trains }));
    }
    return code;
  },
});

import { limitOption } from '../../flow/options.js';
import { readOptions } from '../../io/read/options.js';
import { onOff, pick, text } from '../../util/options.js';
import { command } from '../command.js';
import { inputHelp } from '../options/input.js';

export const inspectCommand = command({
  name: 'inspect',
  group: 'Look at it and pass it on',
  args: { '[input...]': inputHelp },
  summary: 'Show the form of an input, its keys, texts and duplicates, and the flags that each command needs',
  options: {
    textKey: text({ help: 'the key of the text, or the path to it', placeholder: '<key>', defaultText: 'found' }),
    idKey: text({ help: 'the key of the id, or the path to it', placeholder: '<key>', defaultText: 'found' }),
    json: onOff({ help: 'print the facts as JSON' }),
    limit: limitOption,
    ...pick(readOptions, 'inputFormat', 'maxLineBytes'),
  },
  examples: ['rareflow inspect corpus.jsonl', 'rareflow inspect --limit 1000 --json < corpus.jsonl'],
  notes: ['It reads the input once, in constant memory.', 'Counts of duplicates are exact up to a million records.'],
  async run(inputs, { textKey, idKey, json = false, limit, inputFormat, maxLineBytes }) {
    const [
      { readRecords },
      { takeUntil },
      { RecordInspector },
      { inputPaths },
      { abortOnInterrupt },
      { inspectionLines },
      { printJson, sayNotice },
    ] = await Promise.all([
      import('../../io/read/readRecords.js'),
      import('../../flow/takeUntil.js'),
      import('../../inspect/inspectRecords.js'),
      import('../run/streamFiles.js'),
      import('../run/interrupt.js'),
      import('../../inspect/inspectionLines.js'),
      import('../progress/terminal.js'),
    ]);
    const paths = await inputPaths(inputs);
    using interrupt = abortOnInterrupt();
    const inspector = new RecordInspector({ textKey, idKey });
    const formats: Record<string, string> = {};
    const records = readRecords(paths, {
      ...{ inputFormat, maxLineBytes, signal: interrupt.signal, onNotice: sayNotice },
      rejects: (reject) => inspector.reject(reject),
      onFormat: (path, format) => {
        formats[path] = format;
      },
    });
    for await (const record of takeUntil<object>({ limit })(records)) inspector.add(record);
    const { inspection } = inspector;
    if (json) printJson({ formats, ...inspection });
    else process.stdout.write(`${inspectionLines(formats, inspection).join('\n')}\n`);
    return 0;
  },
});

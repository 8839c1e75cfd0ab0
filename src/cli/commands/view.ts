import path from 'node:path';
import { UsageError } from '../../errors.js';
import { RecordFile } from '../../io/read/growingFile.js';
import type { EntryKeys } from '../../report/entry.js';
import { startView } from '../../report/viewServer.js';
import type { CommandSpec } from '../command.js';
import { option, wholeNumber } from '../options/option.js';
import { entryKeyOptions } from '../options/options.js';
import { say } from '../progress/terminal.js';
import { abortOnInterrupt } from '../run/interrupt.js';

interface Flags extends EntryKeys {
  port: number;
}

export const viewCommand: CommandSpec = {
  name: 'view',
  group: 'Look at it and pass it on',
  args: { '<input>': 'a JSONL file of records or of rejects; of a run under way its INPUT.partial is read' },
  summary: 'Browse the records of a file of any size, also while a run writes it',
  options: [
    option('--port <n>', 'the port on 127.0.0.1; 0 takes one that is free').argParser(wholeNumber(0)).default(0),
    ...entryKeyOptions(),
  ],
  examples: ['rareflow view out.jsonl', 'rareflow view out.rejects.jsonl --port 8000'],
  async run([input = '']: string[], { port, ...keys }: Flags) {
    if (/\.(gz|zst|parquet|json)$/i.test(input) || input === '-') {
      throw new UsageError(`${input === '-' ? 'stdin' : input} cannot be read here and there`, {
        hint: 'unpack it to a .jsonl file, or make a report of it',
      });
    }
    const file = new RecordFile(input.replace(/\.partial$/, ''));
    using interrupt = abortOnInterrupt();
    const server = await startView(file, { ...keys, port, title: path.basename(input) });
    process.stdout.write(`${server.url}\n`);
    say('rareflow: open it in a browser; Ctrl-C ends it');
    await new Promise<void>((resolve) => interrupt.signal.addEventListener('abort', () => resolve()));
    await server.close();
    await file.close();
    return 0;
  },
};

import { existsSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../errors.js';
import { viewOptions } from '../../report/options.js';
import { omit } from '../../util/options.js';
import { command } from '../command.js';
import { say } from '../progress/terminal.js';

export const viewCommand = command({
  name: 'view',
  group: 'Look at it and pass it on',
  args: {
    '<input>': 'a JSONL file of records or of rejects, or a folder of shards; INPUT.partial is read during a run',
  },
  summary: 'Browse the records of a file of any size, also while a run writes it',
  options: omit(viewOptions, 'title'),
  examples: ['rareflow view out.jsonl', 'rareflow view out.rejects.jsonl --port 8000'],
  async run([input = ''], { port, ...keys }) {
    if (/\.(gz|zst|parquet|json|csv|tsv)$/i.test(input) || input === '-') {
      const { filesBeside } = await import('../../io/write/filesBeside.js');
      const { records } = filesBeside(input);
      const ofRun = existsSync(records) || existsSync(`${records}.partial`);
      throw new UsageError(
        `cannot browse ${input === '-' ? 'stdin' : input}: only a .jsonl file can be read at any point`,
        {
          hint: ofRun
            ? `browse the records of its run: rareflow view ${records}`
            : 'unpack it to a .jsonl file, or make a report of it',
        },
      );
    }
    const [{ GrowingFile }, { isShardFolder }, { ShardedView }, { startView }, { abortOnInterrupt }] =
      await Promise.all([
        import('../../io/read/growingFile.js'),
        import('../../shards/shardStatus.js'),
        import('../../shards/shardedView.js'),
        import('../../report/viewServer.js'),
        import('../run/interrupt.js'),
      ]);
    const file = isShardFolder(input)
      ? await ShardedView.open(input)
      : new GrowingFile(input.replace(/\.partial$/, ''));
    using interrupt = abortOnInterrupt();
    const server = await startView(file, { ...keys, port, title: path.basename(input) });
    process.stdout.write(`${server.url}\n`);
    say('rareflow: open it in a browser; Ctrl-C stops the server');
    await new Promise<void>((resolve) => interrupt.signal.addEventListener('abort', () => resolve()));
    await server.close();
    await file.close();
    return 0;
  },
});

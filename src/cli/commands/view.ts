import { existsSync, readdirSync, statSync } from 'node:fs';
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
    '<input...>':
      'JSONL files of records or of rejects, folders of such files or of shards, or quoted patterns; INPUT.partial is read during a run',
  },
  summary: 'Browse the records of a file of any size, also while a run writes it',
  options: omit(viewOptions, 'title'),
  examples: ['rareflow view out.jsonl', 'rareflow view out.jsonl out.rejects.jsonl --port 8000'],
  async run(inputs, { port, ...keys }) {
    const [{ GrowingFile }, { isShardFolder }, { ShardedView }, { startView }, { abortOnInterrupt }] =
      await Promise.all([
        import('../../io/read/growingFile.js'),
        import('../../shards/shardStatus.js'),
        import('../../shards/shardedView.js'),
        import('../../report/viewServer.js'),
        import('../run/interrupt.js'),
      ]);
    const files = await Promise.all(
      (await viewedPaths(inputs, isShardFolder)).map(async (title) => ({
        file: isShardFolder(title) ? await ShardedView.open(title) : new GrowingFile(title),
        title,
      })),
    );
    const [first] = files as [(typeof files)[number]];
    const title = files.length === 1 ? path.basename(first.title) : first.title;
    using interrupt = abortOnInterrupt();
    const server = await startView(files.length === 1 ? [{ ...first, title }] : files, { ...keys, port, title });
    process.stdout.write(`${server.url}\n`);
    say('rareflow: open it in a browser; Ctrl-C stops the server');
    await new Promise<void>((resolve) => interrupt.signal.addEventListener('abort', () => resolve()));
    await server.close();
    await Promise.all(files.map(({ file }) => file.close()));
    return 0;
  },
});

/** Returns what to show: a folder of shards as one, of another folder its .jsonl files, of a pattern what it matches. */
async function viewedPaths(inputs: string[], isShardFolder: (folder: string) => boolean): Promise<string[]> {
  const { inputFiles } = await import('../../io/read/inputFiles.js');
  const found: string[] = [];
  for (const input of inputs) {
    if (!statSync(input, { throwIfNoEntry: false })?.isDirectory()) found.push(...(await inputFiles([input])));
    else if (isShardFolder(input)) found.push(input);
    else {
      const names = readdirSync(input).filter((name) => /\.(jsonl|ndjson)(\.partial)?$/.test(name));
      if (names.length === 0) throw new UsageError(`${input} holds no .jsonl file to browse`);
      found.push(...names.sort().map((name) => path.join(input, name)));
    }
  }
  const refused = found.find((file) => /\.(gz|zst|parquet|json|csv|tsv)$/i.test(file) || file === '-');
  if (refused !== undefined) throw await cannotBrowse(refused);
  return [...new Set(found.map((file) => file.replace(/\.partial$/, '')))];
}

async function cannotBrowse(file: string): Promise<UsageError> {
  const { filesBeside } = await import('../../io/write/filesBeside.js');
  const { records } = filesBeside(file);
  const ofRun = existsSync(records) || existsSync(`${records}.partial`);
  return new UsageError(`cannot browse ${file === '-' ? 'stdin' : file}: only a .jsonl file can be read at any point`, {
    hint: ofRun
      ? `browse the records of its run: rareflow view ${records}`
      : 'unpack it to a .jsonl file, or make a report of it',
  });
}

import { UsageError } from '../../errors.js';
import { text } from '../../util/options.js';
import { command } from '../command.js';
import { indexFlags } from '../options/indexFlags.js';
import { inputHelp } from '../options/input.js';
import { maxRejectsOption, statsOption } from '../options/output.js';
import { inputOptions } from '../options/stream.js';
import { formatCount, formatSeconds, say, sayStats } from '../progress/terminal.js';

export const indexCommand = command({
  name: 'index',
  group: 'Search',
  args: { '[input...]': inputHelp },
  summary: 'Build the BM25 index of a corpus',
  options: {
    output: text({ help: 'the folder to write the index to', placeholder: '<path>', short: 'o' }),
    verify: text({
      help: 'build nothing: read the whole index at this path and check every checksum',
      placeholder: '<path>',
    }),
    rejects: text({
      help: 'the file for records that cannot be indexed',
      placeholder: '<file>',
      defaultText: 'a line each on stderr',
    }),
    maxRejects: maxRejectsOption,
    stats: statsOption,
    ...indexFlags,
    ...inputOptions,
  },
  examples: [
    'rareflow index corpus.jsonl -o corpus.bm25',
    'zcat dump.jsonl.gz | rareflow index -o dump.bm25 --threads 2',
    'rareflow index --verify corpus.bm25',
  ],
  async run(inputs, { output, verify, stats, rejects: rejectsPath, maxRejects, ...flags }) {
    if ((output === undefined) === (verify === undefined)) {
      throw new UsageError('index takes -o PATH to build an index, or --verify PATH to check one');
    }
    if (output === undefined) return verifyAt(verify as string, inputs);
    const [{ buildIndexWithProgress }, { refuseSameFile }, { openRejects }, { rejectsExitCode }, { inputPaths }] =
      await Promise.all([
        import('../run/indexProgress.js'),
        import('../run/files.js'),
        import('../run/openRejects.js'),
        import('../run/runEnd.js'),
        import('../run/streamFiles.js'),
      ]);
    const paths = await inputPaths(inputs, { documentsOnly: true });
    refuseSameFile({ inputs: paths, outputs: { '--output': output, '--rejects': rejectsPath } });
    const rejects = openRejects(rejectsPath);
    try {
      const built = await buildIndexWithProgress(paths, output, flags, rejects.rejects);
      const read = formatCount(built.docs + rejects.count);
      const parts = `${formatCount(built.docs)} documents + ${formatCount(rejects.count)} rejects`;
      say(`rareflow: done in ${formatSeconds(built.seconds)}: ${read} in = ${parts}; ${output}`);
      if (stats) sayStats({ ...built });
      return rejectsExitCode({ rejected: rejects.count }, maxRejects);
    } finally {
      rejects.close();
    }
  },
});

async function verifyAt(path: string, inputs: string[]): Promise<number> {
  if (inputs.length > 0) throw new UsageError('--verify takes no input: its value is the index');
  const { verifyIndex } = await import('../../search/format/verifyIndex.js');
  const { docs, chunks, bytes } = await verifyIndex(path);
  say(
    `rareflow: ${path} is intact: ${formatCount(docs)} documents, ${formatCount(bytes)} bytes in ${formatCount(chunks)} chunks`,
  );
  return 0;
}

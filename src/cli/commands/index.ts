import { UsageError } from '../../errors.js';
import type { CommandSpec } from '../command.js';
import { count, option, otherwise } from '../options/option.js';
import {
  groupKeyOption,
  indexOptions,
  inputHelp,
  maxRejectsOption,
  readOptions,
  statsOption,
} from '../options/options.js';
import { formatCount, formatSeconds, say, sayStats } from '../progress/terminal.js';
import { buildCorpusIndex, type CorpusFlags } from '../run/corpusIndex.js';
import { refuseSameFile } from '../run/files.js';
import { openRejects } from '../run/rejects.js';
import { rejectsExitCode } from '../run/runEnd.js';
import { inputPaths } from '../run/streamFiles.js';

interface Flags extends CorpusFlags {
  output?: string;
  verify?: string;
  stats?: boolean;
  rejects?: string;
  maxRejects?: number;
  limit?: number;
}

export const indexCommand: CommandSpec = {
  name: 'index',
  group: 'Search',
  args: { '[input...]': inputHelp },
  summary: 'Build the BM25 index of a corpus',
  options: [
    option('-o, --output <path>', 'the folder to write the index to'),
    option('--verify <path>', 'build nothing: read the whole index at this path and check every checksum'),
    groupKeyOption('keep what documents hold under this key, for bm25-hard-neg --group-key'),
    count('--threads <n>', 'threads that analyze texts').default(1),
    otherwise('a line each on stderr', option('--rejects <file>', 'where records that cannot be indexed go')),
    maxRejectsOption(),
    statsOption(),
    ...indexOptions(),
    ...readOptions(),
  ],
  examples: [
    'rareflow index corpus.jsonl -o corpus.bm25',
    'zcat dump.jsonl.gz | rareflow index -o dump.bm25 --threads 2',
    'rareflow index --verify corpus.bm25',
  ],
  async run(inputs: string[], { output, verify, stats, rejects: rejectsPath, maxRejects, ...flags }: Flags) {
    if ((output === undefined) === (verify === undefined)) {
      throw new UsageError('index takes -o PATH to build an index, or --verify PATH to check one');
    }
    if (output === undefined) return verifyAt(verify as string, inputs);
    const paths = await inputPaths(inputs);
    refuseSameFile({ inputs: paths, outputs: { '--output': output, '--rejects': rejectsPath } });
    const rejects = openRejects(rejectsPath);
    try {
      const built = await buildCorpusIndex(paths, output, flags, rejects.rejects);
      const read = formatCount(built.docs + rejects.count);
      const parts = `${formatCount(built.docs)} documents + ${formatCount(rejects.count)} rejects`;
      say(`rareflow: done in ${formatSeconds(built.seconds)}: ${read} in = ${parts}; ${output}`);
      if (stats) sayStats({ ...built });
      return rejectsExitCode(rejects.count, maxRejects);
    } finally {
      rejects.close();
    }
  },
};

async function verifyAt(path: string, inputs: string[]): Promise<number> {
  if (inputs.length > 0) throw new UsageError('--verify takes no input: it names the index');
  const { verifyIndex } = await import('../../search/format/verifyIndex.js');
  const { docs, chunks, bytes } = await verifyIndex(path);
  say(
    `rareflow: ${path} is whole: ${formatCount(docs)} documents, ${formatCount(bytes)} bytes in ${formatCount(chunks)} chunks`,
  );
  return 0;
}

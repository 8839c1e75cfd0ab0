import { ExitCode, UsageError } from '../../errors.js';
import { drain } from '../../flow/drain.js';
import { operator } from '../../flow/operator.js';
import { inPlaceOf } from '../../flow/ordinal.js';
import { writeJsonl } from '../../io/write/writeJsonl.js';
import { recordOperator, textProblem } from '../../operators/recordOperator.js';
import type { DataRecord } from '../../record.js';
import type { Bm25Index } from '../../search/bm25Index.js';
import type { Weighting } from '../../search/searcher.js';
import type { CommandSpec } from '../command.js';
import { count, key, option } from '../options/option.js';
import { readOptions, searchThreadsOption, statsOption, weightingOption, writeOptions } from '../options/options.js';
import type { StreamFlags } from '../options/streamFlags.js';
import { sayStats } from '../progress/terminal.js';
import { indexIdentity } from '../run/runSettings.js';
import { runStream } from '../run/streamRun.js';

interface Flags extends StreamFlags {
  index: string;
  queries?: string;
  k: number;
  threads: number;
  weighting: Weighting;
  explain?: boolean;
  stats?: boolean;
  textKey: string;
  idKey: string;
}

export const searchCommand: CommandSpec = {
  name: 'search',
  group: 'Search',
  args: { '[query]': 'words to search for' },
  summary: 'Search an index, for one query or for a file of them',
  options: [
    option('--index <path>', 'an index made by rareflow index; required').makeOptionMandatory(),
    option('--queries <file>', 'search for every record of this file, and write {"id", "hits"} for each in its order'),
    count('-k <n>', 'at most this many hits for a query').default(10),
    weightingOption(),
    searchThreadsOption(),
    option('--explain', 'add how each term adds to the score'),
    statsOption(),
    key('--text-key <key>', 'the key that holds the query', 'text'),
    key('--id-key <key>', "the key that holds the query's id", 'id'),
    ...writeOptions(),
    ...readOptions(),
  ],
  examples: [
    'rareflow search --index corpus.bm25 "why do tides come twice a day"',
    'rareflow search --index corpus.bm25 "spring tides" -k 1 --explain',
    'rareflow search --index corpus.bm25 --queries queries.jsonl -k 100 > hits.jsonl',
  ],
  async run([query]: string[], flags: Flags) {
    if ((query === undefined) === (flags.queries === undefined)) {
      throw new UsageError('search takes a query, or --queries with a file of them');
    }
    if (query !== undefined && (flags.output ?? flags.rejects ?? flags.limit) !== undefined) {
      throw new UsageError('--output, --rejects and --limit go with --queries', { hint: 'one query writes to stdout' });
    }
    const { openIndex } = await import('../../search/bm25Index.js');
    const index = await openIndex(flags.index, { threads: query === undefined ? flags.threads : 0 });
    try {
      return query === undefined ? await searchAll(index, flags) : await searchOne(index, query, flags);
    } finally {
      await index.close();
    }
  },
};

/** Prints one line a hit, with its text. */
async function searchOne(index: Bm25Index, query: string, flags: Flags): Promise<number> {
  const { k, weighting, explain } = flags;
  const startedMs = performance.now();
  async function* hits() {
    for (const { docId, ...hit } of await index.search(query, { k, weighting })) {
      const terms = explain ? { terms: index.explain(query, docId, { weighting }).terms } : {};
      yield { ...hit, text: index.text(docId), ...terms };
    }
  }
  await drain(writeJsonl('-')(hits()));
  sayStatsOf(1, startedMs, flags);
  return ExitCode.done;
}

function sayStatsOf(queries: number, startedMs: number, { stats }: Flags): void {
  const seconds = (performance.now() - startedMs) / 1000;
  if (stats) sayStats({ queries, seconds, queriesPerSecond: queries / seconds });
}

async function searchAll(index: Bm25Index, flags: Flags): Promise<number> {
  const { k, weighting, explain, textKey, idKey } = flags;
  const hits = recordOperator(
    { stage: 'search', inputs: [{ key: textKey, option: 'textKey', problem: textProblem }], outputs: [] },
    { provenance: false },
    async (record) => {
      const query = record[textKey] as string;
      const found = await index.search(query, { k, weighting });
      return [
        {
          fields: {
            hits: found.map(({ docId, ...hit }) =>
              explain ? { ...hit, terms: index.explain(query, docId, { weighting }).terms } : hit,
            ),
          },
          provenance: {},
        },
      ];
    },
  );
  const search = operator<DataRecord, DataRecord>(async function* (source, context) {
    for await (const record of hits(source, context)) {
      yield inPlaceOf(record, { id: record[idKey] ?? null, hits: record.hits });
    }
  });
  const startedMs = performance.now();
  let queries = 0;
  const exitCode = await runStream({
    inputs: [flags.queries as string],
    flags,
    stages: [{ name: 'search', operator: search }],
    shape: { command: 'search', index: indexIdentity(index) },
    onDone: (run) => {
      queries = run.out;
    },
  });
  sayStatsOf(queries, startedMs, flags);
  return exitCode;
}

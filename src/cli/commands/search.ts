import { ExitCode, UsageError } from '../../errors.js';
import type { Operator } from '../../flow/operator.js';
import type { DataRecord } from '../../record.js';
import type { Bm25Index } from '../../search/bm25Index.js';
import { searchOptions } from '../../search/options.js';
import type { Hit } from '../../search/searcher.js';
import { valueAt } from '../../util/keyPath.js';
import { key, onOff, type Resolved, text } from '../../util/options.js';
import { command } from '../command.js';
import { indexPathOption } from '../options/negatives.js';
import { outputOptions, statsOption } from '../options/output.js';
import { inputOptions } from '../options/stream.js';
import { sayStats } from '../progress/terminal.js';

const options = {
  index: indexPathOption,
  queries: text({
    help: 'search for every record of this file, and write {"id", "hits"} for each, in order',
    placeholder: '<file>',
    shapesRecords: false,
  }),
  ...searchOptions,
  explain: onOff({ help: 'add the contribution of each term to the score' }),
  trec: onOff({
    help: 'write a TREC run instead: query id, Q0, document id, rank, score and tag on a line for each hit',
  }),
  stats: statsOption,
  textKey: key('text', { help: 'the key that holds the query' }),
  idKey: key('id', { help: "the key that holds the query's id" }),
  ...outputOptions,
  ...inputOptions,
};

type Flags = Resolved<typeof options>;

export const searchCommand = command({
  name: 'search',
  group: 'Search',
  args: { '[query]': 'words to search for' },
  summary: 'Search an index, for one query or for a file of them',
  options,
  examples: [
    'rareflow search --index corpus.bm25 "why do tides come twice a day"',
    'rareflow search --index corpus.bm25 "spring tides" -k 1 --explain',
    'rareflow search --index corpus.bm25 --queries queries.jsonl -k 100 > hits.jsonl',
    'rareflow search --index corpus.bm25 --queries queries.jsonl -k 100 --trec -o run.trec',
  ],
  async run([query], flags) {
    if ((query === undefined) === (flags.queries === undefined)) {
      throw new UsageError('search takes a query, or --queries with a file of them');
    }
    if (query !== undefined && (flags.output ?? flags.rejects ?? flags.limit) !== undefined) {
      throw new UsageError('--output, --rejects and --limit need --queries', {
        hint: 'the hits of one query are written to stdout',
      });
    }
    if (flags.trec && (query !== undefined || flags.explain)) {
      throw new UsageError(`--trec ${query === undefined ? 'has no place for --explain' : 'needs --queries'}`);
    }
    const { openIndex } = await import('../../search/bm25Index.js');
    const index = await openIndex(flags.index, { threads: query === undefined ? flags.threads : 0 });
    try {
      return query === undefined ? await searchAll(index, flags) : await searchOne(index, query, flags);
    } finally {
      await index.close();
    }
  },
});

/** Prints one line per hit, with its text. */
async function searchOne(index: Bm25Index, query: string, flags: Flags): Promise<number> {
  const { k, weighting, explain } = flags;
  const [{ drain }, { writeJsonl }] = await Promise.all([
    import('../../flow/drain.js'),
    import('../../io/write/writeJsonl.js'),
  ]);
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
  const { k, weighting, explain, textKey, idKey, trec, output = '-' } = flags;
  const [{ recordOperator }, { textInput }, { operator }, { inPlaceOf }, { indexIdentity }, { runStream }] =
    await Promise.all([
      import('../../operators/recordOperator.js'),
      import('../../operators/inputKeys.js'),
      import('../../flow/operator.js'),
      import('../../flow/ordinal.js'),
      import('../../chain/indexIdentity.js'),
      import('../run/streamRun.js'),
    ]);
  const hits = recordOperator(
    { stage: 'search', inputs: [textInput(textKey, 'textKey'), ...(trec ? [idInput(idKey)] : [])], outputs: [] },
    { provenance: false },
    async (record) => {
      const query = valueAt(record, textKey) as string;
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
      yield inPlaceOf(record, { id: valueAt(record, idKey) ?? null, hits: record.hits });
    }
  });
  const startedMs = performance.now();
  let queries = 0;
  const exitCode = await runStream({
    inputs: [flags.queries as string],
    flags,
    stages: [{ name: 'search', operator: search }],
    ...(trec && { sink: await trecSink(output) }),
    shape: { command: 'search', options, facts: { index: indexIdentity(index) } },
    onDone: (run) => {
      queries = run.out;
    },
  });
  sayStatsOf(queries, startedMs, flags);
  return exitCode;
}

/** The key of a query's id, which a TREC run needs. */
const idInput = (key: string) => ({
  key,
  option: 'idKey',
  problem: (id: unknown) =>
    typeof id === 'string' || typeof id === 'number' ? undefined : 'is not a string or a number',
});

/** Writes the hits of each query as the lines of a TREC run. */
async function trecSink(target: string): Promise<Operator<DataRecord, DataRecord>> {
  const [{ writeLines }, { trecId }] = await Promise.all([
    import('../../io/write/writeJsonl.js'),
    import('../../export/documentIds.js'),
  ]);
  const linesOf = (record: object) => {
    const { id, hits } = record as { id: unknown; hits: Hit[] };
    return hits.map((hit) => `${trecId(String(id))} Q0 ${trecId(hit.id)} ${hit.rank} ${hit.score} rareflow\n`).join('');
  };
  return writeLines(target, linesOf) as unknown as Operator<DataRecord, DataRecord>;
}

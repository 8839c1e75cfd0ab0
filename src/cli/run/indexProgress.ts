import { buildCorpusIndex, type CorpusBuildOptions, corpusIndex } from '../../chain/corpusIndex.js';
import type { Rejects } from '../../flow/rejects.js';
import type { Bm25Index } from '../../search/bm25Index.js';
import type { BuildStats } from '../../search/indexing/buildIndex.js';
import type { Resolved } from '../../util/options.js';
import type { indexFlags } from '../options/indexFlags.js';
import type { inputOptions } from '../options/stream.js';
import { messageView, openProgressDisplay } from '../progress/progressDisplay.js';
import { formatCompact, formatCount, formatSeconds, say, sayNotice } from '../progress/terminal.js';
import { abortOnInterrupt } from './interrupt.js';

type Flags = Resolved<typeof indexFlags & typeof inputOptions>;
/** The flags of a command that builds an index. */
export type CorpusFlags = Omit<Flags, 'threads' | 'limit'> & Partial<Pick<Flags, 'threads' | 'limit'>>;

/** Builds the index of files or stdin and shows its progress. An interrupt ends it and leaves the index that was there. */
export async function buildIndexWithProgress(
  paths: string[],
  target: string,
  flags: CorpusFlags,
  rejects: Rejects,
): Promise<BuildStats> {
  const stats = await withProgress((options) =>
    buildCorpusIndex(paths, target, { ...corpusOptions(flags), ...options, rejects }),
  );
  sayRepeatedIds(stats);
  return stats;
}

/** Opens the index at `target`, and shows the progress if it has to be built; `isOurs`: the user did not name it. */
export async function openIndexWithProgress(
  paths: string[],
  target: string,
  { isOurs, ...flags }: CorpusFlags & { isOurs: boolean },
): Promise<Bm25Index> {
  const { limit, threads, ...options } = corpusOptions(flags);
  let skipped = 0;
  let stats: BuildStats | undefined;
  const index = await withProgress((progress) =>
    corpusIndex(paths, target, {
      ...{ ...options, ...progress, replaceOther: isOurs },
      rejects: () => {
        skipped += 1;
      },
      onBuilt: (built) => {
        stats = built;
      },
    }),
  );
  if (stats === undefined) {
    say(`rareflow: using the index ${target} (${formatCount(index.docCount)} documents)`);
    return index;
  }
  const without = skipped === 0 ? '' : `, without ${formatCount(skipped)} bad records`;
  say(`rareflow: indexed ${formatCount(stats.docs)} documents in ${formatSeconds(stats.seconds)}${without}: ${target}`);
  sayRepeatedIds(stats);
  return index;
}

/** Reports documents that share an id: a search for the id finds all of them. */
function sayRepeatedIds({ repeatedIds: { documents, first } }: BuildStats): void {
  if (first === undefined) return;
  const [one, two] = first.documents.map((document) => formatCount(document + 1));
  const id = JSON.stringify(first.id);
  say(
    `rareflow: ${documents === 1 ? '1 document has' : `${formatCount(documents)} documents have`} the id of an earlier one, first ${id}: documents ${one} and ${two} of the index; they count as one document when positives are looked up`,
  );
}

function corpusOptions(flags: CorpusFlags): CorpusBuildOptions {
  const { textKey, titleKey, idKey, analyzer, store, groupKey, inputFormat, onBadLine, maxLineBytes, threads, limit } =
    flags;
  return {
    ...{ textKey, titleKey, idKey, analyzer, store, groupKey, inputFormat, onBadLine, maxLineBytes, threads, limit },
    onNotice: sayNotice,
  };
}

async function withProgress<T>(
  build: (options: Pick<CorpusBuildOptions, 'signal' | 'onAnalyzer' | 'onProgress'>) => Promise<T>,
): Promise<T> {
  const display = await openProgressDisplay();
  let shownMs = performance.now();
  using interrupt = abortOnInterrupt();
  try {
    return await build({
      signal: interrupt.signal,
      onAnalyzer: (name) => say(`rareflow: analyzer ${name}, by a sample of the corpus (--analyzer names another)`),
      onProgress: ({ docs, seconds }) => {
        if (performance.now() - shownMs < display.intervalMs) return;
        shownMs = performance.now();
        display.show(messageView(`indexing: ${formatCount(docs)} documents, ${formatCompact(docs / seconds)}/s`));
      },
    });
  } finally {
    display.end();
  }
}

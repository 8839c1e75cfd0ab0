import { bm25HardNegOptions } from '../../operators/bm25HardNeg/options.js';
import { omit, text } from '../../util/options.js';

/** The options of bm25HardNeg as flags. */
export const negativesFlags = omit(bm25HardNegOptions, 'index', 'rejects', 'onShortfall', 'onKept', 'sharedPositives');

/** An index that a command only searches. */
export const indexPathOption = text({
  help: 'the index of the corpus, made by rareflow index',
  placeholder: '<path>',
  required: true,
  shapesRecords: false,
});

/** Returns the notice for a profile and the analyzer of an index: both reference tools analyze texts as English. */
export function profileNotice(profile: string | undefined, analyzer: string): string | undefined {
  if (profile === undefined || analyzer === 'english') return undefined;
  return `--profile ${profile} will choose other negatives than that tool, which analyzes texts as English: the analyzer of the index is ${analyzer}; build it with --analyzer english`;
}

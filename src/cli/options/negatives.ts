import { bm25HardNegOptions } from '../../operators/bm25HardNeg/options.js';
import { omit, text } from '../../util/options.js';

/** The options of bm25HardNeg as flags. */
export const negativesFlags = omit(
  bm25HardNegOptions,
  ...(['index', 'rejects', 'onShortfall', 'onNotice', 'onKept', 'sharedPositives'] as const),
);

/** An index that a command only searches. */
export const indexPathOption = text({
  help: 'the index of the corpus, made by rareflow index',
  placeholder: '<path>',
  required: true,
  shapesRecords: false,
});

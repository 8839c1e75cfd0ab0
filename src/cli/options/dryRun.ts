import { UsageError } from '../../errors.js';
import { onOff, type Resolved, text, value } from '../../util/options.js';

/** A dry run: what a command would ask for, and at what cost. */
export const dryRunOptions = {
  dryRun: onOff({
    help: 'ask and write nothing: print the expected calls and tokens, with --prices also the cost',
    group: 'Dry run',
    shapesRecords: false,
  }),
  json: onOff({ help: 'print it as JSON on stdout', group: 'Dry run', shapesRecords: false }),
  assumeCompletionTokens: value<number[]>(
    {
      help: 'assume answers of this length, in tokens: one number, or one for each stage',
      placeholder: '<n,...>',
      group: 'Dry run',
      shapesRecords: false,
    },
    {
      expected: 'whole numbers >= 1, separated by commas',
      accepts: (given) => Array.isArray(given) && given.every((one) => Number.isSafeInteger(one) && one >= 1),
      parse: (given) => given.split(',').map(Number),
    },
  ),
  assumeFrom: text({
    help: 'assume answers as long as in this output of an earlier run',
    placeholder: '<file>',
    group: 'Dry run',
    shapesRecords: false,
  }),
};

type DryRunSettings = Resolved<typeof dryRunOptions>;

/** Throws UsageError for options of a dry run without --dry-run. */
export function isDryRun({ dryRun = false, json, assumeCompletionTokens, assumeFrom }: DryRunSettings): boolean {
  if (dryRun || (json ?? assumeCompletionTokens ?? assumeFrom) === undefined) return dryRun;
  throw new UsageError('--json, --assume-completion-tokens and --assume-from need --dry-run');
}

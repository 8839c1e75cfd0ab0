import { type PlanOptions, planRun } from '../../chain/planRun.js';
import { ExitCode } from '../../errors.js';
import { formName, isPlainJsonl, recordFormOf } from '../../io/write/recordForm.js';
import type { Resolved } from '../../util/options.js';
import type { askingFlags } from '../options/model.js';
import { pricesOf } from '../options/pricesFile.js';
import { ownFlagsOf } from '../options/server/stageModels.js';
import type { inputOptions } from '../options/stream.js';
import { planTable } from '../progress/planTable.js';
import { formatCount, printJson, say, sayNotice } from '../progress/terminal.js';
import { abortOnInterrupt } from './interrupt.js';
import { inputPaths } from './streamFiles.js';

export type DryRunFlags = Partial<Resolved<typeof inputOptions & typeof askingFlags>> & {
  seed?: number;
  keepExisting?: boolean;
  output?: string | undefined;
};

/**
 * Prints what a command would ask for, and what that would cost, without asking or writing anything: for people on stderr,
 * or as JSON on stdout. Resolves to the exit code.
 */
export async function dryRun(
  inputs: string[],
  plan: Pick<PlanOptions, 'stages' | 'isUsable' | 'corpus' | 'isDocument' | 'numNeg'>,
  flags: DryRunFlags,
): Promise<number> {
  const {
    inputFormat,
    onBadLine,
    maxLineBytes,
    limit,
    sample,
    seed,
    model,
    maxTokens,
    assumeCompletionTokens,
    assumeFrom,
  } = flags;
  const { output } = flags;
  const form = output === undefined ? undefined : recordFormOf(output);
  const prices = pricesOf(flags.prices);
  using interrupt = abortOnInterrupt();
  const planned = await planRun(await inputPaths(inputs), {
    ...{ ...plan, prices, stageModels: Object.fromEntries(ownFlagsOf(flags)), signal: interrupt.signal },
    ...{
      inputFormat,
      onNotice: sayNotice,
      onBadLine,
      maxLineBytes,
      limit,
      sample,
      seed,
      model,
      maxTokens,
      assumeCompletionTokens,
      assumeFrom,
    },
  });
  if (flags.json) {
    printJson({ ...planned, output, outputForm: form && formName(form) });
    return ExitCode.done;
  }
  const { records, unusable, bases } = planned;
  const others = unusable === 0 ? '' : `, and ${formatCount(unusable)} that would be rejected`;
  say('rareflow: dry run: no model was asked and nothing was written');
  if (flags.keepExisting)
    say('  stages that records have passed already cost nothing: with --keep-existing, this is the most');
  say(`  ${formatCount(records)} records counted${others}\n`);
  if (form !== undefined && !isPlainJsonl(form)) say(`  ${output} would be ${formName(form)}\n`);
  for (const line of [...planTable(planned, prices !== undefined), '', ...bases]) say(line === '' ? '' : `  ${line}`);
  return ExitCode.done;
}

import { existsSync } from 'node:fs';
import { UsageError } from '../../errors.js';
import { exportOptions } from '../../export/options.js';
import { choice, text } from '../../util/options.js';
import { command } from '../command.js';
import { withFlagDefaults } from '../options/flags.js';
import { progressOptions } from '../options/output.js';
import { formatCompact, formatCount, formatSeconds, say } from '../progress/terminal.js';

export const mergeCommand = command({
  name: 'merge',
  group: 'Look at it and pass it on',
  args: { '<folder>': 'the folder that the shards were written to' },
  summary: 'Put the shards of a run together, in the order of the input',
  options: {
    output: text({
      help: 'the file to write, in the form of its name: .jsonl, .json (an array), .csv, .tsv or .parquet, all but the last also .gz or .zst; with --export also a folder, as rareflow export writes it',
      placeholder: '<path>',
      short: 'o',
      required: true,
    }),
    export: {
      ...exportOptions.format,
      presence: 'optional' as const,
      default: undefined,
      help: 'write the records in this format instead, as rareflow export does',
    },
    to: choice(['jsonl', 'parquet'], {
      help: 'the kind of the files that --export writes into a folder',
      placeholder: '<kind>',
    }),
    jsonProgress: progressOptions.jsonProgress,
  },
  examples: [
    'rareflow merge out/ -o all.jsonl',
    'rareflow merge out/ -o all.parquet',
    'rareflow merge out/ --export messages -o train.parquet',
  ],
  notes: [
    'It refuses while a shard is missing, unfinished or of other settings, and says',
    'which. A merge that was stopped is continued by the same command. --export',
    'takes the defaults of rareflow export; for its other options merge first.',
  ],
  async run([folder = ''], flags) {
    const [{ finishedShards, mergeShards, summaryOf }, { abortOnInterrupt }] = await Promise.all([
      import('../../shards/mergeShards.js'),
      import('../run/interrupt.js'),
    ]);
    const { output } = flags;
    if (flags.export !== undefined) {
      const shards = await finishedShards(folder);
      summaryOf(shards, output);
      const files = shards.filter(({ out }) => out > 0).map(({ path }) => path);
      const given = {
        format: flags.export,
        output,
        jsonProgress: flags.jsonProgress,
        ...(flags.to && { to: flags.to }),
      };
      const { exportCommand } = await import('./export.js');
      return exportCommand.run(files, withFlagDefaults('export', exportCommand.options, given));
    }
    if (flags.to !== undefined) {
      throw new UsageError('--to is for the folders of --export', { hint: `name the file: -o all.${flags.to}` });
    }
    if (output === '-') {
      throw new UsageError('merge writes a file, not stdout', { hint: `name one, or use cat ${folder}/part-*.jsonl` });
    }
    const startedMs = performance.now();
    const wasThere = existsSync(output);
    using interrupt = abortOnInterrupt();
    const { signal } = interrupt;
    const summary = await mergeShards(folder, output, { signal });
    if (wasThere) {
      say(`rareflow: nothing to do: ${output} holds these shards`);
      return 0;
    }
    const { in: read, extra, out, rejected, rejects, shards, usage } = summary;
    const more = extra === 0 ? '' : ` + ${formatCount(extra)} further records`;
    const seconds = formatSeconds((performance.now() - startedMs) / 1000);
    say(
      `rareflow: merged ${shards} shards in ${seconds}: ${formatCount(read)} in${more} = ${formatCount(out)} out (${output}) + ${formatCount(rejected)} rejects${rejects === undefined ? '' : ` (${rejects})`}`,
    );
    if (usage !== undefined) {
      const { attempts, promptTokens, completionTokens, costUsd } = usage.total;
      const cost = costUsd === undefined ? '' : `, $${costUsd}`;
      const tokens = `${formatCompact(promptTokens)} + ${formatCompact(completionTokens)} tokens`;
      say(`  all shards: ${formatCount(attempts)} requests, ${tokens}${cost}`);
    }
    return 0;
  },
});

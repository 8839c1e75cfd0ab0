import { existsSync } from 'node:fs';
import path from 'node:path';
import { readOptions } from '../../io/read/options.js';
import { filesBeside } from '../../io/write/filesBeside.js';
import { collectorOptions } from '../../report/options.js';
import { pick, text } from '../../util/options.js';
import { command } from '../command.js';
import { inputHelp } from '../options/input.js';
import { statsOption } from '../options/output.js';
import { formatCompact, formatCount, formatSeconds, say, sayNotice, sayStats } from '../progress/terminal.js';

export const reportCommand = command({
  name: 'report',
  group: 'Look at it and pass it on',
  args: { '[input...]': inputHelp },
  summary: 'Make a page about a finished run: counts, warnings, and records to read',
  options: {
    output: text({
      help: 'the page to write',
      placeholder: '<file>',
      short: 'o',
      defaultText: 'INPUT.report.html',
    }),
    rejects: text({
      help: 'the rejects of the run',
      placeholder: '<file>',
      defaultText: 'INPUT.rejects.jsonl, if it exists',
    }),
    stats: statsOption,
    ...collectorOptions,
    ...pick(readOptions, 'inputFormat', 'onBadLine', 'maxLineBytes'),
  },
  examples: ['rareflow report out.jsonl', 'rareflow report out.jsonl --rejects out.rejects.jsonl -o page.html'],
  notes: ['It takes one pass, in constant memory, and the page needs no network.'],
  async run(inputs, { output, rejects, stats, inputFormat, onBadLine, maxLineBytes, ...options }) {
    const [
      { readRecords },
      { openFileOutput },
      { makeReport },
      { messageView, openProgressDisplay },
      { refuseSameFile },
      { abortOnInterrupt },
      { inputPaths },
      { readJson },
    ] = await Promise.all([
      import('../../io/read/readRecords.js'),
      import('../../io/write/fileOutput.js'),
      import('../../report/makeReport.js'),
      import('../progress/progressDisplay.js'),
      import('../run/files.js'),
      import('../run/interrupt.js'),
      import('../run/streamFiles.js'),
      import('../run/readJson.js'),
    ]);
    const [folder] = inputs;
    const shards = folder !== undefined && inputs.length === 1 ? await shardsOf(folder) : undefined;
    const paths = shards?.paths ?? (await inputPaths(inputs));
    const first = paths.find((input) => input !== '-');
    const page =
      output ??
      shards?.page ??
      `${first?.replace(/(\.(jsonl|ndjson|json|parquet|gz|zst|partial))+$/, '.') ?? ''}report.html`;
    const rejectsPaths = rejects === undefined ? rejectsBeside(paths) : [rejects];
    refuseSameFile({ inputs: [...paths, ...rejectsPaths], outputs: { '--output': page } });
    const display = await openProgressDisplay();
    using interrupt = abortOnInterrupt();
    const { signal } = interrupt;
    const startedMs = performance.now();
    let records = 0;
    let shownMs = startedMs;
    const onBytes = (read: number, total: number | undefined) => {
      records += 1;
      if ((records & 255) !== 0 || performance.now() - shownMs < display.intervalMs) return;
      shownMs = performance.now();
      display.show(messageView(`${formatCount(records)} records read`, total && read / total));
    };
    const made = await makeReport(
      (unreadable) =>
        readRecords(paths, {
          ...{ inputFormat, onBadLine, maxLineBytes, onNotice: sayNotice },
          ...{ rejects: unreadable, signal, onBytes },
        }),
      {
        ...options,
        title:
          shards !== undefined
            ? path.basename(path.resolve(folder as string))
            : first === undefined
              ? 'stdin'
              : path.basename(first) + (paths.length > 1 ? ` and ${paths.length - 1} more` : ''),
        rejects: rejectsPaths.length === 0 ? undefined : readRecords(rejectsPaths, { rejects: () => {}, signal }),
        summary:
          shards?.summary ??
          (first === undefined || paths.length > 1 ? undefined : readJson(filesBeside(first).summary)),
      },
    ).finally(() => display.end());
    const bytes = Buffer.from(made.html);
    const file = await openFileOutput(page, { keepsLines: false });
    await file.write(bytes);
    await file.commit();
    const seconds = (performance.now() - startedMs) / 1000;
    const rejected = made.rejects === 0 ? '' : ` and ${formatCount(made.rejects)} rejects`;
    const unreadable = made.unreadable === 0 ? '' : ` (${formatCount(made.unreadable)} further lines are not JSON)`;
    say(
      `rareflow: wrote ${page} (${formatCompact(bytes.length)} bytes) from ${formatCount(made.records)} records${rejected}${unreadable}, read in ${formatSeconds(seconds)}`,
    );
    if (stats) {
      const { html: _html, ...counts } = made;
      sayStats({ ...counts, seconds, recordsPerSecond: Math.round(made.records / seconds), pageBytes: bytes.length });
    }
    return 0;
  },
});

/** Returns the outputs of a folder of shards, and the sum of their summaries if all are done; undefined for other inputs. */
async function shardsOf(folder: string) {
  const [{ isShardFolder, shardStatus }, { finishedShards, summaryOf }] = await Promise.all([
    import('../../shards/shardStatus.js'),
    import('../../shards/mergeShards.js'),
  ]);
  if (!isShardFolder(folder)) return undefined;
  const shards = await shardStatus(folder);
  const open = shards.filter(({ state }) => state !== 'done').map(({ index }) => index);
  if (open.length > 0) {
    say(
      `rareflow: the report is of ${shards.length - open.length} of ${shards.length} shards; not done: ${open.join(',')}`,
    );
  }
  const page = `${folder.replace(/[\\/]+$/, '')}.report.html`;
  const done = shards.filter(({ state, out, rejected }) => state === 'done' && out + rejected > 0);
  const summary = open.length === 0 ? summaryOf(await finishedShards(folder), folder) : undefined;
  return { paths: done.map(({ path: file }) => file), page, summary };
}

function rejectsBeside(paths: string[]): string[] {
  return paths.map((input) => filesBeside(input).rejects).filter((file) => existsSync(file));
}

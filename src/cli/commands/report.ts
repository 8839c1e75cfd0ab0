import { existsSync } from 'node:fs';
import path from 'node:path';
import { readRecords } from '../../io/read/readRecords.js';
import { openOutputFile } from '../../io/write/atomicFile.js';
import type { CollectorOptions } from '../../report/collector.js';
import { makeReport } from '../../report/makeReport.js';
import type { CommandSpec } from '../command.js';
import { count, option, otherwise } from '../options/option.js';
import { entryKeyOptions, inputHelp, readOptions, seedOption, statsOption } from '../options/options.js';
import { progressDisplay, wordsPicture } from '../progress/progressDisplay.js';
import { formatCompact, formatCount, formatSeconds, say, sayStats } from '../progress/terminal.js';
import { refuseSameFile } from '../run/files.js';
import { abortOnInterrupt } from '../run/interrupt.js';
import { filesBeside, jsonAt } from '../run/runFiles.js';
import { inputPaths } from '../run/streamFiles.js';

interface Flags extends CollectorOptions {
  output?: string;
  rejects?: string;
  stats?: boolean;
  onBadLine: 'reject' | 'stop';
  maxLineBytes?: number;
}

export const reportCommand: CommandSpec = {
  name: 'report',
  group: 'Look at it and pass it on',
  args: { '[input...]': inputHelp },
  summary: 'Make a page of a finished run: what came out, what stands out, and records to look at',
  options: [
    otherwise('INPUT.report.html', option('-o, --output <file>', 'the page to write')),
    otherwise('INPUT.rejects.jsonl, if it is there', option('--rejects <file>', 'the rejects of the run')),
    count('--sample <n>', 'how many records the page holds to read, chosen by chance').default(200),
    seedOption('seeds that choice'),
    statsOption(),
    ...entryKeyOptions(),
    ...readOptions().filter(({ long }) => long !== '--limit'),
  ],
  examples: ['rareflow report out.jsonl', 'rareflow report out.jsonl --rejects out.rejects.jsonl -o page.html'],
  notes: ['It takes one pass, in memory that does not grow, and the page needs no network.'],
  async run(inputs: string[], { output, rejects, stats, onBadLine, maxLineBytes, ...options }: Flags) {
    const paths = await inputPaths(inputs);
    const first = paths.find((input) => input !== '-');
    const page =
      output ?? `${first?.replace(/(\.(jsonl|ndjson|json|parquet|gz|zst|partial))+$/, '.') ?? ''}report.html`;
    const rejectsPaths = rejects === undefined ? besideThem(paths) : [rejects];
    refuseSameFile({ inputs: [...paths, ...rejectsPaths], outputs: { '--output': page } });
    const display = progressDisplay();
    using interrupt = abortOnInterrupt();
    const { signal } = interrupt;
    const startedMs = performance.now();
    let records = 0;
    let shownMs = startedMs;
    const onBytes = (read: number, total: number | undefined) => {
      records += 1;
      if ((records & 255) !== 0 || performance.now() - shownMs < display.intervalMs) return;
      shownMs = performance.now();
      display.show(wordsPicture(`${formatCount(records)} records read`, total && read / total));
    };
    const made = await makeReport(
      (unreadable) => readRecords(paths, { onBadLine, maxLineBytes, rejects: unreadable, signal, onBytes }),
      {
        ...options,
        title:
          first === undefined
            ? 'stdin'
            : path.basename(first) + (paths.length > 1 ? ` and ${paths.length - 1} more` : ''),
        rejects: rejectsPaths.length === 0 ? undefined : readRecords(rejectsPaths, { rejects: () => {}, signal }),
        summary: first === undefined || paths.length > 1 ? undefined : jsonAt(filesBeside(first).summary),
      },
    ).finally(() => display.end());
    const bytes = Buffer.from(made.html);
    const file = await openOutputFile(page, undefined);
    await file.write(bytes);
    await file.commit();
    const seconds = (performance.now() - startedMs) / 1000;
    const rejected = made.rejects === 0 ? '' : ` and ${formatCount(made.rejects)} rejects`;
    const unreadable = made.unreadable === 0 ? '' : ` (${formatCount(made.unreadable)} further lines are no JSON)`;
    say(
      `rareflow: ${page} (${formatCompact(bytes.length)} bytes) tells of ${formatCount(made.records)} records${rejected}${unreadable}, read in ${formatSeconds(seconds)}`,
    );
    if (stats) {
      const { html: _html, ...counts } = made;
      sayStats({ ...counts, seconds, recordsPerSecond: Math.round(made.records / seconds), pageBytes: bytes.length });
    }
    return 0;
  },
};

function besideThem(paths: string[]): string[] {
  return paths.map((input) => filesBeside(input).rejects).filter((file) => existsSync(file));
}

import { AtomicFile } from '../io/write/atomicFile.js';
import { filesBeside } from '../io/write/filesBeside.js';
import type { RunSummary } from '../report/runSummary.js';

/**
 * Writes the summary of a run to `OUTPUT.rareflow/summary.json`, where `rareflow report` finds it. A reader sees the earlier
 * summary or all of this one.
 *
 * @throws OutputError if it cannot be written
 */
export async function writeRunSummary(summary: RunSummary): Promise<void> {
  const file = await AtomicFile.at(filesBeside(summary.output).summary);
  await file.remove();
  await file.create();
  try {
    await file.write(Buffer.from(`${JSON.stringify(summary, null, 2)}\n`));
    await file.commit();
  } finally {
    await file.discard();
  }
}

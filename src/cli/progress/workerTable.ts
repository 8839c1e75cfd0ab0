import type { QueueView } from '../../queue/queueView.js';
import { formatCount } from './terminal.js';

const head = ['worker', 'model', 'slots', 'in flight', 'calls/s', 'state'];
const isLeft = [true, true, false, false, false, true];

/** Returns the lines of a table of the workers of a queue. */
export function workerTable({ coordinator, workers }: QueueView): string[] {
  const by =
    coordinator === undefined ? 'no run uses the queue' : `run: process ${coordinator.pid} on ${coordinator.host}`;
  if (workers.length === 0) return [by, 'no workers'];
  const rows = workers.map((worker) => [
    ...[worker.name, worker.model, formatCount(worker.slots), formatCount(worker.inFlight)],
    ...[worker.callsPerSecond.toFixed(1), stateOf(worker)],
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => (isLeft[column] ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [by, line(head), ...rows.map(line)];
}

function stateOf({ isLost, silentMs, draining, held }: QueueView['workers'][number]): string {
  if (isLost) return `lost, no sign for ${Math.round(silentMs / 1000)} s`;
  if (draining) return 'leaving';
  return held === undefined ? 'working' : `held: ${held}`;
}

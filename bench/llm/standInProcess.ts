// A stand-in in a process of its own, for bench/llm.ts: started with its options as JSON, it tells its base URL over IPC,
// and answers `exhausted` (the input has ended: measure until now) and `report`.
import { type StandInOptions, startStandIn } from '../../src/standIn/server.js';
import type { ServerReport } from './server.js';

const { slots, ...options } = JSON.parse(process.argv[2] ?? '{}') as StandInOptions & { slots: number };
const { baseUrl, ledger, close } = await startStandIn(options);
let untilMs: number | undefined;

process.on('message', async (message) => {
  if (message === 'exhausted') untilMs ??= ledger.now();
  if (message !== 'report') return;
  const end = untilMs ?? ledger.now();
  const { calls } = ledger;
  const startMs = calls[0]?.startMs ?? 0;
  const report: ServerReport = {
    calls: calls.length,
    served: calls.filter(({ status }) => status === 200).length,
    limited: calls.filter(({ status }) => status === 429).length,
    peakInFlight: ledger.peakInFlight,
    seconds: (end - startMs) / 1000,
    utilisation: ledger.utilisation(slots, end),
    servedPerSecond:
      calls.filter(({ status, startMs: at }) => status === 200 && at <= end).length / ((end - startMs) / 1000),
    tokensPerSecond:
      calls.reduce((sum, call) => sum + (call.startMs <= end ? call.promptTokens + call.completionTokens : 0), 0) /
      ((end - startMs) / 1000),
  };
  process.send?.(report, () => void close().then(() => process.exit()));
});
process.send?.(baseUrl);

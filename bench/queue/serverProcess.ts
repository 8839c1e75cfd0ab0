// A stand-in in a process of its own, which sends its sums to its parent ten times a second.
import { startStandIn } from '../../src/standIn/http/server.js';

const server = await startStandIn({ keepCalls: 0, ...JSON.parse(process.argv[2] ?? '{}') });
const report = () => process.send?.({ baseUrl: server.baseUrl, sums: server.ledger.sums() });
report();
setInterval(report, 100);
process.on('disconnect', () => process.exit());

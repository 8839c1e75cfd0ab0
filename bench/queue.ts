// Question: do machines that pull calls from a queue share the work, and is nothing lost or paid twice when they die?
// Each worker is a process with a stand-in behind it, whose latency decides the pace; the coordinator is the command; Redis is
// a real one. What was paid is read from the ledgers of the stand-ins, not from our counts. Build first: npm run build
//   queue [PART...]  throughput, faults, budget, oneOfFour, coordinator, membership, memory, oneProcess. Default: all
//   --records N  of faults (2000), memory (100000), oneProcess (1500)    --runs N  of budget, coordinator (20), oneProcess (7)
//   --perMinute 1200  the limit of membership
//   --slots 12  of each worker in faults, membership                     --seconds N  of oneOfFour (60), membership (120)
//   --network loopback  instead of network namespaces in faults          --seed 1  of faults, the first of budget
//   --before FOLDER  a build of another version for oneProcess: git archive COMMIT | tar -x -C FOLDER, and build it there
import { budget } from './queue/budget.js';
import { coordinator } from './queue/coordinator.js';
import { faults } from './queue/faults.js';
import { cleanUp, parts } from './queue/harness.js';
import { membership } from './queue/membership.js';
import { memory } from './queue/memory.js';
import { oneOfFour } from './queue/oneOfFour.js';
import { oneProcess } from './queue/oneProcess.js';
import { throughput } from './queue/throughput.js';

const all = { throughput, faults, budget, oneOfFour, coordinator, membership, memory, oneProcess };
const unknown = parts.find((part) => !(part in all));
if (unknown !== undefined) throw new Error(`there is no part ${unknown}: ${Object.keys(all).join(', ')}`);
const wanted = parts.length > 0 ? parts : Object.keys(all);

try {
  for (const part of wanted)
    console.log(JSON.stringify({ bench: 'queue', part, ...(await all[part as keyof typeof all]()) }));
} finally {
  cleanUp();
}

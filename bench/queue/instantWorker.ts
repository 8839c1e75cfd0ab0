// A worker whose server answers at once: instantWorker.ts QUEUE NAME SLOTS
import { offlineModel } from '../../src/llm/offline/offlineModel.js';
import { ModelWorker } from '../../src/queue/modelWorker.js';

const [queue = '', queueName = '', slots] = process.argv.slice(2);
const worker = new ModelWorker({
  queue,
  queueName,
  model: 'any',
  slots: Number(slots),
  connect: () => offlineModel({}),
});
process.on('SIGTERM', () => void worker.leave());
await worker.join();
await worker.left();

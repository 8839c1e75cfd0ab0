import type { CommandSpec } from './command.js';
import { bm25HardNegCommand } from './commands/bm25HardNeg.js';
import { cacheCommand } from './commands/cache.js';
import { completionCommand } from './commands/completion.js';
import { decontaminateCommand } from './commands/decontaminate.js';
import { doc2QueryCommand } from './commands/doc2Query.js';
import { doctorCommand } from './commands/doctor.js';
import { exportCommand } from './commands/export.js';
import { filterDocumentsCommand } from './commands/filterDocuments.js';
import { indexCommand } from './commands/index.js';
import { initCommand } from './commands/init.js';
import { inspectCommand } from './commands/inspect.js';
import { judgeNegativesCommand } from './commands/judgeNegatives.js';
import { judgeQuestionsCommand } from './commands/judgeQuestions.js';
import { mergeCommand } from './commands/merge.js';
import { reasonDistillCommand } from './commands/reasonDistill.js';
import { reportCommand } from './commands/report.js';
import { runCommand } from './commands/run.js';
import { searchCommand } from './commands/search.js';
import { splitCommand } from './commands/split.js';
import { standInCommand } from './commands/standIn.js';
import { statusCommand } from './commands/status.js';
import { viewCommand } from './commands/view.js';
import { workerCommand } from './commands/worker.js';
import { workersCommand } from './commands/workers.js';

/** The table of commands: help, parsing and dispatch all go by it. */
export const commands: CommandSpec[] = [
  runCommand,
  filterDocumentsCommand,
  decontaminateCommand,
  doc2QueryCommand,
  judgeQuestionsCommand,
  bm25HardNegCommand,
  judgeNegativesCommand,
  reasonDistillCommand,
  splitCommand,
  workerCommand,
  workersCommand,
  indexCommand,
  searchCommand,
  exportCommand,
  mergeCommand,
  statusCommand,
  inspectCommand,
  cacheCommand,
  reportCommand,
  viewCommand,
  doctorCommand,
  initCommand,
  completionCommand(() => commands),
  standInCommand,
];

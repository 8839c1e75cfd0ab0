// Run by bench/fuzz.ts: TARGET SEED FIRST FOLDER. Plays case after case of one target from FIRST on, and prints a JSON line as each
// begins and as it ends, until it is killed.
import { setImmediate } from 'node:timers/promises';
import { RareflowError } from '../../src/errors.js';
import { seededRandom } from '../../src/util/random.js';
import { targets } from './targets.js';

const [name = '', seed = '', first = '', folder = ''] = process.argv.slice(2);
const target = targets[name];
if (target === undefined) throw new Error(`no target is named ${name}`);

const report = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
/** Messages that no user can act on. */
const OBSCURE =
  /\bundefined\b|\[object |NaN|TypeError|RangeError|is not a function|suppressed|defect|Maximum call stack/;

const play = await target(folder);
report({ ready: true });
for (let number = Number(first); ; number++) {
  const random = seededRandom(name, Number(seed), number);
  report({ begun: number });
  await setImmediate(); // without a turn of the event loop, timers and finalizers never run, and what they would free is kept
  try {
    const outcome = await play((limit) => Math.floor(random() * limit));
    report({ number, outcome });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const clear = error instanceof RareflowError && !OBSCURE.test(message);
    report({
      number,
      outcome: clear ? 'refused' : 'obscure',
      message: clear ? message.slice(0, 200) : String((error as Error)?.stack ?? error).slice(0, 600),
    });
  }
}

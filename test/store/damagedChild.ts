// Opens, reads and writes each damaged copy (run or cache at argv[2]) in the folder argv[3], and prints what became of it.
import { writeSync } from 'node:fs';
import path from 'node:path';
import { RareflowError } from '../../src/errors.js';
import { AnswerStore } from '../../src/llm/cacheStore/answerStore.js';
import { RunStore } from '../../src/pipeline/state/runStore.js';

const [kind, folder = '', copies] = process.argv.slice(2);

for (let copy = 0; copy < Number(copies); copy++) {
  const outcome = await (kind === 'run' ? readRun : readCache)(path.join(folder, `${copy}`)).catch((error: unknown) =>
    error instanceof RareflowError && error.hint !== undefined ? `refused: ${error.message}` : `${error}`,
  );
  writeSync(1, `${outcome.replaceAll('\n', ' ')}\n`);
}

async function readRun(at: string): Promise<string> {
  const store = new RunStore(at);
  try {
    const { state } = store;
    if (state === undefined) return 'lost';
    if (state.sessions !== 20 && state.sessions !== 19) return `wrong: ${state.sessions} sessions`;
    for (let n = 0; n < 30; n++) await store.commitAsync({ ...state, seconds: n });
    return store.state?.seconds === 29 ? 'right' : 'wrong: not what was written';
  } finally {
    await store.close();
  }
}

async function readCache(at: string): Promise<string> {
  const cache = new AnswerStore({ path: at });
  try {
    let lost = 0;
    for (let n = 0; n < 300; n++) {
      const found = cache.get(`${n}`.padStart(64, '0'));
      if (found === undefined) lost += 1;
      else if (!found.text.startsWith(`${n} `) || found.usage.promptTokens !== n) return `wrong: ${n}`;
    }
    for (let n = 0; n < 100; n++) {
      cache.put(`a${n}`, { stage: 's', model: 'm' }, { text: 'x'.repeat(2000), usage: {} } as never);
    }
    return lost > 0 ? `lost ${lost}` : 'right';
  } finally {
    await cache.close();
  }
}

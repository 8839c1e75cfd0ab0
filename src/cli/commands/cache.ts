import { OutputError, UsageError } from '../../errors.js';
import type { AnswerStore } from '../../llm/cacheStore/answerStore.js';
import type { AnswerHead } from '../../llm/cacheStore/cachedAnswer.js';
import type { DataRecord } from '../../record.js';
import { unknownName } from '../../util/check.js';
import { text, value } from '../../util/options.js';
import { command } from '../command.js';
import { formatCount, say } from '../progress/terminal.js';

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Sums over the answers of one model, or of one stage. */
interface Sum {
  entries: number;
  promptTokens: number;
  completionTokens: number;
}

export const cacheCommand = command({
  name: 'cache',
  group: 'Look at it and pass it on',
  args: { '<action>': 'stats, clear or export', '[folder]': 'the folder of the cache (default: RAREFLOW_CACHE)' },
  summary: 'Show (stats), remove (clear) or print (export) the answers of a cache',
  options: {
    olderThan: value<string>(
      { help: 'only answers older than this: 12h, 30d, 8w', placeholder: '<duration>', shapesRecords: false },
      {
        expected: 'a whole number followed by s, m, h, d or w, such as 12h or 30d',
        accepts: (given) => durationMs(given) !== undefined,
      },
    ),
    onlyModel: text({
      help: 'only answers of this model, by the name under which it was asked',
      placeholder: '<name>',
      shapesRecords: false,
    }),
  },
  examples: [
    'rareflow cache stats out.jsonl.rareflow/cache',
    'rareflow cache clear ~/rareflow-cache --older-than 90d',
    'rareflow cache export out.jsonl.rareflow/cache --only-model gpt-4o-mini > answers.jsonl',
  ],
  async run([action = '', folder = process.env.RAREFLOW_CACHE], { olderThan, onlyModel }) {
    const act = actions[action];
    if (act === undefined) throw unknownName('action of cache', action, Object.keys(actions));
    if (!folder) throw new UsageError('no cache was named', { hint: 'name its folder, or set RAREFLOW_CACHE' });
    const ageMs = durationMs(olderThan);
    const beforeMs = ageMs === undefined ? Number.POSITIVE_INFINITY : Date.now() - ageMs;
    const chosen = (head: AnswerHead) => head.atMs < beforeMs && (onlyModel === undefined || head.model === onlyModel);
    const { AnswerStore } = await import('../../llm/cacheStore/answerStore.js');
    const store = new AnswerStore({ path: folder, create: false, onNotice: (notice) => say(`rareflow: ${notice}`) });
    try {
      await act(store, chosen);
    } catch (error) {
      if (!(error instanceof OutputError && error.closed)) throw error;
    } finally {
      await store.close();
    }
    return 0;
  },
});

/** `30d` in milliseconds; undefined for a text of another form. */
function durationMs(given: unknown): number | undefined {
  const [, amount, unit = ''] = /^(\d+)([smhdw])$/.exec(String(given)) ?? [];
  return amount === undefined ? undefined : Number(amount) * (UNIT_MS[unit] as number);
}

type Action = (store: AnswerStore, chosen: (head: AnswerHead) => boolean) => void | Promise<void>;

const actions: Record<string, Action> = {
  async stats(store, chosen) {
    const total: Sum = { entries: 0, promptTokens: 0, completionTokens: 0 };
    const [byModel, byStage] = [new Map<string, Sum>(), new Map<string, Sum>()];
    let [oldestMs, newestMs, damaged] = [Number.POSITIVE_INFINITY, 0, 0];
    for (const [, head] of store.heads()) {
      if (head === undefined) damaged += 1;
      if (head === undefined || !chosen(head)) continue;
      for (const sum of [total, sumOf(byModel, head.model), sumOf(byStage, head.stage)]) {
        sum.entries += 1;
        sum.promptTokens += head.promptTokens;
        sum.completionTokens += head.completionTokens;
      }
      oldestMs = Math.min(oldestMs, head.atMs);
      newestMs = Math.max(newestMs, head.atMs);
    }
    const span = total.entries === 0 ? {} : { oldest: new Date(oldestMs), newest: new Date(newestMs) };
    const sums = { ...total, ...span, bytes: store.bytes, damaged };
    await print([{ ...sums, byModel: Object.fromEntries(byModel), byStage: Object.fromEntries(byStage) }]);
  },
  clear(store, chosen) {
    const removed = store.clear(chosen);
    const left = `${formatCount(store.count)} left; the file keeps its size, and new answers fill it`;
    say(`rareflow: removed ${formatCount(removed)} answers, ${left}`);
  },
  async export(store, chosen) {
    await print(exported(store, chosen));
  },
};

function* exported(store: AnswerStore, chosen: (head: AnswerHead) => boolean): Generator<DataRecord> {
  for (const { key, head, completion } of store.answers()) {
    const { atMs, stage, model } = head;
    const { model: served, ...answer } = completion;
    if (chosen(head)) yield { key, at: new Date(atMs), stage, model, served, ...answer };
  }
}

async function print(records: Iterable<DataRecord>): Promise<void> {
  const [{ drain }, { writeJsonl }] = await Promise.all([
    import('../../flow/drain.js'),
    import('../../io/write/writeJsonl.js'),
  ]);
  async function* source() {
    yield* records;
  }
  await drain(writeJsonl('-')(source()));
}

function sumOf(sums: Map<string, Sum>, name: string): Sum {
  const sum = sums.get(name) ?? { entries: 0, promptTokens: 0, completionTokens: 0 };
  sums.set(name, sum);
  return sum;
}

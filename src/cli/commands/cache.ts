import { OutputError, UsageError } from '../../errors.js';
import { drain } from '../../flow/drain.js';
import { writeJsonl } from '../../io/write/writeJsonl.js';
import type { AnswerStore } from '../../llm/cacheStore/answerStore.js';
import type { AnswerHead } from '../../llm/cacheStore/cachedAnswer.js';
import type { DataRecord } from '../../record.js';
import type { CommandSpec } from '../command.js';
import { durationMs, option } from '../options/option.js';
import { formatCount, say } from '../progress/terminal.js';

interface Flags {
  olderThan?: number;
  onlyModel?: string;
}

/** What the answers of one model, or of one stage, amount to. */
interface Sum {
  entries: number;
  promptTokens: number;
  completionTokens: number;
}

export const cacheCommand: CommandSpec = {
  name: 'cache',
  group: 'Look at it and pass it on',
  args: { '<action>': 'stats, clear or export', '[folder]': 'the folder of the cache (default: RAREFLOW_CACHE)' },
  summary: 'Show (stats), remove (clear) or print (export) the answers of a cache',
  options: [
    option('--older-than <duration>', 'only answers that were kept longer ago than this: 12h, 30d, 8w').argParser(
      durationMs,
    ),
    option('--only-model <name>', 'only answers of this model, by the name it was asked under'),
  ],
  examples: [
    'rareflow cache stats out.jsonl.rareflow/cache',
    'rareflow cache clear ~/rareflow-cache --older-than 90d',
    'rareflow cache export out.jsonl.rareflow/cache --only-model gpt-4o-mini > answers.jsonl',
  ],
  async run([action, folder = process.env.RAREFLOW_CACHE], { olderThan, onlyModel }: Flags) {
    const act = actions[action ?? ''];
    if (act === undefined) throw new UsageError(`cache takes stats, clear or export, got ${action}`);
    if (!folder) throw new UsageError('no cache was named', { hint: 'name its folder, or set RAREFLOW_CACHE' });
    const beforeMs = olderThan === undefined ? Number.POSITIVE_INFINITY : Date.now() - olderThan;
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
};

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
    const told = { ...total, ...span, bytes: store.bytes, damaged };
    await print([{ ...told, byModel: Object.fromEntries(byModel), byStage: Object.fromEntries(byStage) }]);
  },
  clear(store, chosen) {
    const removed = store.clear(chosen);
    const left = `${formatCount(store.count)} left; the file keeps its size, and new answers fill it`;
    say(`rareflow: ${formatCount(removed)} answers removed, ${left}`);
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

import type { StageFacts } from './entry.js';
import type { ReadableSummary, StageUsage } from './runSummary.js';

/** The sums of one operator. */
export interface StageSum {
  name: string;
  records: number;
  rejected: number;
  promptTokens: number;
  completionTokens: number;
  /** True if some of the tokens are estimates. */
  estimated: boolean;
  /** `model, prompt version`, with the number of records. */
  makers: { name: string; count: number }[];
  /** The number of records that took 1, 2, 3, … requests; the last element counts all that took more. */
  attempts: number[];
  /** The work that answers took to read, such as `JSON with faults` and `cut at <|im_end|>`, with the number of records. */
  readings: { name: string; count: number }[];
  /** The counts that the run reported: in + extra = out + rejected. A model call inside a stage, such as a judge of its answers, has none. */
  flow?: { in: number; extra: number; out: number; rejected: number } | undefined;
  /** The usage that the run reported: all requests, including those of rejected records. */
  usage?: Partial<StageUsage> | undefined;
  /** For how long the run was at work on one of its records or more. */
  workSeconds?: number | undefined;
}

const MAX_MAKERS = 20;
const MAX_ATTEMPTS = 8;

/** Adds up the provenance of the records for each operator. */
export class StageSums {
  readonly #stages = new Map<
    string,
    Omit<StageSum, 'name' | 'makers' | 'readings'> & Record<'makers' | 'readings', Map<string, number>>
  >();

  add(stages: StageFacts[]): void {
    for (const stage of stages) {
      const { name, model, prompt, attempts, promptTokens = 0, completionTokens = 0, estimated } = stage;
      const sum = this.#at(name);
      sum.records += 1;
      sum.promptTokens += promptTokens;
      sum.completionTokens += completionTokens;
      if (estimated) sum.estimated = true;
      for (const reading of readingsOf(stage)) {
        if (sum.readings.has(reading) || sum.readings.size < MAX_MAKERS) {
          sum.readings.set(reading, (sum.readings.get(reading) ?? 0) + 1);
        }
      }
      if (attempts !== undefined && attempts >= 1) {
        const index = Math.min(Math.floor(attempts), MAX_ATTEMPTS) - 1;
        sum.attempts[index] = (sum.attempts[index] ?? 0) + 1;
      }
      if (model === undefined) continue;
      const maker = [model, prompt].filter(Boolean).join(', ');
      if (sum.makers.has(maker) || sum.makers.size < MAX_MAKERS) {
        sum.makers.set(maker, (sum.makers.get(maker) ?? 0) + 1);
      }
    }
  }

  addReject(stage: string): void {
    this.#at(stage).rejected += 1;
  }

  /** Returns the sums, with the usage that the run reported. */
  all({ usage, stages = [] }: Pick<ReadableSummary, 'usage' | 'stages'> = {}): StageSum[] {
    const workSeconds = new Map(stages.map((stage) => [stage.name, stage.workSeconds]));
    const flows = new Map(stages.map((stage) => [stage.name, flowOf(stage)]));
    for (const stage of [...flows.keys(), ...Object.keys(usage?.byStage ?? {})]) this.#at(stage);
    // In the order of the run.
    const names = new Set([...flows.keys(), ...this.#stages.keys()]);
    const inOrder = [...names].map((name) => [name, this.#at(name)] as const);
    return inOrder.map(([name, { makers, readings, ...sum }]) => ({
      name,
      ...sum,
      makers: [...makers].map(([maker, count]) => ({ name: maker, count })),
      readings: [...readings].map(([reading, count]) => ({ name: reading, count })),
      flow: flows.get(name),
      usage: usage?.byStage[name],
      workSeconds: workSeconds.get(name),
    }));
  }

  #at(name: string) {
    const known = this.#stages.get(name);
    if (known !== undefined) return known;
    const sum = {
      ...{ records: 0, rejected: 0, promptTokens: 0, completionTokens: 0, estimated: false },
      makers: new Map<string, number>(),
      readings: new Map<string, number>(),
      attempts: Array<number>(MAX_ATTEMPTS).fill(0),
    };
    this.#stages.set(name, sum);
    return sum;
  }
}

function flowOf({ taken, extra, given, rejected }: NonNullable<ReadableSummary['stages']>[number]): StageSum['flow'] {
  if (taken === undefined || given === undefined) return undefined;
  return { in: taken, extra: extra ?? 0, out: given, rejected: rejected ?? 0 };
}

/** Returns what was done to read an answer, if it was not plain. */
function readingsOf({ parsed, cut, thinking, answerFrom }: StageFacts): string[] {
  return [
    ...(parsed === 'fence' ? ['JSON found in other text'] : []),
    ...(parsed === 'repair' ? ['JSON with faults'] : []),
    ...(cut === undefined ? [] : [`cut at ${cut}`]),
    ...(thinking === undefined ? [] : [`thinking from ${thinking}`]),
    ...(answerFrom === undefined ? [] : [`answer from ${answerFrom}`]),
  ];
}

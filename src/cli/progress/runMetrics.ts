import type { Counter, Gauge, Registry } from 'prom-client';
import type { ModelUsage } from '../../llm/createModel.js';
import type { RunProgress } from '../../pipeline/progress.js';
import type { RunView } from './runView.js';

type Labels = Record<string, string>;
type Samples = [labels: Labels, value: number][];
interface Metric {
  name: string;
  help: string;
  of: (view: RunView) => Samples;
}

const one = (value: number | undefined): Samples => (value === undefined ? [] : [[{}, value]]);
const ofRun = (value: (run: RunProgress) => number | undefined) => (view: RunView) => one(value(view.run));
const ofModel = (value: (usage: ModelUsage) => number | undefined) => (view: RunView) =>
  one(view.usage && value(view.usage));
const ofStages =
  (samples: (stage: RunProgress['stages'][number]) => [more: Labels, value: number][]) =>
  ({ run }: RunView): Samples =>
    run.stages.flatMap((stage) => samples(stage).map(([more, value]) => [{ stage: stage.name, ...more }, value]));
const ofCalls =
  (samples: (totals: ModelUsage['total']) => [more: Labels, value: number][]) =>
  ({ usage }: RunView): Samples =>
    Object.entries(usage?.byStage ?? {}).flatMap(([stage, totals]) =>
      samples(totals).map(([more, value]): Samples[number] => [{ stage, ...more }, value]),
    );

const counters: Metric[] = [
  {
    name: 'rareflow_records_total',
    help: 'Records that a stage took, added (extra), gave and rejected; taken + extra = given + rejected + in flight',
    of: ofStages(({ taken, extra, given, rejected }) => [
      [{ outcome: 'taken' }, taken],
      [{ outcome: 'extra' }, extra],
      [{ outcome: 'given' }, given],
      [{ outcome: 'rejected' }, rejected],
    ]),
  },
  {
    name: 'rareflow_stage_work_seconds_total',
    help: 'How long a stage was busy with one record or more',
    of: ofStages(({ workSeconds }) => [[{}, workSeconds]]),
  },
  {
    name: 'rareflow_run_records_total',
    help: 'Records of the run: in + extra = out + rejected + pending',
    of: ({ run }) => [
      [{ outcome: 'in' }, run.in],
      [{ outcome: 'extra' }, run.extra],
      [{ outcome: 'out' }, run.out],
      [{ outcome: 'rejected' }, run.rejected],
    ],
  },
  {
    name: 'rareflow_llm_calls_total',
    help: 'Finished calls: answered by the server or by the cache, or failed after all attempts',
    of: ofCalls(({ calls, failedCalls, cachedCalls }) => [
      [{ outcome: 'answered' }, calls - failedCalls - cachedCalls],
      [{ outcome: 'cached' }, cachedCalls],
      [{ outcome: 'failed' }, failedCalls],
    ]),
  },
  {
    name: 'rareflow_llm_attempts_total',
    help: 'Finished requests to the server; a call takes more than one if attempts fail',
    of: ofCalls(({ attempts, failedAttempts }) => [
      [{ outcome: 'answered' }, attempts - failedAttempts],
      [{ outcome: 'failed' }, failedAttempts],
    ]),
  },
  {
    name: 'rareflow_llm_tokens_total',
    help: 'Tokens of prompts and of answers',
    of: ofCalls(({ promptTokens, completionTokens }) => [
      [{ kind: 'prompt' }, promptTokens],
      [{ kind: 'completion' }, completionTokens],
    ]),
  },
  {
    name: 'rareflow_llm_dollars_total',
    help: 'The cost of the tokens; absent without prices',
    of: ofCalls(({ costUsd }) => (costUsd === undefined ? [] : [[{}, Number(costUsd)]])),
  },
  {
    name: 'rareflow_llm_busy_seconds_total',
    help: 'The duration of all requests, added up; its rate divided by rareflow_llm_concurrency is the share of the slots in use',
    of: ofModel((usage) => usage.busySeconds),
  },
];

const gauges: Metric[] = [
  {
    name: 'rareflow_records_in_flight',
    help: 'Records that a stage has taken but neither given nor rejected',
    of: ofStages(({ inFlight }) => [[{}, inFlight]]),
  },
  { name: 'rareflow_run_records_pending', help: 'Records of the run in progress', of: ofRun((run) => run.pending) },
  { name: 'rareflow_run_done_ratio', help: 'The share of the input that is finished', of: ofRun((run) => run.share) },
  {
    name: 'rareflow_run_eta_seconds',
    help: 'The estimated time left: mid, and low and high, the 95 % interval of the last five minutes',
    of: ({ run: { eta } }) =>
      Object.entries(eta ?? {}).map(([bound, seconds]): Samples[number] => [{ bound }, seconds as number]),
  },
  {
    name: 'rareflow_llm_calls_in_flight',
    help: 'Requests in flight',
    of: ofModel((usage) => usage.inFlight),
  },
  {
    name: 'rareflow_llm_calls_waiting',
    help: 'Calls that wait for a slot, a rate limit, a backoff or a retry',
    of: ofModel((usage) => usage.waiting),
  },
  {
    name: 'rareflow_llm_concurrency',
    help: 'The current limit of concurrent requests',
    of: ofModel((usage) => usage.concurrency),
  },
  {
    name: 'rareflow_llm_hold_seconds',
    help: 'How long no request is sent to a server',
    of: ({ usage }) => (usage?.holds ?? []).map(({ host, seconds }): Samples[number] => [{ host }, seconds]),
  },
];

/** Adds the metrics of a run to a registry. Every figure is read at the request; nothing is stored. */
export function defineRunMetrics(
  registry: Registry,
  kinds: { Counter: typeof Counter; Gauge: typeof Gauge },
  viewOf: () => RunView | undefined,
): void {
  const define = (kind: 'Counter' | 'Gauge', { name, help, of }: Metric) => {
    const labelNames = ['stage', 'outcome', 'kind', 'bound', 'host'];
    const collect = function (this: Counter | Gauge) {
      this.reset();
      const view = viewOf();
      for (const [labels, value] of view === undefined ? [] : of(view)) this.inc(labels, value);
    };
    new kinds[kind]({ name, help, labelNames, registers: [registry], collect });
  };
  for (const metric of counters) define('Counter', metric);
  for (const metric of gauges) define('Gauge', metric);
}

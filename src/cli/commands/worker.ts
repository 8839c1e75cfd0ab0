import { ExitCode, UsageError } from '../../errors.js';
import { attemptLimitOption, queueOptions, slotsOption } from '../../queue/options.js';
import { omit, pick, valuesOf } from '../../util/options.js';
import { command } from '../command.js';
import { modelFlags } from '../options/model.js';
import { progressOptions } from '../options/output.js';

/** The flags about the server of this machine: those that shape answers come with each call. */
const serverFlags = omit(
  modelFlags,
  'temperature',
  'topP',
  'maxTokens',
  'reasoningEffort',
  'extraBody',
  'structuredOutput',
);
const sameAsFlags = pick(modelFlags, 'stream', 'clientCert', 'clientKey', 'capabilities');

export const workerCommand = command({
  name: 'worker',
  group: 'Make data',
  args: {},
  summary: "Make the model calls of a run on another machine, at that machine's server",
  options: {
    ...{ ...queueOptions, ...serverFlags, ...progressOptions },
    ...{ attemptTimeoutMs: attemptLimitOption, concurrency: slotsOption },
  },
  examples: [
    'rareflow worker --queue redis://head:6379 --model qwen3 --base-url http://localhost:8000/v1 --concurrency 128',
  ],
  notes: [
    'It may join and leave at any time: SIGTERM finishes the calls in flight.',
    'Keys stay on this machine; prompts and answers go through Redis.',
  ],
  async run(_args, flags) {
    const { queue, queueName, model, concurrency } = flags;
    if (queue === undefined)
      throw new UsageError('worker needs --queue <url>', { hint: 'it is the same as that of the run' });
    if (model === undefined)
      throw new UsageError('worker needs --model <name>', { hint: 'it is the same as that of the run' });
    const [{ ModelWorker }, { openaiModel }, { offlineModel }, { queuePassword }, { abortOnInterrupt }] =
      await Promise.all([
        import('../../queue/modelWorker.js'),
        import('../../llm/openai/openaiModel.js'),
        import('../../llm/offline/offlineModel.js'),
        import('../options/queue.js'),
        import('../run/interrupt.js'),
      ]);
    const [{ serverOf }, { reportWorker }] = await Promise.all([
      import('../options/server/oneServer.js'),
      import('../progress/workerReport.js'),
    ]);
    const { formatCount, inFlags, say } = await import('../progress/terminal.js');
    const onNotice = (notice: string) => say(`rareflow: ${inFlags(notice)}`);
    const server = model === 'offline' ? undefined : serverOf(flags, process.env);
    const { attemptTimeoutMs: mostMs = Number.POSITIVE_INFINITY } = flags;
    const worker = new ModelWorker({
      ...{ queue, queueName, model, slots: concurrency, password: queuePassword(flags, process.env), onNotice },
      connect: ({ extraBody, reasoningEffort, structuredOutput, needsCap }, { attemptTimeoutMs: ofRunMs, onProbe }) =>
        server === undefined
          ? offlineModel({})
          : openaiModel({
              ...valuesOf(sameAsFlags, flags),
              ...server,
              capabilities: flags.capabilities || undefined,
              ...{ model, extraBody, reasoningEffort, structuredOutput, needsCap: needsCap ?? false },
              ...{ attemptTimeoutMs: Math.min(ofRunMs, mostMs), onProbe, onNotice },
            }),
    });
    using interrupt = abortOnInterrupt();
    interrupt.signal.addEventListener('abort', () => {
      say('rareflow: finishing the calls in flight; interrupt again to quit now');
      void worker.leave();
    });
    await using _report = await reportWorker(worker, flags);
    await worker.join();
    if (!interrupt.signal.aborted) say(`rareflow: worker ${worker.name} serves ${model}, ${concurrency} calls at once`);
    await worker.left();
    say(`rareflow: worker ${worker.name} has left after ${formatCount(worker.state().calls)} calls`);
    return ExitCode.done;
  },
});

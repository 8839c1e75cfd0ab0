import { ExitCode, UsageError } from '../../errors.js';
import { queueOptions } from '../../queue/options.js';
import { onOff, text } from '../../util/options.js';
import { command } from '../command.js';

export const workersCommand = command({
  name: 'workers',
  group: 'Make data',
  args: {},
  summary: 'Show the workers of a queue, or let those of a host leave',
  options: {
    ...queueOptions,
    json: onOff({ help: 'print one JSON object' }),
    drain: text({
      help: 'let the workers of this host, or one worker by its name, finish their calls and leave',
      placeholder: '<host>',
      defaultText: 'none',
    }),
  },
  examples: ['rareflow workers --queue redis://head:6379', 'rareflow workers --queue redis://head:6379 --drain gpu3'],
  async run(_args, flags) {
    const { queue, queueName, json, drain } = flags;
    if (queue === undefined)
      throw new UsageError('workers needs --queue <url>', { hint: 'it is the same as that of the run' });
    const [{ viewQueue }, { queuePassword }, { workerTable }] = await Promise.all([
      import('../../queue/queueView.js'),
      import('../options/queue.js'),
      import('../progress/workerTable.js'),
    ]);
    const view = await viewQueue({ queue, queueName, drain, password: queuePassword(flags, process.env) });
    const text = json ? JSON.stringify(view) : workerTable(view).join('\n');
    process.stdout.write(`${text}\n`);
    return ExitCode.done;
  },
});

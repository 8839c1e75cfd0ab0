import { onOff } from '../../util/options.js';
import { command } from '../command.js';
import { formatCount, say } from '../progress/terminal.js';

export const statusCommand = command({
  name: 'status',
  group: 'Look at it and pass it on',
  args: { '<folder>': 'the folder that the shards write to' },
  summary: 'Show where each shard of a run is: done, running, stopped or missing',
  options: { json: onOff({ help: 'print it as JSON on stdout, one object per shard', shapesRecords: false }) },
  examples: ['rareflow status out/', 'rareflow status out/ --json | jq -r "select(.state != \\"done\\") | .index"'],
  notes: ['Its exit code is 0 if all shards are done, else 4.'],
  async run([folder = ''], { json }) {
    const [{ shardStatus }, { ExitCode }] = await Promise.all([
      import('../../shards/shardStatus.js'),
      import('../../errors.js'),
    ]);
    const shards = await shardStatus(folder);
    for (const { state, index, of, host, pid, reason, ...shard } of shards) {
      if (json) {
        process.stdout.write(`${JSON.stringify({ index, of, state, host, pid, reason, ...shard })}\n`);
        continue;
      }
      const who = pid === undefined ? '' : `, process ${pid} on ${host}, ${shard.perSecond.toFixed(1)} records/s`;
      const why = reason === undefined ? '' : `: ${reason}`;
      const counts =
        state === 'missing'
          ? ''
          : `  ${formatCount(shard.in)} in = ${formatCount(shard.out)} out + ${formatCount(shard.rejected)} rejects`;
      process.stdout.write(`${String(index).padStart(5)} ${state.padEnd(8)}${counts}${who}${why}\n`);
    }
    const open = shards.filter(({ state }) => state !== 'done').map(({ index }) => index);
    const named = open.length === 0 ? '' : `; open: ${open.join(',')}`;
    say(`rareflow: ${shards.length - open.length} of ${shards.length} shards are done${named}`);
    return open.length === 0 ? ExitCode.done : ExitCode.stoppedResumable;
  },
});

import { type RejectsFile, writeRejects } from '../../io/write/writeRejects.js';
import { say } from '../progress/terminal.js';

/** Without a file, this many rejects are printed; the others are only counted. */
const MAX_PRINTED = 20;

/** Opens where a command's rejects go: a file, or the terminal if there is none. */
export function openRejects(path: string | undefined): RejectsFile {
  return path === undefined ? printRejects() : writeRejects(path);
}

function printRejects(): RejectsFile {
  let count = 0;
  return {
    rejects({ stage, reason, path, line, record }) {
      count += 1;
      if (count > MAX_PRINTED) return;
      const location = path === undefined ? '' : ` ${path}:${line}`;
      const id = typeof record === 'object' && record !== null && 'id' in record ? ` ${JSON.stringify(record.id)}` : '';
      say(`rareflow: rejected by ${stage}${location}${id}: ${reason}`);
      if (count === MAX_PRINTED) say('rareflow: further rejects are only counted; --rejects FILE keeps them all');
    },
    get count() {
      return count;
    },
    close() {},
  };
}

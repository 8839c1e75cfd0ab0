import { type RejectsFile, writeRejects } from '../../io/write/writeRejects.js';
import { say } from '../progress/terminal.js';

/** So many rejects are told a line each when no file takes them; the others are only counted. */
const told = 20;

/** Where a command's rejects go: a file, or else the terminal. */
export function openRejects(path: string | undefined): RejectsFile {
  return path === undefined ? tellRejects() : writeRejects(path);
}

function tellRejects(): RejectsFile {
  let count = 0;
  return {
    rejects({ stage, reason, path, line, record }) {
      count += 1;
      if (count > told) return;
      const where = path === undefined ? '' : ` ${path}:${line}`;
      const id = typeof record === 'object' && record !== null && 'id' in record ? ` ${JSON.stringify(record.id)}` : '';
      say(`rareflow: rejected by ${stage}${where}${id}: ${reason}`);
      if (count === told) say('rareflow: further rejects are only counted; --rejects FILE keeps them all');
    },
    get count() {
      return count;
    },
    close() {},
  };
}

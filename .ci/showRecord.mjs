// The end of `npm start`: prints one record of the output in short, and where to look next.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const WIDTH = 88;
const INDENT = ' '.repeat(12);

/** Returns the lines that show a record: what was asked, by which documents, and how the answer begins. */
export function recordLines(record) {
  const {
    id,
    text,
    title,
    question,
    scenario,
    reasoning,
    hard_negatives: negatives = [],
    _rareflow: made = {},
  } = record;
  const mined = made.bm25_hard_neg?.negatives ?? [];
  const documents = negatives.map((negative, index) => {
    const rank = mined[index] === undefined ? '' : `${mined[index].id}, rank ${mined[index].rank}: `;
    return `${rank}${firstWords(negative, 60)}`;
  });
  const isMechanical = Object.values(made).some(({ model }) => model === 'offline');
  return [
    ...field('question', question),
    ...field('scenario', scenario),
    ...field('document', `${[id, title].filter(Boolean).join(', ')}: ${firstWords(text, 60)}`),
    ...documents.flatMap((line, index) => field(index === 0 ? 'negatives' : '', line)),
    ...String(reasoning ?? '')
      .split('\n')
      .filter(Boolean)
      .slice(0, 3)
      .flatMap((line, index) => field(index === 0 ? 'reasoning' : '', firstWords(line, 110))),
    ...(isMechanical
      ? ['', 'The offline model strings words of the texts together: judge the form of this record, not its content.']
      : []),
  ];
}

/** Wraps a text behind its name. */
function field(name, text = '') {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1);
    if (line !== '' && line.length + word.length + 1 > WIDTH - INDENT.length) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line, index) => `${(index === 0 ? `  ${name}` : '').padEnd(INDENT.length)}${line}`);
}

function firstWords(text, length) {
  return text.length <= length ? text : `${text.slice(0, text.lastIndexOf(' ', length))} …`;
}

const [, script, file] = process.argv;
if (import.meta.url === pathToFileURL(script).href) {
  const [first] = readFileSync(file, 'utf8').split('\n', 1);
  const next = [
    ['all records', `npm run -s rareflow -- view ${file}`],
    ['a page about the run', `npm run -s rareflow -- report ${file}`],
    ['your model', 'README.md, "Your model"; recipes: examples/README.md'],
  ];
  const shown = ['', `The first record of ${file}, in short:`, '', ...recordLines(JSON.parse(first)), '', 'Next:'];
  process.stdout.write(`${[...shown, ...next.map(([what, how]) => `  ${what.padEnd(21)} ${how}`)].join('\n')}\n`);
}

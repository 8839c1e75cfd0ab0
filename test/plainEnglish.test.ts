import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { root } from './support/command.js';

/** Files whose words are data: prompts (their versions depend on them), and what real servers answer. */
const exempt =
  /^(src\/operators\/\w+\/prompt\.ts|src\/standIn\/profiles\/.*|src\/llm\/offline\/.*|test\/plainEnglish\.test\.ts)$/;

interface Rule {
  pattern: RegExp;
  instead: string;
}

const rules: Rule[] = [
  { pattern: /\bso (many|long)\b/i, instead: 'N, this long' },
  { pattern: /(?<!\bthere )\bis no (?!longer\b|more than\b|less than\b)\w+/i, instead: 'is not a …' },
  { pattern: /\btold\b/i, instead: 'reported, passed, set' },
  { pattern: /\bmend(s|ed|ing)?\b/i, instead: 'fix, merge' },
  { pattern: /\banew\b/i, instead: 'again' },
  { pattern: /\bbesides\b/i, instead: 'also, except' },
  { pattern: /\b(go|goes|going|gone|went) on with\b/i, instead: 'resume, continue' },
  { pattern: /\bof (your|one's) own\b/i, instead: 'custom' },
  { pattern: /(?<!hiker )\b(stands|stood)\b(?! for\b)/i, instead: 'is, was' },
  { pattern: /\bin the place of\b|\bput in its place\b/i, instead: 'replaces' },
  { pattern: /\btells? (what|whether|the|that|its)\b|\buntold\b/i, instead: 'reports, names, shows' },
  { pattern: /\b(is|are) none of (ours|theirs)\b|\bas good as\b/i, instead: 'is not our …, is like' },
  { pattern: /\b(only|fails?) where\b|\bwhere (there (is|are|was|were)|not|none)\b/i, instead: 'if, when' },
  { pattern: /\bby way of\b|\bin lots\b|\bborne\b|\bfound wrong\b|\bmay stand\b/i, instead: 'the plain verb' },
  { pattern: /\b(lanes?|settlers?|tally|tallies)\b/i, instead: "the field's term: semaphore, ledger, progress" },
];

/** A doc comment opens with a verb or a noun. */
const openings: Rule[] = [
  { pattern: /^\/\*\*[\s*]*(What|Whether|How|Where|Of|So many|Who|Whom|Why)\b/, instead: 'a verb or a noun first' },
];

interface Finding {
  file: string;
  line: number;
  text: string;
  instead: string;
}

/** Comments, and strings of several words. */
const WORDS_OF_CODE = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

/** Names of a phase, an option and a file that earlier versions wrote: they cannot change. */
const STORED = /(['"`.])(mending|mended|mends)(?=['"`])/g;

function findingsIn(file: string): Finding[] {
  const content = readFileSync(path.join(root, file), 'utf8').replace(STORED, '$1');
  const parts = file.endsWith('.md')
    ? [{ text: content, index: 0, all: rules }]
    : [...content.matchAll(WORDS_OF_CODE)].map(({ 0: text, index }) => ({ text, index, all: [...rules, ...openings] }));
  return parts.flatMap(({ text, index, all }) =>
    all.flatMap(({ pattern, instead }) =>
      [...text.matchAll(new RegExp(pattern, `${pattern.flags}g`))].map((match) => ({
        file,
        line: content.slice(0, index + match.index).split('\n').length,
        text: match[0].replace(/\s*\n\s*\*?\s*/g, ' '),
        instead,
      })),
    ),
  );
}

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => /^(src|test|bench|examples|\.github)\/|^[^/]+$/.test(file) && /\.(ts|md)$/.test(file))
  .filter((file) => !exempt.test(file))
  .sort();

const wording = ({ file, line, text, instead }: Finding) => `${file}:${line}: "${text}" → ${instead}`;

test('pages, messages, comments and test names are in plain English', () => {
  assert.deepEqual(files.flatMap(findingsIn).map(wording), []);
});

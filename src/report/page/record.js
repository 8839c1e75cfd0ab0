import { barSvg } from './charts.js';
import { h } from './dom.js';
import { formatCount, formatNoun, formatValue, stageName } from './format.js';
import { marked, wordsOf } from './words.js';

/** @import { Entry, EntryVerdict, StageFacts } from '../entry.js' */

/**
 * A whole record: question and scenario, the document beside the negatives, the reasoning, and how it was made.
 *
 * @param {Entry} entry
 * @param {Record<string, string>} warningNames
 */
export function recordView(entry, warningNames) {
  const { question, scenario, reasoning, rejected, stages } = entry;
  const words = wordsOf(question ?? '');
  return h(
    'article',
    { class: 'record', tabindex: -1, 'aria-labelledby': 'record-name' },
    h(
      'header',
      null,
      h(
        'p',
        { class: 'eyebrow' },
        h(
          'span',
          { id: 'record-name' },
          `${rejected === undefined ? 'Record' : 'Reject'} ${formatCount(entry.number)}`,
        ),
        entry.id !== undefined && h('code', null, entry.id),
        h('span', { class: 'quiet' }, entry.language === 'none' ? '' : entry.language),
      ),
      question !== undefined && h('h3', { class: 'question' }, question),
      scenario !== undefined && h('p', { class: 'scenario' }, scenario),
      entry.warnings.length > 0 &&
        h(
          'ul',
          { class: 'flags' },
          ...entry.warnings.map((name) => h('li', { class: 'warned' }, warningNames[name] ?? name)),
        ),
    ),
    rejected !== undefined && rejectPart(rejected),
    documents(entry, words),
    reasoning !== undefined && reasoningPart(reasoning, words),
    entry.judged.length > 0 && verdictsPart('Verdicts on the question', entry.judged),
    entry.samples.length > 0 && samplesPart(entry.samples),
    stages.length > 0 && makingPart(stages),
  );
}

/** @param {NonNullable<Entry['rejected']>} rejected */
function rejectPart({ stage, reason, attempts, answer }) {
  return h(
    'section',
    { class: 'reject' },
    h(
      'h4',
      null,
      `Rejected by ${stageName(stage)}`,
      attempts !== undefined && ` after ${formatNoun(attempts, 'request')}`,
    ),
    h('p', { class: 'reason' }, reason),
    answer !== undefined && h('h4', null, 'The last answer'),
    answer !== undefined && h('pre', null, answer),
  );
}

/** @param {Entry} entry @param {Set<string>} words */
function documents({ text, title, positive, positives, negatives }, words) {
  if (text === undefined && negatives.length + positives.length === 0) return null;
  const scores = [positive, ...negatives].map(({ score }) => score ?? 0);
  const most = Math.max(...scores, 1e-9);
  return h(
    'div',
    { class: 'documents' },
    text !== undefined && documentCard({ name: 'Document', kind: 'positive', title, text, most, ...positive }, words),
    ...positives.map((other, index) =>
      documentCard(
        { name: `Further positive ${index + 1}`, kind: 'positive', title: undefined, text: other, most },
        words,
      ),
    ),
    ...negatives.map((negative, index) =>
      documentCard({ name: `Negative ${index + 1}`, kind: 'negative', title: negative.id, most, ...negative }, words),
    ),
  );
}

/**
 * @param {{ name: string, kind: string, title: string | undefined, text: string, rank?: number | undefined, score?: number | undefined, verdict?: EntryVerdict | undefined, most: number }} document
 * @param {Set<string>} words
 */
function documentCard({ name, kind, title, text, rank, score, verdict, most }, words) {
  return h(
    'section',
    { class: `document ${kind}` },
    h(
      'h4',
      null,
      name,
      h(
        'span',
        { class: 'place' },
        [rank !== undefined && `rank ${formatCount(rank)}`, score !== undefined && `score ${score.toFixed(2)}`]
          .filter(Boolean)
          .join(' · '),
      ),
    ),
    score !== undefined && h('div', { class: 'score' }, barSvg(score / most)),
    title !== undefined && title !== '' && h('p', { class: 'title' }, title),
    verdict !== undefined &&
      h('p', { class: 'title' }, `${verdict.name}: ${verdict.verdict}`, verdict.reason && ` (${verdict.reason})`),
    h('p', { class: 'text' }, ...marked(text, words)),
  );
}

/** The verdicts of a judge, with their reasons. @param {string} heading @param {EntryVerdict[]} verdicts */
function verdictsPart(heading, verdicts) {
  return h(
    'section',
    { class: 'making' },
    h('h4', null, heading),
    h(
      'dl',
      { class: 'makers' },
      ...verdicts.flatMap(({ name, verdict, reason }) => [
        h('dt', null, criterionName(name)),
        h('dd', { class: verdict === 'no' ? 'failed' : '' }, [verdict, reason].filter(Boolean).join(' · ')),
      ]),
    ),
  );
}

/** `needsReasoning` → `needs reasoning`. @param {string} name */
const criterionName = (name) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** @param {Entry['samples']} samples */
function samplesPart(samples) {
  const verdicts = samples.map(({ accepted, reason }, index) => ({
    name: `sample ${index + 1}`,
    verdict: accepted ? 'accepted' : 'refused',
    reason,
  }));
  return verdictsPart('Samples of the reasoning', verdicts);
}

/** @param {string} reasoning @param {Set<string>} words */
function reasoningPart(reasoning, words) {
  const [, thinking, answer] = /^\s*<think>([\s\S]*?)<\/think>([\s\S]*)$/.exec(reasoning) ?? [];
  return h(
    'section',
    { class: 'reasoning' },
    h('h4', null, thinking === undefined ? 'Reasoning' : 'Thinking'),
    h(
      'p',
      { class: thinking === undefined ? 'text' : 'text thinking' },
      ...marked((thinking ?? reasoning).trim(), words),
    ),
    answer !== undefined && h('h4', null, 'Answer'),
    answer !== undefined &&
      h('p', { class: 'text' }, ...marked(answer.replace(/^\s*<answer>|<\/answer>\s*$/g, '').trim(), words)),
  );
}

/** @param {StageFacts[]} stages */
function makingPart(stages) {
  return h(
    'section',
    { class: 'making' },
    h('h4', null, 'How it was made'),
    h(
      'dl',
      { class: 'makers' },
      ...stages.flatMap((stage) => [h('dt', null, stageName(stage.name)), h('dd', null, madeBy(stage))]),
    ),
  );
}

/** @param {StageFacts} stage */
function madeBy({ model, prompt, attempts, promptTokens, completionTokens, finishReason, estimated }) {
  const tokens =
    promptTokens === undefined
      ? undefined
      : `${formatCount(promptTokens)} + ${formatValue(completionTokens ?? 0)} tokens${estimated ? ' (estimated)' : ''}`;
  const requests = attempts === undefined ? undefined : formatNoun(attempts, 'request');
  const finish = finishReason === undefined || finishReason === 'stop' ? undefined : `ended by ${finishReason}`;
  const parts = [model, prompt, requests, tokens, finish].filter((part) => part !== undefined);
  return parts.length === 0 ? 'no model' : parts.join(' · ');
}

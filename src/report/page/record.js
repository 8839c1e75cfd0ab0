import { barSvg } from './charts.js';
import { h } from './dom.js';
import { formatCount, formatNoun, formatValue, stageName } from './format.js';
import { marked, wordsOf } from './words.js';

/** @import { Entry, StageFacts } from '../entry.js' */

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
function documents({ text, title, positive, negatives }, words) {
  if (text === undefined && negatives.length === 0) return null;
  const scores = [positive, ...negatives].map(({ score }) => score ?? 0);
  const most = Math.max(...scores, 1e-9);
  return h(
    'div',
    { class: 'documents' },
    text !== undefined && documentCard({ name: 'Document', kind: 'positive', title, text, most, ...positive }, words),
    ...negatives.map((negative, index) =>
      documentCard({ name: `Negative ${index + 1}`, kind: 'negative', title: negative.id, most, ...negative }, words),
    ),
  );
}

/**
 * @param {{ name: string, kind: string, title: string | undefined, text: string, rank?: number | undefined, score?: number | undefined, most: number }} document
 * @param {Set<string>} words
 */
function documentCard({ name, kind, title, text, rank, score, most }, words) {
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
    h('p', { class: 'text' }, ...marked(text, words)),
  );
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

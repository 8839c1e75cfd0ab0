import { HARD_QUERY } from '../../record.js';
import type { ChatMessage, ChatModel } from '../chatModel.js';
import { estimateUsage } from '../cost/estimateTokens.js';
import { systemClock } from '../limits/clock.js';
import { judgedRequest } from './judgedMaterial.js';
import { offlineVerdicts } from './offlineJudge.js';
import { frequentWords, mostSimilar, scriptOf, sentences, wordSet } from './text.js';

export interface OfflineModelOptions {
  /** The time that each answer takes, in milliseconds (0). */
  delayMs?: number | undefined;
  /** Chooses among the phrasings (0). */
  seed?: number | undefined;
}

/**
 * Makes the model `offline`, which needs no network: a deterministic, extractive writer. It only exercises the pipeline, and
 * its output is not training data: it picks words and sentences out of the prompt and understands nothing.
 */
export function offlineModel({ delayMs = 0, seed = 0 }: OfflineModelOptions = {}): ChatModel {
  return {
    name: 'offline',
    async complete(request, { signal } = {}) {
      signal?.throwIfAborted();
      if (delayMs > 0) await systemClock.sleep(delayMs, signal);
      const text = offlineAnswer(request.messages, seed);
      const usage = estimateUsage(request, text);
      return { text, model: 'offline', finishReason: 'stop', usage, attempts: 1 };
    },
  };
}

const quotedKey = `"${HARD_QUERY}"`;
const QUERY_LIST = new RegExp(`${quotedKey}\\s*:\\s*\\[([^[\\]]*)\\]`);

/**
 * Writes the answer to a prompt that asks a judge, for questions (recognised by `HARD_QUERY` in quotes) or for reasoning. The
 * material is the text between the first opening and the last closing tag (`<document>`; `<question>` and `<documents>`) of
 * the last user message that has them, so asking again changes nothing; without tags it is the whole first user message.
 * Never empty.
 */
export function offlineAnswer(messages: ChatMessage[], seed = 0): string {
  const judged = judgedRequest(messages);
  if (judged !== undefined) return offlineVerdicts(judged);
  const asked = messages.filter(({ role }) => role === 'user');
  const tagged = asked.findLast(({ content }) => content.includes('</document'));
  const material = (tagged ?? asked[0])?.content ?? '';
  const form = messages.find(({ content }) => content.includes(quotedKey))?.content;
  const asksForQuery = form !== undefined && !holdsDocuments(material);
  return asksForQuery ? writeQuery(material, { seed, count: queriesIn(form) }) : writeReasoning(material);
}

/** Returns the number of questions that a form asks for: as many as its list shows; undefined for one without a list. */
function queriesIn(form: string): number | undefined {
  const list = QUERY_LIST.exec(form)?.[1];
  return list?.split('"question"').slice(1).length;
}

/** A document may contain any literal and any tag, so the outermost tag decides. */
function holdsDocuments(material: string): boolean {
  const at = openingTag(material, 'documents')?.index;
  const single = openingTag(material, 'document')?.index;
  return at !== undefined && (single === undefined || at < single);
}

/** Finds an opening tag; its name may end in a hyphen and digits that no document holds. */
function openingTag(text: string, name: string): RegExpExecArray | null {
  return new RegExp(`<${name}(-[0-9a-f]{12})?>`).exec(text);
}

function between(text: string, name: string): string | undefined {
  const open = openingTag(text, name);
  if (open === null) return undefined;
  const start = open.index + open[0].length;
  const close = text.lastIndexOf(`</${name}${open[1] ?? ''}>`);
  return close < start ? undefined : text.slice(start, close);
}

const queryForms = {
  latin: [
    ([a, b, c]: string[]) => ({
      question: `How does ${a} depend on ${b}, and what follows for ${c} when one of the two changes?`,
      scenario: `A team that works with ${a} has to decide what to do about ${b}, and every choice also touches ${c}.`,
    }),
    ([a, b, c]: string[]) => ({
      question: `Why would a change in ${a} alter ${b}, and which step between them decides the outcome for ${c}?`,
      scenario: `Somebody responsible for ${c} notices that ${a} and ${b} no longer agree and looks for the reason.`,
    }),
  ],
  cjk: [
    ([a, b, c]: string[]) => ({
      question: `${a}与${b}之间有什么关系？其中之一发生变化时，${c}会受到怎样的影响？`,
      scenario: `一个研究${a}的团队必须决定如何处理${b}，而每种选择都会影响${c}。`,
    }),
    ([a, b, c]: string[]) => ({
      question: `为什么${a}的变化会影响${b}？其中哪一步决定了${c}的结果？`,
      scenario: `负责${c}的人发现${a}与${b}不再一致，正在寻找原因。`,
    }),
  ],
};

function writeQuery(prompt: string, { seed, count }: { seed: number; count: number | undefined }): string {
  const material = between(prompt, 'document') ?? prompt;
  const script = scriptOf(material);
  const words = frequentWords(material, script, 2 + (count ?? 1));
  const forms = queryForms[script];
  const queries = Array.from({ length: count ?? 1 }, (_, index) => {
    const [a = '', b = a, c = b] = [...words.slice(index % words.length), ...words.slice(0, index % words.length)];
    const round = Math.floor(index / words.length); // when the words are used up, they are reused in the next form
    const form = forms[Math.abs(Math.trunc(seed) + round) % forms.length] ?? forms[0];
    return form?.([a, b, c]);
  });
  const analysis = `The material turns on ${words[0]}; a question about it needs more than one step.`;
  const json = JSON.stringify({ analysis, [HARD_QUERY]: count === undefined ? queries[0] : queries });
  return `\`\`\`json\n${json}\n\`\`\`\n`;
}

function writeReasoning(prompt: string): string {
  const question = between(prompt, 'question')?.trim() || (sentences(prompt)[0] ?? '');
  const documents = between(prompt, 'documents') ?? prompt;
  const script = scriptOf(question === '' ? documents : question);
  const words = wordSet(question, script);
  const paragraphs = documents.split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== '');
  const paragraph = mostSimilar(paragraphs, words, script);
  const quote = mostSimilar(sentences(paragraph), words, script).slice(0, 300) || question;
  const [subject = ''] = frequentWords(question, script, 1);
  if (script === 'cjk') {
    return [
      `1. 问题的核心是${subject}。`,
      `2. ${paragraphs.length}段材料中，有一段与问题最相关，其中写道：“${quote}”`,
      `3. 其余内容没有更直接地谈到${subject}，因此以这一句为依据。`,
      `\n答案：${quote}`,
    ].join('\n');
  }
  const count = paragraphs.length === 1 ? 'the one passage' : `the ${paragraphs.length} passages`;
  return [
    `1. The essential problem is what can be said about ${subject}.`,
    `2. Of ${count} given, one shares most with the question. It says: "${quote}"`,
    `3. Nothing else speaks of ${subject} more directly, so the conclusion rests on that sentence.`,
    `\nAnswer: ${quote}`,
  ].join('\n');
}

import { reasoningCriteria } from '../../record.js';
import { criteriaAnswer, documentsAnswer, type JudgedRequest } from './judgedMaterial.js';
import { mostSimilar, scriptOf, sentences, wordSet } from './text.js';

/** Phrases by which a question names its source. */
const SOURCE = /\b(the|this) (document|text|passage|article|paper|author)\b|本文|文档|文中|作者/i;

/**
 * Writes verdicts by plain rules, which know nothing of meaning: a document answers if it has three quarters of the words of
 * the question, and answers partly if it has half; a question is good if it shares a word with its document, does not name its source and has five
 * words; reasoning is accepted if it shares a word with the question. Each reason says that a rule gave it.
 */
export function offlineVerdicts(request: JudgedRequest): string {
  const { kind, question, scenario, documents } = request;
  const script = scriptOf(question);
  const asked = wordSet(question, script);
  const shareOf = (text: string) => {
    const own = wordSet(text, script);
    return asked.size === 0 ? 0 : [...asked].filter((word) => own.has(word)).length / asked.size;
  };
  if (kind === 'documents') {
    return documentsAnswer(
      documents.map(({ id, text }) => {
        const share = shareOf(text);
        const verdict = share >= 0.75 ? 'answers' : share >= 0.5 ? 'partly' : 'no';
        const snippet = verdict === 'no' ? '' : mostSimilar(sentences(text), asked, script).slice(0, 200);
        return { id, reason: `offline rule: ${Math.round(100 * share)} % of the question's words`, snippet, verdict };
      }),
    );
  }
  const rule = (verdict: boolean, reason: string) => ({ reason: `offline rule: ${reason}`, verdict });
  if (kind === 'reasoning') {
    const { id = '', text = '' } = documents.at(-1) ?? {};
    const share = shareOf(text);
    const held = rule(share > 0, `${Math.round(100 * share)} % of the question's words`);
    return criteriaAnswer(kind, id, Object.fromEntries(reasoningCriteria.map((name) => [name, held])));
  }
  const [document = { id: '', text: '' }] = documents;
  const namesSource = SOURCE.test(question) || SOURCE.test(scenario);
  const isLong = [...question].length >= 12;
  return criteriaAnswer(kind, document.id, {
    selfContained: rule(!namesSource, namesSource ? 'it names its source' : 'it does not name its source'),
    answerable: rule(shareOf(document.text) > 0, "the share of the question's words in the document"),
    needsReasoning: rule(isLong, 'the length of the question'),
    noLeak: rule(!document.text.includes(question), 'the question is not a sentence of the document'),
    oneAnswer: rule(isLong, 'the length of the question'),
  });
}

import { documentsAnswer, type JudgedRequest, questionAnswer } from './judgedMaterial.js';
import { mostSimilar, scriptOf, sentences, wordSet } from './text.js';

/** Phrases by which a question names its source. */
const SOURCE = /\b(the|this) (document|text|passage|article|paper|author)\b|本文|文档|文中|作者/i;

/**
 * Writes verdicts by plain rules, which know nothing of meaning: a document answers if it has three quarters of the words of
 * the question, and answers partly if it has half; a question is good if it shares a word with its document, does not name its source and has five
 * words. Each reason says that a rule gave it.
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
  const [document = { id: '', text: '' }] = documents;
  const rule = (verdict: boolean, reason: string) => ({ reason: `offline rule: ${reason}`, verdict });
  const namesSource = SOURCE.test(question) || SOURCE.test(scenario);
  const isLong = [...question].length >= 12;
  return questionAnswer(document.id, {
    selfContained: rule(!namesSource, namesSource ? 'it names its source' : 'it does not name its source'),
    answerable: rule(shareOf(document.text) > 0, "the share of the question's words in the document"),
    needsReasoning: rule(isLong, 'the length of the question'),
    noLeak: rule(!document.text.includes(question), 'the question is not a sentence of the document'),
    oneAnswer: rule(isLong, 'the length of the question'),
  });
}

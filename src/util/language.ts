/** The languages that our prompts are written in. */
export type PromptLanguage = 'en' | 'zh';

/** Texts are judged by their beginning. */
const sampleLength = 2000;

/**
 * The language to prompt in for a text: Chinese where at least 3 in 10 of its letters are Han and it has no kana or Hangul,
 * English otherwise (its prompts ask for the language of the document).
 */
export function promptLanguage(text: string): PromptLanguage {
  const sample = text.slice(0, sampleLength);
  if (!/\p{Script=Han}/u.test(sample)) return 'en';
  if (/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(sample)) return 'en';
  const han = sample.match(/\p{Script=Han}/gu)?.length ?? 0;
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  return han >= 0.3 * letters ? 'zh' : 'en';
}

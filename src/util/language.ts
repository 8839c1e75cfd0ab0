/** The languages of the built-in prompts. */
export type PromptLanguage = 'en' | 'zh';

/** The characters at the start of a text that decide its language. */
const SAMPLE_LENGTH = 2000;

/**
 * Returns the language to prompt in for a text: Chinese if at least 3 in 10 of its letters are Han and it has no kana or
 * Hangul, English otherwise (its prompts ask for the language of the document).
 */
export function promptLanguage(text: string): PromptLanguage {
  const sample = text.slice(0, SAMPLE_LENGTH);
  if (!/\p{Script=Han}/u.test(sample)) return 'en';
  if (/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(sample)) return 'en';
  const han = sample.match(/\p{Script=Han}/gu)?.length ?? 0;
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  return han >= 0.3 * letters ? 'zh' : 'en';
}

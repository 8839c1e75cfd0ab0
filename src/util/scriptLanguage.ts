/** The language is decided by the start of a text. */
const LANGUAGE_SAMPLE_LENGTH = 400;

const scriptPatterns: [name: string, letters: RegExp][] = [
  ['Japanese', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ['Korean', /\p{Script=Hangul}/gu],
  ['Chinese', /\p{Script=Han}/gu],
  ['Cyrillic', /\p{Script=Cyrillic}/gu],
  ['Arabic', /\p{Script=Arabic}/gu],
  ['Hebrew', /\p{Script=Hebrew}/gu],
  ['Greek', /\p{Script=Greek}/gu],
  ['Indic', /[\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Telugu}]/gu],
  ['Thai', /\p{Script=Thai}/gu],
];

/** The values that `scriptLanguage` can return. */
export const scriptLanguages = ['Latin', ...scriptPatterns.map(([name]) => name), 'none'];

/** Returns the language of a text by its script: the first that has at least 1 in 10 of the letters, else Latin. */
export function scriptLanguage(text: string): string {
  const sample = text.slice(0, LANGUAGE_SAMPLE_LENGTH);
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return 'none';
  if (!/[\u0370-\uffff]/.test(sample)) return 'Latin';
  return scriptPatterns.find(([, script]) => (sample.match(script)?.length ?? 0) >= letters / 10)?.[0] ?? 'Latin';
}

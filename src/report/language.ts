/** Texts are judged by their beginning. */
const sampleLength = 400;

const scripts: [name: string, letters: RegExp][] = [
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

/** What `languageOf` may give. */
export const languages = ['Latin', ...scripts.map(([name]) => name), 'none'];

/** The language of a text as far as its script tells it: where one of these has 1 in 10 of the letters, that; else Latin. */
export function languageOf(text: string): string {
  const sample = text.slice(0, sampleLength);
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return 'none';
  if (!/[\u0370-\uffff]/.test(sample)) return 'Latin';
  return scripts.find(([, script]) => (sample.match(script)?.length ?? 0) >= letters / 10)?.[0] ?? 'Latin';
}

import { CharClass as C, charClass } from './wordBreak.js';

/** Joins adjacent words of single characters into runs and writes the overlapping pairs of each run. */
export class BigramWriter {
  readonly #tokens: string[] = [];
  #run: string[] = [];
  #end = -1;

  word(term: string): void {
    this.#endRun();
    this.#tokens.push(term);
  }

  run(chars: string, start: number, end: number): void {
    if (start !== this.#end) this.#endRun();
    this.#run.push(...chars);
    this.#end = end;
  }

  finish(): string[] {
    this.#endRun();
    return this.#tokens;
  }

  #endRun(): void {
    const run = this.#run;
    if (run.length === 1) this.#tokens.push(run[0] as string);
    for (let at = 1; at < run.length; at++) this.#tokens.push(`${run[at - 1]}${run[at]}`);
    if (run.length > 0) this.#run = [];
  }
}

const HANGUL = /^[\p{Script=Hangul}\p{Grapheme_Extend}\p{Mc}\p{Cf}]+$/u;

/** True for a word of Han, Hiragana, Katakana or Hangul alone. */
export function isCjkWord(word: string): boolean {
  const first = word.codePointAt(0) as number;
  if (first < 0x1100) return false;
  const classes = charClass(first);
  if ((classes & C.single) !== 0) return true;
  if ((classes & C.katakana) !== 0) return consistsOf(word, C.katakana | C.ignorable);
  return (classes & C.letter) !== 0 && HANGUL.test(word);
}

function consistsOf(word: string, classes: number): boolean {
  for (const char of word) if ((charClass(char.codePointAt(0) as number) & classes) === 0) return false;
  return true;
}

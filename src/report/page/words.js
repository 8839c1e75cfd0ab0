import { h } from './dom.js';

const wordPattern = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]+|[\p{L}\p{M}\p{N}]+/gu;
const unspaced = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
const tooCommon = new Set(
  'the and for are was were has have had does did can could may might will would should what which who whose when where why how not but its their there these those this that they them then than with from into onto about over under between because while also each other one two some any all more most such only own same both being been you your our his her him she out off per via'.split(
    ' ',
  ),
);

/**
 * The words of a question worth marking in a text: without the commonest, and of scripts without spaces each pair of characters.
 *
 * @param {string} question
 */
export function wordsOf(question) {
  const words = new Set();
  for (const [word] of question.matchAll(wordPattern)) {
    if (unspaced.test(word)) for (let at = 0; at + 1 < word.length; at++) words.add(word.slice(at, at + 2));
    else if (word.length > 2 && !tooCommon.has(word.toLowerCase())) words.add(stem(word));
  }
  return words;
}

/**
 * A text with the words marked that are among `words`.
 *
 * @param {string} text
 * @param {Set<string>} words
 * @returns {(Node | string)[]}
 */
export function marked(text, words) {
  /** @type {(Node | string)[]} */
  const parts = [];
  let done = 0;
  for (const { 0: word, index } of text.matchAll(wordPattern)) {
    for (const [from, to] of unspaced.test(word)
      ? pairRuns(word, words)
      : words.has(stem(word))
        ? [[0, word.length]]
        : []) {
      if (index + Number(from) > done) parts.push(text.slice(done, index + Number(from)));
      parts.push(h('mark', null, word.slice(from, to)));
      done = index + Number(to);
    }
  }
  parts.push(text.slice(done));
  return parts;
}

/** The stretches of a word that are made of known pairs. @param {string} word @param {Set<string>} words */
function pairRuns(word, words) {
  /** @type {[number, number][]} */
  const runs = [];
  for (let at = 0; at + 1 < word.length; at++) {
    if (!words.has(word.slice(at, at + 2))) continue;
    const last = runs.at(-1);
    if (last !== undefined && last[1] >= at) last[1] = at + 2;
    else runs.push([at, at + 2]);
  }
  return runs;
}

/** Roughly: enough to tell `tide` in `tides`. @param {string} word */
function stem(word) {
  return word.toLowerCase().replace(/(?<=\w{3})(?:ing|ed|es|s|e)$/, '');
}

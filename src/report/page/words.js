import { h } from './dom.js';

const WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]+|[\p{L}\p{M}\p{N}]+/gu;
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
const commonWords = new Set(
  'the and for are was were has have had does did can could may might will would should what which who whose when where why how not but its their there these those this that they them then than with from into onto about over under between because while also each other one two some any all more most such only own same both being been you your our his her him she out off per via'.split(
    ' ',
  ),
);

/**
 * Returns the words of a question to mark in a text: no common words; in scripts without spaces, each pair of characters.
 *
 * @param {string} question
 */
export function wordsOf(question) {
  const words = new Set();
  for (const [word] of question.matchAll(WORD)) {
    if (UNSPACED.test(word)) for (let at = 0; at + 1 < word.length; at++) words.add(word.slice(at, at + 2));
    else if (word.length > 2 && !commonWords.has(word.toLowerCase())) words.add(stem(word));
  }
  return words;
}

/**
 * Returns a text in which the words of `words` are marked.
 *
 * @param {string} text
 * @param {Set<string>} words
 * @returns {(Node | string)[]}
 */
export function marked(text, words) {
  /** @type {(Node | string)[]} */
  const parts = [];
  let done = 0;
  for (const { 0: word, index } of text.matchAll(WORD)) {
    for (const [from, to] of UNSPACED.test(word)
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

/** Returns the parts of a word that consist of known pairs. @param {string} word @param {Set<string>} words */
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

/** A rough stem, so that `tides` matches `tide`. @param {string} word */
function stem(word) {
  return word.toLowerCase().replace(/(?<=\w{3})(?:ing|ed|es|s|e)$/, '');
}

import { countWords, isBlankCode, isWide } from '../../util/words.js';

/** A passage: its place in the text, in UTF-16 units, and the headings above it. */
export interface PassageRange {
  start: number;
  end: number;
  heading?: string | undefined;
}

export interface PassageRules {
  by: 'sentences' | 'words' | 'headings';
  maxWords: number;
  overlap: number;
}

/** A part of a text that is not cut, and its size in half words. */
interface Atom {
  start: number;
  end: number;
  halfWords: number;
}

/** Yields the passages of a text, in order, without blanks at their edges. Takes time linear in the text. */
export function* passagesOf(text: string, { by, maxWords, overlap }: PassageRules): Generator<PassageRange> {
  const sections: Iterable<PassageRange> =
    by === 'headings' ? markdownSections(text) : [{ start: 0, end: text.length }];
  for (const { start, end, heading } of sections) {
    const atoms = by === 'words' ? wordAtoms(text, start, end) : sentenceAtoms(text, start, end, maxWords);
    for (const range of packed(atoms, 2 * maxWords, 2 * overlap)) {
      const trimmed = withoutBlanks(text, range);
      if (trimmed.start < trimmed.end) yield heading === undefined ? trimmed : { ...trimmed, heading };
    }
  }
}

/** Joins atoms to ranges of at most `most` half words. A range repeats at most `overlap` half words of the one before. */
function* packed(atoms: Iterable<Atom>, most: number, overlap: number): Generator<PassageRange> {
  let held: Atom[] = [];
  let size = 0;
  /** True if the range has an atom that the one before does not have. */
  let hasNew = false;
  for (const atom of atoms) {
    if (hasNew && size + atom.halfWords > most) {
      yield { start: (held[0] as Atom).start, end: (held.at(-1) as Atom).end };
      const room = Math.min(overlap, most - atom.halfWords);
      let kept = held.length;
      size = 0;
      while (kept > 0 && size + (held[kept - 1] as Atom).halfWords <= room) size += (held[--kept] as Atom).halfWords;
      held = held.slice(kept);
      hasNew = false;
    }
    held.push(atom);
    size += atom.halfWords;
    hasNew = true;
  }
  if (hasNew) yield { start: (held[0] as Atom).start, end: (held.at(-1) as Atom).end };
}

/** Yields the words between two places, each with the blanks after it; a wide character is a word of its own. */
function* wordAtoms(text: string, start: number, end: number): Generator<Atom> {
  let at = start;
  while (at < end) {
    const from = at;
    while (at < end && isBlankCode(text.charCodeAt(at))) at++;
    const first = text.charCodeAt(at);
    if (at < end && isWide(first)) at++;
    else while (at < end && !isBlankCode(text.charCodeAt(at)) && !isWide(text.charCodeAt(at))) at++;
    while (at < end && isBlankCode(text.charCodeAt(at))) at++;
    yield { start: from, end: at, halfWords: isWide(first) ? 1 : 2 };
  }
}

const sentenceSegmenter = new Intl.Segmenter('und', { granularity: 'sentence' });

/** Yields sentences (UAX #29, and the ends of paragraphs); one longer than `maxWords` is cut after words. */
function* sentenceAtoms(text: string, start: number, end: number, maxWords: number): Generator<Atom> {
  for (const paragraph of paragraphsOf(text, start, end)) {
    const part = text.slice(paragraph.start, paragraph.end);
    for (const { segment, index } of sentenceSegmenter.segment(part)) {
      const from = paragraph.start + index;
      const to = from + segment.length;
      const words = countWords(segment);
      if (words > maxWords) yield* wordAtoms(text, from, to);
      else yield { start: from, end: to, halfWords: 2 * words };
    }
  }
}

/** A segmenter copies what it is given: paragraphs are short. A longer one is cut at a blank. */
const MAX_SEGMENTED_CHARS = 16 * 1024;

function* paragraphsOf(text: string, start: number, end: number): Generator<{ start: number; end: number }> {
  let from = start;
  while (from < end) {
    const part = text.slice(from, Math.min(end, from + MAX_SEGMENTED_CHARS));
    const gap = part.indexOf('\n\n');
    let length = gap === -1 ? part.length : gap + 2;
    if (gap === -1 && from + length < end) {
      const blank = part.lastIndexOf(' ');
      if (blank > 0) length = blank + 1;
      else if (/[\uD800-\uDBFF]$/.test(part)) length--;
    }
    yield { start: from, end: from + length };
    from += length;
  }
}

/** Yields the sections of a Markdown text: each begins with its heading. Headings in fenced code do not count. */
function* markdownSections(text: string): Generator<PassageRange> {
  const above: string[] = [];
  let start = 0;
  let heading: string | undefined;
  let fence: string | undefined;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const next = newline === -1 ? text.length : newline + 1;
    const line = text.slice(at, Math.min(next, at + 500));
    const mark = /^ {0,3}(```|~~~)/.exec(line)?.[1];
    if (mark !== undefined && (fence === undefined || fence === mark)) fence = fence === undefined ? mark : undefined;
    const found = fence === undefined ? /^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*\s*$/.exec(line) : null;
    if (found !== null) {
      if (at > start) yield { start, end: at, heading };
      above.length = Math.min(above.length, (found[1] as string).length - 1);
      above.push((found[2] as string).trim());
      heading = above.filter((name) => name !== undefined && name !== '').join(' / ');
      start = at;
    }
    at = next;
  }
  if (start < text.length) yield { start, end: text.length, heading };
}

function withoutBlanks(text: string, { start, end }: PassageRange): PassageRange {
  let from = start;
  let to = end;
  while (from < to && isBlankCode(text.charCodeAt(from))) from++;
  while (to > from && isBlankCode(text.charCodeAt(to - 1))) to--;
  return { start: from, end: to };
}

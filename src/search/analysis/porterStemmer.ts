/**
 * Returns the Porter stem of a lower-case word, exactly as Lucene's PorterStemFilter computes it: words of one or two UTF-16 units
 * stay, every unit that is not a, e, i, o, u (or y after a consonant) counts as a consonant, digits and accents included.
 *
 * M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, with the departures of the author's own Java
 * program (`bli` and `logi` in step 2), which Lucene follows.
 */
export function porterStem(word: string): string {
  if (word.length < 3) return word;
  let stem = step1(word);
  stem = longestSuffix(stem, step2Suffixes, 0);
  stem = longestSuffix(stem, step3Suffixes, 0);
  stem = longestSuffix(stem, step4Suffixes, 1);
  return step5(stem);
}

/** Suffixes and what replaces them, by the code of the last letter but one: words are compared with few of them. */
type SuffixTable = Readonly<Record<number, readonly (readonly [suffix: string, replacement: string])[]>>;

function suffixTable(rows: readonly (readonly [suffix: string, replacement: string])[]): SuffixTable {
  const table: Record<number, (readonly [string, string])[]> = {};
  for (const row of rows) {
    const code = row[0].charCodeAt(row[0].length - 2);
    table[code] = [...(table[code] ?? []), row];
  }
  return table;
}

const step2Suffixes = suffixTable([
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['logi', 'log'],
]);

const step3Suffixes = suffixTable([
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
]);

const step4Suffixes = suffixTable(
  'al ance ence er ic able ible ant ement ment ent sion tion ou ism ate iti ous ive ize'
    .split(' ')
    .map((suffix) => [suffix, suffix.endsWith('ion') ? suffix.slice(0, 1) : '']),
);

/** Plurals, -ed, -ing, and y after a vowel. */
function step1(word: string): string {
  let stem = word;
  if (stem.endsWith('s')) {
    if (stem.endsWith('sses')) stem = stem.slice(0, -2);
    else if (stem.endsWith('ies')) stem = stem.slice(0, -2);
    else if (!stem.endsWith('ss')) stem = stem.slice(0, -1);
  }
  if (stem.endsWith('eed')) {
    if (stemMeasure(stem, stem.length - 3) > 0) stem = stem.slice(0, -1);
  } else {
    const cut = stem.endsWith('ed') ? 2 : stem.endsWith('ing') ? 3 : 0;
    if (cut > 0 && hasVowel(stem, stem.length - cut)) stem = restoreEnding(stem.slice(0, -cut));
  }
  if (stem.endsWith('y') && hasVowel(stem, stem.length - 1)) stem = `${stem.slice(0, -1)}i`;
  return stem;
}

/** Restores what -ed and -ing had changed: hopp → hop, siz → size. */
function restoreEnding(stem: string): string {
  if (stem.endsWith('at') || stem.endsWith('bl') || stem.endsWith('iz')) return `${stem}e`;
  if (endsInDoubleConsonant(stem)) return /[lsz]$/.test(stem) ? stem : stem.slice(0, -1);
  return stemMeasure(stem, stem.length) === 1 && endsInShortSyllable(stem, stem.length) ? `${stem}e` : stem;
}

/** A final e, and ll → l. */
function step5(word: string): string {
  let stem = word;
  const m = stemMeasure(stem, stem.length);
  if (stem.endsWith('e')) {
    const before = stemMeasure(stem, stem.length - 1);
    if (before > 1 || (before === 1 && !endsInShortSyllable(stem, stem.length - 1))) stem = stem.slice(0, -1);
  }
  return stem.endsWith('ll') && m > 1 ? stem.slice(0, -1) : stem;
}

/**
 * Replaces the first suffix of the table that the word has, if the part before it has a measure over `floor`. In step 4, where `floor`
 * is 1, the s or t of -sion and -tion belongs to that part.
 */
function longestSuffix(word: string, table: SuffixTable, floor: number): string {
  const rows = table[word.charCodeAt(word.length - 2)];
  if (rows === undefined) return word;
  for (const [suffix, replacement] of rows) {
    if (!word.endsWith(suffix)) continue;
    const length = word.length - suffix.length;
    const kept = floor > 0 ? length + replacement.length : length;
    return stemMeasure(word, kept) > floor ? word.slice(0, length) + replacement : word;
  }
  return word;
}

function isConsonant(word: string, at: number): boolean {
  switch (word.charCodeAt(at)) {
    case 97: // a
    case 101: // e
    case 105: // i
    case 111: // o
    case 117: // u
      return false;
    case 121: // y
      return at === 0 || !isConsonant(word, at - 1);
    default:
      return true;
  }
}

/** Porter's m: the number of vowel-consonant sequences in the first `length` units. */
function stemMeasure(word: string, length: number): number {
  let m = 0;
  let afterVowel = false;
  for (let at = 0; at < length; at++) {
    const consonant = isConsonant(word, at);
    if (consonant && afterVowel) m++;
    afterVowel = !consonant;
  }
  return m;
}

function hasVowel(word: string, length: number): boolean {
  for (let at = 0; at < length; at++) if (!isConsonant(word, at)) return true;
  return false;
}

function endsInDoubleConsonant(word: string): boolean {
  const last = word.length - 1;
  return last > 0 && word.charCodeAt(last) === word.charCodeAt(last - 1) && isConsonant(word, last);
}

/** Consonant, vowel, consonant other than w, x and y: Porter's *o. */
function endsInShortSyllable(word: string, length: number): boolean {
  const last = length - 1;
  if (last < 2 || !isConsonant(word, last) || isConsonant(word, last - 1) || !isConsonant(word, last - 2)) return false;
  return !'wxy'.includes(word.charAt(last));
}

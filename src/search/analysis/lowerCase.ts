/** Java's Character.toLowerCase of each code point: unlike toLowerCase(), İ is one letter and Σ has no final form. */
export function lowerCase(word: string): string {
  return word.replaceAll('\u0130', 'i').replaceAll('\u03a3', '\u03c3').toLowerCase();
}

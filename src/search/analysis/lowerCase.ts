/** Java's Character.toLowerCase of each code point: unlike toLowerCase(), İ is one letter and Σ has no final form. */
export function lowerCase(word: string): string {
  if (!/[\u0130\u03a3]/.test(word)) return word.toLowerCase();
  return word.replaceAll('\u0130', 'i').replaceAll('\u03a3', '\u03c3').toLowerCase();
}

import { createHash } from 'node:crypto';

/**
 * Returns what to append to the names of the tags around some texts: nothing, unless a text holds one of their closing tags.
 * Then it is a hyphen and 12 digits that no text holds, made of the texts themselves: the same texts always make the same
 * prompt, and none of them can end its own part of it.
 */
export function fenceSuffix(tags: string[], texts: string[]): string {
  const closing = new RegExp(`<\\s*/\\s*(?:${tags.join('|')})\\b`, 'i');
  if (!texts.some((text) => closing.test(text))) return '';
  for (let attempt = 0; ; attempt++) {
    const hash = createHash('sha256')
      .update(JSON.stringify([attempt, texts]))
      .digest('hex');
    const suffix = `-${hash.slice(0, 12)}`;
    if (!texts.some((text) => text.includes(suffix))) return suffix;
  }
}

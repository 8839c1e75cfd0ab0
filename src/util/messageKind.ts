const MAX_LENGTH = 120;

/**
 * Returns a message without what differs between messages of one kind: numbers, ids, quoted words, case and everything after
 * its first 120 characters.
 */
export function messageKind(message: string): string {
  return message
    .slice(0, 10 * MAX_LENGTH)
    .replace(/"[^"\n]{0,200}"|`[^`\n]{0,200}`|“[^”\n]{0,200}”|(?<!\w)'[^'\n]{0,200}'/g, '"')
    .replace(/[\w-]*\d[\w-]*/g, '#')
    .replace(/#([.,:]?#)+/g, '#')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase()
    .slice(0, MAX_LENGTH);
}

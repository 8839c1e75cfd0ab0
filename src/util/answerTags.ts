/** Returns true if a text marks its answer: `<answer>…</answer>`. */
export function hasAnswerTags(text: string): boolean {
  const open = text.indexOf('<answer>');
  return open !== -1 && text.includes('</answer>', open);
}

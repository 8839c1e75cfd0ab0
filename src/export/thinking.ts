const apart = /^\s*<think>([\s\S]*?)<\/think>([\s\S]*)$/;
const tagged = /^\s*<answer>([\s\S]*)<\/answer>\s*$/;

/** The teacher's text with its thinking kept as it stands, wrapped without tags round the answer, or dropped. */
export function answerOf(reasoning: string, thinking: 'keep' | 'wrap' | 'drop'): string {
  if (thinking === 'keep') return reasoning;
  const [, thought, rest = reasoning] = apart.exec(reasoning) ?? [];
  const answer = (tagged.exec(rest)?.[1] ?? rest).trim();
  return thinking === 'drop' || thought === undefined ? answer : `<think>\n${thought.trim()}\n</think>\n\n${answer}`;
}

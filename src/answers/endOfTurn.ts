import { mentionedSpans } from './mentions.js';

/** A text up to the end of the model's turn. */
export interface Turn {
  text: string;
  /** The token that ended it, if it was in the text. */
  cut?: string | undefined;
}

/** `<|im_end|>`, `<｜end▁of▁sentence｜>`, `<end_of_turn>`, `</s>`, `[INST]`, … */
const TOKEN =
  /<[|｜](?!\w*(?:think|thought))[A-Za-z][\w▁ -]{0,40}[|｜]>|<(?:end|start)_of_turn>|<(?:eos|EOT|end_of_utterance)>|<\/s>|\[\/?INST\]/gi;
const LEADING_TOKEN = new RegExp(`^\\s*(${TOKEN.source}|<s>|<bos>)(?:(?:assistant|model)\\b)?\\s*`, 'i');

/** The mark at which a turn ends. */
export interface EndOfTurn {
  token: string;
  index: number;
}

/** The next turn, without its tokens: a server may drop those. */
const INVENTED_TURN = /\n(?:user|human)\n[\s\S]*?\n(?:assistant|model)(?:\n|$)/i;

/** Removes what chat templates write before an answer: `<|im_start|>assistant`, `<s>`, `<|begin_of_solution|>`, … */
export function withoutOpening(text: string): string {
  let rest = text;
  for (;;) {
    const [opening = '', token = ''] = LEADING_TOKEN.exec(rest) ?? [];
    if (opening === '' || !endsTurn(rest.trimStart(), 0, token)) return rest;
    rest = rest.slice(opening.length);
  }
}

/** Returns the ends of turns in a text, in order. A text may mention a token: in code, in quotation marks, in a sentence. */
export function endsOfTurns(text: string): EndOfTurn[] {
  const tokens = [...text.matchAll(TOKEN)].map(({ 0: token, index }) => ({ token, index }));
  const mentioned = tokens.length === 0 ? [] : mentionedSpans(text);
  const ends = tokens
    .filter(({ token, index }) => endsTurn(text, index, token))
    .filter(({ index }) => !mentioned.some(([from, to]) => index >= from && index < to));
  const invented = INVENTED_TURN.exec(text);
  if (invented !== null) ends.push({ token: 'user', index: invented.index });
  return ends.sort((one, other) => one.index - other.index);
}

/** Returns a text without the marks around a part that is shown in a box. */
export function withoutBoxes(text: string): string {
  return text.replace(/<\|(?:begin|end)_of_box\|>/g, '');
}

/** Returns true for a token that ends a turn, false for one that a sentence mentions. */
export function endsTurn(text: string, index: number, token: string): boolean {
  if (token === '</s>' && text.lastIndexOf('<s>', index) !== -1) return false;
  const line = text.slice(text.lastIndexOf('\n', index - 1) + 1, index);
  const after = text.slice(index + token.length, index + token.length + 200);
  const isQuoted = /[`"'“‘「(]$/.test(line) && /^[`"'”’」)]/.test(after);
  if (isQuoted) return false;
  const follows = /^(?:[ \t,;:)]+|\.[ \t]+)(?=[^\s<[])([^\n]?)/.exec(after);
  if (follows === null || !/(?:^|[\s(])$/.test(line)) return true;
  const isAfterSentence = line.trim() === '' || /[.!?。！？}\])`"”*:]\s*$/.test(line);
  return isAfterSentence && !/\p{Ll}/u.test(follows[1] ?? '');
}

/** Returns a string of an answer up to its first end of turn. */
export function untilToken(text: string): Turn {
  const first = [...text.matchAll(TOKEN)].find(({ 0: token, index }) => endsTurn(text, index, token));
  if (first === undefined || text.slice(0, first.index).trim() === '') return { text };
  return { text: text.slice(0, first.index).trimEnd(), cut: first[0] };
}

import { isText } from '../record.js';
import { hasAnswerTags } from '../util/answerTags.js';
import { endsOfTurns, withoutBoxes, withoutOpening } from './endOfTurn.js';
import { partThinking } from './thinking.js';

/** The parts of what a model wrote. */
export interface PartedAnswer {
  /** The answer, without thinking and without what follows the end of the turn. */
  text: string;
  thinking?: string | undefined;
  /** The mark at which the answer ended, if text or a mark was cut off. */
  cut?: string | undefined;
}

/** Thinking and answer in the form of the training texts that reason-distill writes. */
const TRAINING_TEXT = /^\s*<think>(?:(?!<\/?think>)[\s\S])*<\/think>\s*<answer>/;

/**
 * Parts what a model wrote into thinking and answer, and ends the answer at the first end of turn. A text in the form of training
 * texts, `<think>…</think><answer>…</answer>`, keeps both. Parting an answer again changes nothing.
 */
export function partAnswer(raw: string): PartedAnswer {
  const harmony = partHarmony(raw);
  if (harmony !== undefined) return harmony;
  const opened = withoutBoxes(withoutOpening(raw));
  // The first end that has an answer before it: thinking may hold others.
  for (const { token, index } of endsOfTurns(opened)) {
    const parted = partTurn(opened.slice(0, index));
    if (isText(parted.text)) return { ...parted, text: parted.text.trimEnd(), cut: token };
  }
  return partTurn(opened);
}

/** More than the openings of turns that anybody writes between two blocks of thinking. */
const MAX_ROUNDS = 8;

function partTurn(turn: string): PartedAnswer {
  if (TRAINING_TEXT.test(turn) && hasAnswerTags(turn)) return { text: turn };
  const thoughts: string[] = [];
  let text = turn;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = text;
    const parted = partThinking(text);
    if (parted.thinking !== undefined) thoughts.push(parted.thinking);
    text = parted.text === before ? before : withoutOpening(parted.text).trimStart();
    if (text === before) break;
  }
  return thoughts.length === 0 ? { text } : { text, thinking: thoughts.join('\n\n') };
}

const HARMONY =
  /^\s*(?:<\|start\|>assistant)?(?:<\|channel\|>\s*)?(?:analysis|commentary|final)\b[^<\n]{0,60}(?:<\|constrain\|>\w*\s*)?<\|message\|>/;
const HARMONY_MESSAGE =
  /(analysis|commentary|final)\b([^<\n]{0,60}(?:<\|constrain\|>\w*\s*)?)<\|message\|>([\s\S]*?)(?=<\|(end|return|call|start|channel)\|>|$)/g;
/** Without its tokens, as a server leaves them out. */
const BARE_HARMONY = /^\s*(?:assistant)?analysis(?=\S)([\s\S]*?)assistantfinal([\s\S]*)$/;

/** Parts an answer in the format of gpt-oss, whose messages name their channel; undefined for others. */
function partHarmony(raw: string): PartedAnswer | undefined {
  const [bare, bareThinking = '', bareAnswer = ''] = BARE_HARMONY.exec(raw) ?? [];
  if (bare !== undefined) {
    const { text, cut } = partAnswer(bareAnswer.trim());
    return { text, thinking: bareThinking.trim(), ...(cut !== undefined && { cut }) };
  }
  if (!HARMONY.test(raw)) return undefined;
  const messages = [...raw.matchAll(HARMONY_MESSAGE)].map(([, channel = '', to = '', text = '', end]) => ({
    channel: channel === 'commentary' && to.trim() !== '' ? 'call' : channel,
    text: text.trim(),
    end,
  }));
  const answer =
    messages.find(({ channel }) => channel === 'final') ?? messages.find(({ channel }) => channel === 'call');
  const thoughts = messages.slice(0, answer && messages.indexOf(answer)).filter(({ channel }) => channel !== 'call');
  const inside = partAnswer(answer?.text ?? '');
  const thinking = [...thoughts.map(({ text }) => text), inside.thinking].filter(Boolean).join('\n\n');
  const cut = inside.cut ?? (answer?.end === undefined ? undefined : `<|${answer.end}|>`);
  return { text: inside.text, ...(thinking !== '' && { thinking }), ...(cut !== undefined && { cut }) };
}

import * as z from 'zod';
import { type Format, filledText, type Rendered } from './format.js';

const turns = z.array(z.object({ from: z.enum(['human', 'gpt']), value: filledText }));
const messageList = z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: filledText }));

const prompt = ({ system, user }: Rendered) => (system === '' ? user : `${system}\n\n${user}`);
const conversation = (asked: string, sample: Rendered) => [
  { from: 'human', value: asked },
  { from: 'gpt', value: sample.response() },
];
/** The messages before the answer. */
const promptMessages = ({ system, user }: Rendered) => [
  ...(system === '' ? [] : [{ role: 'system', content: system }]),
  { role: 'user', content: user },
];
const answerMessages = (content: string) => [{ role: 'assistant', content }];

/** The formats for models that write, each exactly as its trainer reads it. */
export const writerFormats = {
  'rare-sft': {
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ instruction: filledText, predict: filledText, id: filledText, output: z.string() }),
    rows: (sample) => [
      { instruction: prompt(sample), predict: sample.response(), id: sample.positive.id, output: sample.answer },
    ],
  },
  messages: {
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ messages: messageList.min(2) }),
    rows: (sample) => [{ messages: [...promptMessages(sample), ...answerMessages(sample.response())] }],
    llamaFactory: {
      formatting: 'sharegpt',
      columns: { messages: 'messages' },
      tags: {
        role_tag: 'role',
        content_tag: 'content',
        user_tag: 'user',
        assistant_tag: 'assistant',
        system_tag: 'system',
      },
    },
  },
  'prompt-completion': {
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ prompt: messageList.min(1), completion: messageList.length(1) }),
    rows: (sample) => [{ prompt: promptMessages(sample), completion: answerMessages(sample.response()) }],
  },
  alpaca: {
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ instruction: filledText, input: z.string(), output: filledText }),
    rows: (sample) => [
      {
        instruction: sample.system === '' ? sample.user : sample.system,
        input: sample.system === '' ? '' : sample.user,
        output: sample.response(),
      },
    ],
    llamaFactory: {
      formatting: 'alpaca',
      columns: { prompt: 'instruction', query: 'input', response: 'output' },
    },
  },
  sharegpt: {
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ conversations: turns.length(2), system: z.string() }),
    rows: (sample) => [{ conversations: conversation(sample.user, sample), system: sample.system }],
    llamaFactory: {
      formatting: 'sharegpt',
      columns: { messages: 'conversations', system: 'system' },
    },
  },
  kto: {
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ conversations: turns.length(2), kto_tag: z.boolean() }),
    rows: (sample) => [{ conversations: conversation(prompt(sample), sample), kto_tag: sample.label() }],
    llamaFactory: {
      formatting: 'sharegpt',
      columns: { messages: 'conversations', kto_tag: 'kto_tag' },
    },
  },
  'trl-kto': {
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ prompt: messageList.min(1), completion: messageList.length(1), label: z.boolean() }),
    rows: (sample) => [
      { prompt: promptMessages(sample), completion: answerMessages(sample.response()), label: sample.label() },
    ],
  },
  dpo: {
    trains: 'writer',
    withScenario: true,
    schema: () =>
      z.object({ prompt: messageList.min(1), chosen: messageList.length(1), rejected: messageList.length(1) }),
    rows: (sample) => {
      const chosen = sample.response();
      return sample.rejected().map((rejected) => ({
        prompt: promptMessages(sample),
        chosen: answerMessages(chosen),
        rejected: answerMessages(rejected),
      }));
    },
  },
} satisfies Record<string, Format>;

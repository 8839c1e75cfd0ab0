import { openai } from './openai.js';
import { vllm } from './selfHosted.js';
import type { ServerProfile } from './serverProfile.js';

/** Qwen at DashScope: a model that thinks answers only as a stream. */
export const dashscope: ServerProfile = {
  ...openai,
  limitHeaders: () => ({}),
  waitHeaders: () => ({ headers: {}, namedWaitMs: undefined }),
  reasoningIn: 'reasoning_content',
  refuses: ['unstreamed'],
};

/** A model whose chat template has no system role, such as Gemma 2, behind vLLM. */
export const gemma: ServerProfile = { ...vllm, refuses: ['system_role'] };

/** Azure: the deployment and the API version are in the address, and the key comes as `api-key`. */
export const azure: ServerProfile = { ...openai, isAzure: true };

import { deepseek } from './deepseek.js';
import { azure, dashscope, gemma } from './demanding.js';
import { gemini } from './gemini.js';
import { groq } from './groq.js';
import { openai, openaiReasoning } from './openai.js';
import { openrouter } from './openrouter.js';
import { llamaCpp, ollama, vllm, vllmOld } from './selfHosted.js';
import type { ServerProfile } from './serverProfile.js';

/** The servers that the stand-in can imitate. */
export const serverProfiles = {
  openai,
  'openai-reasoning': openaiReasoning,
  vllm,
  'vllm-old': vllmOld,
  ollama,
  'llama.cpp': llamaCpp,
  openrouter,
  deepseek,
  groq,
  gemini,
  dashscope,
  gemma,
  azure,
} satisfies Record<string, ServerProfile>;

export type ProfileName = keyof typeof serverProfiles;

export const profileNames = Object.keys(serverProfiles) as ProfileName[];

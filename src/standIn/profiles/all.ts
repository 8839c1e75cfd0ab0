import { deepseek } from './deepseek.js';
import { gemini } from './gemini.js';
import { groq } from './groq.js';
import { openai, openaiReasoning } from './openai.js';
import { openrouter } from './openrouter.js';
import type { Profile } from './profile.js';
import { llamaCpp, ollama, vllm, vllmOld } from './selfHosted.js';

/** The servers that the stand-in can play. */
export const profiles = {
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
} satisfies Record<string, Profile>;

export type ProfileName = keyof typeof profiles;

export const profileNames = Object.keys(profiles) as ProfileName[];

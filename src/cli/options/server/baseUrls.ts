const OPENAI_URL = 'https://api.openai.com/v1';

/** The base URLs that a command asks: those of its flags, else OPENAI_BASE_URL, else OpenAI's. */
export function baseUrlsOf({ baseUrl }: { baseUrl?: string | string[] | undefined }, env: NodeJS.ProcessEnv): string[] {
  return [baseUrl ?? (env.OPENAI_BASE_URL || OPENAI_URL)].flat();
}

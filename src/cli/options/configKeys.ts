import { UsageError } from '../../errors.js';
import { headerVariables } from './server/headers.js';
import { ownFlagsOf } from './server/stageModels.js';

/** The servers and the keys of a command, as a configuration or the command line names them. */
interface ServerFlags {
  baseUrl?: unknown;
  apiKeyEnv?: unknown;
  headerEnv?: unknown;
}

/**
 * Refuses to send OPENAI_API_KEY to a server that only a configuration names: it goes to OpenAI, to the server of
 * OPENAI_BASE_URL and to those of the command line. A key in a variable of its own goes where the configuration says.
 */
export function refuseRedirectedKey(
  file: string,
  configured: ServerFlags,
  given: ServerFlags,
  env: NodeJS.ProcessEnv = process.env,
): void {
  refuseRedirected(file, configured, given, env);
  // A stage with a server of its own has a key of its own; headers of the run do not go there.
  const ownGiven = new Map(ownFlagsOf(given));
  for (const [stage, { baseUrl, apiKeyEnv }] of ownFlagsOf(configured)) {
    const own = ownGiven.get(stage) ?? {};
    const runKey = given.apiKeyEnv ?? configured.apiKeyEnv;
    // A key of its own for the run's server that the configuration names.
    const servers = baseUrl ?? own.baseUrl ?? (given.baseUrl === undefined ? configured.baseUrl : undefined);
    refuseRedirected(
      file,
      { baseUrl: servers, apiKeyEnv: apiKeyEnv ?? (baseUrl === undefined ? runKey : undefined) },
      { baseUrl: own.baseUrl, apiKeyEnv: own.apiKeyEnv },
      env,
    );
  }
}

function refuseRedirected(file: string, configured: ServerFlags, given: ServerFlags, env: NodeJS.ProcessEnv): void {
  if (given.baseUrl !== undefined || !env.OPENAI_API_KEY) return;
  const names = namesIn(given.apiKeyEnv ?? configured.apiKeyEnv);
  const known = ['api.openai.com', hostOf(env.OPENAI_BASE_URL)];
  for (const [at, url] of namesIn(configured.baseUrl).entries()) {
    const sent = [names[at] ?? names[0], ...headerVariables(given.headerEnv ?? configured.headerEnv)];
    const host = hostOf(url);
    const isSent = sent.some((name) => name !== undefined && env[name] === env.OPENAI_API_KEY);
    if (!isSent || host === undefined || known.includes(host)) continue;
    throw new UsageError(`${file}: the key in OPENAI_API_KEY is not sent to ${host}, which only this file names`, {
      hint: `name the server yourself, --base-url or OPENAI_BASE_URL, or export its key under another name for apiKeyEnv`,
    });
  }
}

const namesIn = (value: unknown) => [value ?? []].flat() as string[];

/** The host and port of a URL; undefined for what is not a URL, which is refused later. */
const hostOf = (url: string | undefined) => (url !== undefined && URL.canParse(url) ? new URL(url).host : undefined);

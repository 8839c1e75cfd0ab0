import { UsageError } from '../../../errors.js';
import { list } from '../../../util/options.js';

/** Additional HTTP headers. */
export const headerOptions = {
  header: list({
    help: 'an additional HTTP header, as NAME=VALUE; more than once for several. A secret belongs in --header-env',
    placeholder: '<name=value>',
    group: 'Model',
    shapesRecords: false,
  }),
  headerEnv: list({
    help: 'an additional HTTP header whose value is in an environment variable, as NAME=VARIABLE: api-key=AZURE_KEY',
    placeholder: '<name=variable>',
    group: 'Model',
    shapesRecords: false,
  }),
};

export interface HeaderFlags {
  header?: string | string[] | undefined;
  headerEnv?: string | string[] | undefined;
}

/**
 * The headers that flags name: those whose values are secrets apart from the others. Throws UsageError for one without a name,
 * and for a variable that is not set; no message quotes a value.
 */
export function headersOf(
  { header = [], headerEnv = [] }: HeaderFlags,
  env: NodeJS.ProcessEnv,
): { headers: Record<string, string>; secretHeaders: Record<string, string> } {
  const secrets = pairsOf('--header-env', [headerEnv].flat()).map(([name, variable]): [string, string] => {
    const value = env[variable];
    if (value) return [name, value];
    throw new UsageError(`--header-env ${name}: the environment variable ${variableName(variable)} is not set`, {
      hint: `export it, or send a value that is not a secret with --header ${name}=VALUE`,
    });
  });
  return {
    headers: Object.fromEntries(pairsOf('--header', [header].flat())),
    secretHeaders: Object.fromEntries(secrets),
  };
}

/** The names of the variables in `--header-env`. */
export function headerVariables(headerEnv: unknown): string[] {
  return [headerEnv ?? []].flat().map((pair) => String(pair).slice(String(pair).indexOf('=') + 1));
}

/** A key that was given as the name of its variable is not quoted. */
const variableName = (given: string) => (/^[A-Za-z_]\w{0,63}$/.test(given) ? given : 'that it names');

function pairsOf(flag: string, pairs: string[]): [string, string][] {
  return pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at > 0) return [pair.slice(0, at).trim().toLowerCase(), pair.slice(at + 1)];
    throw new UsageError(`${flag} takes a name, = and a ${flag === '--header' ? 'value' : 'variable'}`, {
      hint: `${flag} ${flag === '--header' ? 'x-title=rareflow' : 'api-key=AZURE_KEY'}`,
    });
  });
}

import { UsageError } from '../errors.js';

/** The names of DataFlow's parameters, and the flags that mean the same here. */
const sameFlags: Record<string, string> = {
  'max-workers': '--concurrency',
  'api-url': '--base-url',
  'model-name': '--model',
  'model-name-or-path': '--model',
  'key-name-of-api-key': '--api-key-env',
};

/** Its parameters without such a flag, and what to do instead. */
const otherWays: Record<string, string> = {
  'first-entry-file-name': 'name the file as the input: rareflow run FILE -o OUTPUT',
  'cache-path': 'the stages run as one stream; --step-files FOLDER writes what each made',
  'file-name-prefix':
    'the stages run as one stream; --step-files FOLDER writes what each made, --step-prefix names the files',
  'cache-type': 'the extension of an input shows its form, or --input-format; that of -o is the form of the output',
};

/** A command line in which DataFlow's names are replaced by the flags here, with a remark on each. */
export interface TranslatedFlags {
  argv: string[];
  remarks: string[];
}

/**
 * Replaces the names of DataFlow's parameters, `--max_workers 8` or `--max-workers=8`, by the flags here. An API URL that names the
 * endpoint becomes a base URL.
 *
 * @throws UsageError for a parameter that has no flag here, with what to do instead
 */
export function fromDataFlow(argv: readonly string[]): TranslatedFlags {
  const remarks: string[] = [];
  const translated: string[] = [];
  let isUrl = false;
  for (const [at, arg] of argv.entries()) {
    if (arg === '--') return { argv: [...translated, ...argv.slice(at)], remarks };
    const [, name = '', value] = /^--([a-z][\w-]*)(?:=([\s\S]*))?$/.exec(arg) ?? [];
    const known = name.replaceAll('_', '-');
    const instead = Object.hasOwn(otherWays, known) ? otherWays[known] : undefined;
    if (instead !== undefined) throw new UsageError(`--${name} is a parameter of DataFlow`, { hint: instead });
    const flag = Object.hasOwn(sameFlags, known) ? sameFlags[known] : undefined;
    if (flag !== undefined) remarks.push(`--${name} is ${flag} here`);
    const base = value !== undefined && flag === '--base-url' ? baseUrlOf(value) : value;
    if (flag !== undefined) translated.push(value === undefined ? flag : `${flag}=${base}`);
    else translated.push(isUrl ? baseUrlOf(arg) : arg);
    isUrl = flag === '--base-url' && value === undefined;
  }
  return { argv: translated, remarks };
}

/** Removes the endpoint from an API URL: the base URL ends before it. */
const baseUrlOf = (url: string): string => url.replace(/\/chat\/completions\/?$/, '');

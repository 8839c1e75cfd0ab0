import { InvalidArgumentError, Option } from 'commander';
import { nanoDollars } from '../llm/dollars.js';

/** A whole number of at least `min`, as commander reads one. */
function wholeNumber(min: number) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`It must be a whole number of at least ${min}.`);
  };
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number.');
}

/** Dollars, kept as they are written: a number could not hold every amount. */
function amount(text: string): string {
  if (nanoDollars(text)) return text;
  throw new InvalidArgumentError('It must be dollars above 0, such as 12.50.');
}

const unitMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `30d` as milliseconds. */
export function durationMs(text: string): number {
  const [, amount, unit = ''] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  if (amount !== undefined) return Number(amount) * (unitMs[unit] as number);
  throw new InvalidArgumentError('It must be a whole number of s, m, h, d or w: 12h, 30d.');
}

const option = (flags: string, description: string) => new Option(flags, description);

/** An option that may be given more than once; a configuration gives a value or a list, which a command line replaces. */
export class ListOption extends Option {
  constructor(flags: string, description: string) {
    super(flags, description);
    const given = new WeakSet<string[]>();
    this.argParser((value: string, earlier: string | string[] = []) => {
      const values = Array.isArray(earlier) && given.has(earlier) ? [...earlier, value] : [value];
      given.add(values);
      return values;
    });
  }
}

const list = (flags: string, description: string) => new ListOption(flags, description);
const count = (flags: string, description: string) => option(flags, description).argParser(wholeNumber(1));

export const readOptions = () => [
  option('--on-bad-line <what>', 'what to do with a line that is no JSON')
    .choices(['reject', 'stop'])
    .default('reject'),
  count('--max-line-bytes <n>', 'reject longer lines (default: 64 MiB)'),
  count('--limit <n>', 'read so many records at most'),
];

export const writeOptions = () => [
  option('-o, --output <file>', 'write to a file, complete or not at all (default: stdout)'),
  option(
    '--rejects <file>',
    'where failed records go (default: OUTPUT.rejects.jsonl with -o, else a line each on stderr)',
  ),
  maxRejectsOption(),
  option('--resume <how>', 'go on with the unfinished run at the output: if there is one, or fail, or begin anew')
    .choices(['auto', 'always', 'never'])
    .default('auto'),
  option('--retry-rejects', 'send the rejects of the finished run at the output through again, and mend the output'),
];

export const maxRejectsOption = () =>
  option('--max-rejects <n>', 'exit with 3 when more are rejected').argParser(wholeNumber(0));

export const recordOptions = () => [
  count('--concurrency <n>', 'records worked on, and calls in flight, at once').default(16),
  option('--ordered', 'keep the order of the input (default)'),
  option('--unordered', 'write each record as soon as it is done'),
  option('--overwrite', 'replace values that the output keys already hold'),
  option('--no-provenance', 'leave out how each record was made (_rareflow)'),
];

export const modelOptions = () => [
  option('--model <name>', 'the model to ask; "offline" needs no key and makes no training data'),
  list(
    '--base-url <url>',
    'an OpenAI-compatible server (default: OPENAI_BASE_URL, else OpenAI); given more than once, the least busy is asked',
  ),
  list(
    '--api-key-env <name>',
    'the environment variable that holds the key for --base-url (default: OPENAI_API_KEY, for OpenAI only); once for all servers, or once for each in order',
  ),
  count('--requests-per-minute <n>', "each server's limit (default: the one that its headers name)"),
  count('--tokens-per-minute <n>', "each server's limit (default: the one that its headers name)"),
  option('--adaptive-concurrency', 'find how many calls at once, up to --concurrency, serve best'),
  option('--temperature <x>', "sampling temperature (default: the server's)").argParser(number),
  option('--top-p <x>', "nucleus sampling (default: the server's)").argParser(number),
  count('--max-tokens <n>', "the longest answer (default: the server's)"),
  count('--attempt-timeout-ms <n>', 'give up a call after so long (default: 600000)'),
  option('--structured-output <how>', 'how JSON is asked for; auto learns the strictest that the model takes')
    .choices(['auto', 'json_schema', 'json_object', 'none'])
    .default('auto'),
  option('--stream', 'have answers sent as they are written, for servers that end silent connections'),
  option(
    '--cache <folder>',
    "keep the model's answers there, and ask for none twice (default: RAREFLOW_CACHE, else OUTPUT.rareflow/cache)",
  ),
  option('--no-cache', 'ask for every answer again, and keep none'),
  ...moneyOptions(),
];

const moneyOptions = () => [
  option(
    '--prices <file>',
    'what models cost: {"asOf": DATE, "models": {NAME: {"input", "cachedInput", "output"}}}, in dollars a million tokens',
  ),
  option('--budget-usd <x>', 'stop before this run costs more; needs --prices and --max-tokens').argParser(amount),
  count('--budget-tokens <n>', 'stop before this run takes more, prompts and answers; needs --max-tokens'),
];

export const batchOptions = () => [
  option(
    '--batch [requests]',
    "ask by the provider's Batch API, so many requests a batch (10000): half the price at many, within a day; needs -o",
  ).argParser(wholeNumber(1)),
  count('--batch-poll-seconds <n>', 'how often the provider is asked how far a batch is').default(30),
];

export const dryRunOptions = () => [
  option('--dry-run', 'tell the calls, tokens and, with --prices, the cost to expect; ask and write nothing'),
  option('--json', 'with --dry-run: as JSON on stdout'),
  option(
    '--assume-completion-tokens <n,...>',
    'with --dry-run: tokens of an answer, one number for all stages or one for each',
  ).argParser((text) => text.split(',').map(wholeNumber(1))),
  option('--assume-from <file>', 'with --dry-run: the output of an earlier run that tells how long answers are'),
];

export const languageOption = () =>
  option('--language <code>', "the prompt's language; auto goes by each text")
    .choices(['auto', 'en', 'zh'])
    .default('auto');

export const promptFileOption = (placeholders: string) =>
  option('--prompt-file <file>', `a prompt of your own, with ${placeholders}`);

export const seedOption = (description = 'seeds the order of the documents') =>
  option('--seed <n>', description).argParser(wholeNumber(0)).default(0);

export const doc2QueryOptions = () => [
  count('--max-attempts <n>', 'answers paid for at most, until one can be read').default(3),
  count('--queries-per-doc <n>', 'questions per document').default(1),
];

export const weightingOption = () =>
  option('--weighting <how>', 'how the terms of a query weigh').choices(['lucene', 'dataflow']).default('lucene');

export const searchThreadsOption = () =>
  count('--threads <n>', 'threads that search, each with a cache of its own').default(1);

export const indexOptions = () => [
  option('--text-key <key>', 'the key of the text').default('text'),
  option('--id-key <key>', 'the key of the id; records without one are numbered').default('id'),
  option('--analyzer <name>', 'how texts become terms; auto takes english or multilingual, by a sample of the corpus')
    .choices(['auto', 'english', 'standard', 'cjk', 'multilingual'])
    .default('auto'),
  option(
    '--no-store',
    'leave the texts in the corpus, plain JSONL files that must stay as they are, and read them there',
  ),
];

export const groupKeyOption = (description: string) => option('--group-key <key>', description);

export const key = (flags: string, description: string, name: string) => option(flags, description).default(name);
export { count, number, option, wholeNumber };

/** The keys of the parts of a record that are shown to people. */
export const entryKeyOptions = () => [
  key('--text-key <key>', 'the key of the source document', 'text'),
  key('--question-key <key>', 'the key of the question', 'question'),
  key('--scenario-key <key>', 'the key of the scenario', 'scenario'),
  key('--negatives-key <key>', 'the key of the negatives', 'hard_negatives'),
  key('--reasoning-key <key>', "the key of the teacher's text", 'reasoning'),
  key('--id-key <key>', 'the key of the id', 'id'),
  key('--title-key <key>', 'the key of the title', 'title'),
];

import { count, dollarAmount, group, key, list, number, option, otherwise, wholeNumber } from './option.js';

/** What the argument of a command on records may be. */
export const inputHelp =
  'JSONL, a JSON array or Parquet, also .gz or .zst; a folder or a quoted pattern of such files; - or none for stdin';

export const readOptions = () =>
  group('Input', [
    count('--limit <n>', 'read at most this many records'),
    option('--on-bad-line <what>', 'at a line that is not JSON: reject it and go on, or stop')
      .choices(['reject', 'stop'])
      .default('reject'),
    otherwise('64 MiB', count('--max-line-bytes <n>', 'reject lines that are longer')),
  ]);

export const writeOptions = () =>
  group('Output', [
    otherwise('stdout', option('-o, --output <file>', 'the file to write; it is OUTPUT.partial until it is complete')),
    otherwise(
      'OUTPUT.rejects.jsonl, or stderr without -o',
      option('--rejects <file>', 'where records that failed go, each with its reason'),
    ),
    maxRejectsOption(),
    option(
      '--resume <how>',
      'with an unfinished run at the output: auto goes on with it, always fails if there is none, never begins anew',
    )
      .choices(['auto', 'always', 'never'])
      .default('auto'),
    option(
      '--retry-rejects',
      'try the rejects of the finished run at the output again, and add what comes of them to it',
    ),
    ...progressOptions(),
  ]);

export const progressOptions = () => [
  option('--json-progress', 'write the progress and all other words to stderr as JSON, one object a line'),
  otherwise(
    'no metrics',
    option('--metrics-port <n>', "serve /metrics in Prometheus' format while it runs; 0 takes a free port").argParser(
      wholeNumber(0),
    ),
  ),
  otherwise('127.0.0.1', option('--metrics-host <address>', 'the address to serve them at')),
];

export const maxRejectsOption = () =>
  otherwise(
    'no limit',
    option('--max-rejects <n>', 'exit with code 3 when more are rejected').argParser(wholeNumber(0)),
  );

export const recordOptions = () =>
  group('Records', [
    count('--concurrency <n>', 'how many records are worked on, and model calls made, at once').default(16),
    option('--ordered', 'keep the order of the input, as is the default'),
    option('--unordered', 'write each record as soon as it is done'),
    option('--overwrite', 'replace values that the keys to write hold already; such records are rejected otherwise'),
    option('--no-provenance', 'leave out _rareflow, which tells how each record was made'),
  ]);

export const modelOptions = () =>
  group('Model', [
    option('--model <name>', 'the model to ask; offline needs no server, and makes no training data'),
    otherwise(
      'OPENAI_BASE_URL, else OpenAI',
      list('--base-url <url>', 'an OpenAI-compatible server; given more than once, the least busy is asked'),
    ),
    otherwise(
      'OPENAI_API_KEY, for OpenAI only',
      list(
        '--api-key-env <name>',
        'the environment variable that holds the key for --base-url; once for all servers, or once for each in order',
      ),
    ),
    otherwise("the server's", option('--temperature <x>', 'sampling temperature').argParser(number)),
    otherwise("the server's", option('--top-p <x>', 'nucleus sampling, 0 to 1').argParser(number)),
    otherwise("the server's", count('--max-tokens <n>', 'the longest answer, in tokens')),
    option(
      '--structured-output <how>',
      'how JSON is asked for: json_schema, json_object or none; auto learns the strictest that the model takes',
    )
      .choices(['auto', 'json_schema', 'json_object', 'none'])
      .default('auto'),
    option('--stream', 'have answers sent as they are written, for servers that end silent connections'),
  ]);

export const limitOptions = () =>
  group('Limits', [
    otherwise(
      'what its headers say',
      count('--requests-per-minute <n>', 'send each server at most this many requests a minute'),
    ),
    otherwise(
      'what its headers say',
      count('--tokens-per-minute <n>', 'send each server at most this many tokens a minute'),
    ),
    option('--adaptive-concurrency', 'find how many calls at once serve best, up to --concurrency'),
    otherwise('600000', count('--attempt-timeout-ms <n>', 'give up an attempt at a call after this long')),
  ]);

export const moneyOptions = () =>
  group('Money', [
    otherwise(
      'RAREFLOW_CACHE, else OUTPUT.rareflow/cache',
      option('--cache <folder>', "keep the model's answers here, so that none is paid for twice"),
    ),
    option('--no-cache', 'keep no answers, and ask for every one anew'),
    option(
      '--prices <file>',
      'what models cost, in dollars a million tokens: {"asOf": DATE, "models": {NAME: {"input", "cachedInput", "output"}}}',
    ),
    option('--budget-usd <x>', 'stop before this run costs more dollars; needs --prices and --max-tokens').argParser(
      dollarAmount,
    ),
    count('--budget-tokens <n>', 'stop before prompts and answers take more tokens; needs --max-tokens'),
  ]);

export const batchOptions = () =>
  group('Batches', [
    otherwise(
      'no; 10000 where no number is given',
      option(
        '--batch [requests]',
        "ask by the provider's Batch API, this many requests a batch: half the price at many, within a day; needs -o",
      ).argParser(wholeNumber(1)),
    ),
    count('--batch-poll-seconds <n>', 'seconds from one look at the batches to the next').default(30),
  ]);

export const dryRunOptions = () =>
  group('Dry run', [
    option('--dry-run', 'ask and write nothing: tell the calls and tokens to expect, with --prices the cost'),
    option('--json', 'tell it as JSON on stdout'),
    option(
      '--assume-completion-tokens <n,...>',
      'take answers to be this long, in tokens: one number, or one for each stage',
    ).argParser((text) => text.split(',').map(wholeNumber(1))),
    option('--assume-from <file>', 'take answers to be as long as in this output of an earlier run'),
  ]);

export const languageOption = () =>
  option('--language <code>', "the prompts' language: en, zh, or auto for that of each text")
    .choices(['auto', 'en', 'zh'])
    .default('auto');

export const promptFileOption = (placeholders: string) =>
  option('--prompt-file <file>', `a prompt of your own, with ${placeholders}`);

export const seedOption = (description: string) =>
  option('--seed <n>', description).argParser(wholeNumber(0)).default(0);

export const doc2QueryOptions = () =>
  group('Questions', [
    count('--queries-per-doc <n>', 'questions to make of each document').default(1),
    count('--max-attempts <n>', 'pay for at most this many answers until one can be read').default(3),
  ]);

export const weightingOption = () =>
  option('--weighting <how>', 'how the terms of a query weigh').choices(['lucene', 'dataflow']).default('lucene');

export const statsOption = () => option('--stats', 'print the figures as one JSON line to stderr');

export const searchThreadsOption = () =>
  count('--threads <n>', 'threads that search, each with a cache of its own').default(1);

export const indexOptions = () =>
  group('Index', [
    option('--text-key <key>', 'the key that holds the text').default('text'),
    option('--id-key <key>', 'the key that holds the id; documents without one are numbered').default('id'),
    option(
      '--analyzer <name>',
      'how texts become terms: english, standard, cjk or multilingual; auto takes english or multilingual, by a sample of the corpus',
    )
      .choices(['auto', 'english', 'standard', 'cjk', 'multilingual'])
      .default('auto'),
    option(
      '--no-store',
      'keep no texts in the index: they are read in the corpus, plain JSONL files that must stay as they are',
    ),
  ]);

export const groupKeyOption = (description: string) => option('--group-key <key>', description);

/** The keys of the parts of a record that are shown to people, or exported. */
export const entryKeyOptions = () =>
  group('Keys', [
    key('--text-key <key>', 'the key that holds the source document', 'text'),
    key('--question-key <key>', 'the key that holds the question', 'question'),
    key('--scenario-key <key>', 'the key that holds the scenario', 'scenario'),
    key('--negatives-key <key>', 'the key that holds the negatives', 'hard_negatives'),
    key('--reasoning-key <key>', "the key that holds the teacher's text", 'reasoning'),
    key('--id-key <key>', 'the key that holds the id', 'id'),
    key('--title-key <key>', 'the key that holds the title', 'title'),
  ]);

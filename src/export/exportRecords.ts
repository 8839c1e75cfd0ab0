import { RejectError, UsageError } from '../errors.js';
import { type Operator, operator } from '../flow/operator.js';
import type { Rejects } from '../flow/rejects.js';
import { render } from '../operators/reasonDistill/prompt.js';
import type { PromptTemplate } from '../operators/template.js';
import type { DataRecord } from '../record.js';
import { requireWholeNumber } from '../util/check.js';
import { promptLanguage } from '../util/language.js';
import { seededRandom } from '../util/random.js';
import { beirParts } from './beir.js';
import { type Format, type FormatName, formats, type Part, type PartsOf, type Rendered } from './formats.js';
import { readSample, type Sample, type SampleKeys } from './sample.js';
import { answerOf } from './thinking.js';

export interface ExportOptions extends SampleKeys {
  format: FormatName | 'beir';
  /**
   * The teacher's thinking, where it came apart: `keep` leaves `<think>…</think>` and `<answer>…</answer>` as they are,
   * `wrap` keeps the first and takes the tags off the answer, as chat templates of reasoning models write it, `drop` leaves
   * the answer alone. Default `keep`.
   */
  thinking?: 'keep' | 'wrap' | 'drop' | undefined;
  /** The scenario before the question. Default: true for forms that train a writer and for `reasonir`, else false. */
  scenario?: boolean | undefined;
  /** Stands where the teacher's instructions stood; `''` for none. Default: those instructions. */
  systemPrompt?: string | undefined;
  /** The prompt that the teacher was asked with, where it was not ours. */
  promptTemplate?: PromptTemplate | undefined;
  /** Negatives in each row of `n-tuple` (3). */
  numNeg?: number | undefined;
  /** The share of source documents whose records are kept for validation, 0 to 1 (0). */
  validation?: number | undefined;
  /** Chooses those documents (0). */
  seed?: number | undefined;
  /** Where records go that a form cannot hold. Default: the run's rejects, or else a process warning each. */
  rejects?: Rejects | undefined;
}

/**
 * Turns the records of a finished run into rows that a trainer reads, each with the file it belongs to. All records of one
 * source document (one text) fall on the same side of the split; its text may still be a negative on the other.
 * Throws UsageError for options out of range.
 */
export function exportRecords(options: ExportOptions): Operator<DataRecord, Part> {
  const { validation = 0, seed = 0, numNeg = 3, format } = options;
  requireWholeNumber('numNeg', numNeg);
  if (!(validation >= 0 && validation < 1)) throw new UsageError(`validation: expected 0 to 1, got ${validation}`);
  const held = format === 'beir' ? 'dev' : 'validation';
  const splitOf = ({ positive }: Sample) =>
    validation > 0 && seededRandom(seed, 'split', positive.text)() < validation ? held : 'train';
  const toRendered = renderer(options);

  return operator(async function* (source, context) {
    const rejects = options.rejects ?? context.rejects;
    const partsOf = format === 'beir' ? beirParts() : rowParts(formats[format], numNeg);
    for await (const record of source) {
      let parts: Part[];
      try {
        const sample = readSample(record, options);
        parts = partsOf(toRendered(sample), splitOf(sample));
      } catch (error) {
        if (!(error instanceof RejectError)) throw error;
        await rejects({ stage: 'export', reason: error.message, record });
        continue;
      }
      if (parts.length > 1) context.onExtra?.(parts.length - 1);
      yield* parts;
    }
  });
}

function rowParts(format: Format, numNeg: number): PartsOf {
  return (sample, split) => format.rows(sample, numNeg).map((row) => ({ file: `${split}.jsonl`, row }));
}

/** A sample as the teacher was asked, and as a search query. */
function renderer(options: ExportOptions): (sample: Sample) => Rendered {
  const { format, thinking = 'keep', systemPrompt, promptTemplate: template } = options;
  const { scenario: withScenario = format !== 'beir' && formats[format].withScenario } = options;
  return (sample) => {
    const { question, positive, negatives, order } = sample;
    const scenario = withScenario ? sample.scenario : undefined;
    const all = [positive.text, ...negatives.map(({ text }) => text)];
    const documents = order.map((place) => all[place] as string);
    const messages = render({ question, scenario, documents, language: promptLanguage(question), template });
    return {
      ...sample,
      system: systemPrompt ?? messages.find(({ role }) => role === 'system')?.content ?? '',
      user: messages.at(-1)?.content ?? '',
      query: scenario === undefined ? question : `${scenario} ${question}`,
      response: () => {
        if (sample.reasoning !== undefined) return answerOf(sample.reasoning, thinking);
        throw new RejectError(`the key "${options.reasoningKey ?? 'reasoning'}" holds no text`);
      },
    };
  };
}

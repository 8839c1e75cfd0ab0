import { RejectError, UsageError } from '../errors.js';
import { type Operator, operator } from '../flow/operator.js';
import { renderReasonDistill } from '../operators/reasonDistill/prompt.js';
import type { DataRecord } from '../record.js';
import { promptLanguage } from '../util/language.js';
import { resolveOptions } from '../util/options.js';
import { seededRandom } from '../util/random.js';
import { beirParts } from './beir.js';
import type { Format, Part, PartsOf, Rendered, RowShape } from './format.js';
import { formats } from './formats.js';
import { type ExportOptions, type ExportSettings, exportOptions } from './options.js';
import { readSample, type TrainingSample } from './sample.js';
import { convertThinking } from './thinking.js';

/**
 * Turns the records of a finished run into rows for a trainer, each with its file. All records of one source document (one
 * text) are in the same split; its text may still be a negative in the other.
 *
 * @throws UsageError for an unknown option and a value out of range
 */
export function exportRecords(options: ExportOptions): Operator<DataRecord, Part> {
  const settings = resolveOptions('exportRecords', exportOptions, options);
  const { validation, seed, format } = settings;
  const held = format === 'beir' ? 'dev' : 'validation';
  const splitOf = ({ positive }: TrainingSample) =>
    validation > 0 && seededRandom(seed, 'split', positive.text)() < validation ? held : 'train';
  const toRendered = renderer(settings);

  if (settings.instruction !== undefined && (format === 'beir' || !formats[format].takesInstruction)) {
    throw new UsageError(`the format ${format} has no instruction`, { hint: 'reasonir and flagembedding have one' });
  }
  return operator(async function* (source, context) {
    const rejects = settings.rejects ?? context.rejects;
    const partsOf = format === 'beir' ? beirParts() : rowParts(formats[format], settings);
    for await (const record of source) {
      let parts: Part[];
      try {
        const sample = readSample(record, settings);
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

/** Rows of one shape: whether they hold scores is decided by the first. */
function rowParts(format: Format, { numNeg, instruction, scores, validation }: ExportSettings): PartsOf {
  let shape: RowShape | undefined;
  return (sample, split) => {
    shape ??= { negatives: numNeg, instruction, scores: scores && format.trains === 'retriever' && hasScores(sample) };
    if (shape.scores && !hasScores(sample)) {
      throw new RejectError('it has no scores of its positive and negatives, as the records before have (see scores)');
    }
    const folder = format.readsFolders && validation > 0 ? `${split}/` : '';
    return format.rows(sample, shape).map((row) => ({ file: `${folder}${split}.jsonl`, row }));
  };
}

function hasScores({ positive, negatives }: TrainingSample): boolean {
  return [positive, ...negatives].every(({ score }) => score !== undefined);
}

/** Renders a sample as the prompt of the teacher, and as a search query. */
function renderer(settings: ExportSettings): (sample: TrainingSample) => Rendered {
  const { format, thinking, systemPrompt, systemInUser, promptTemplate: template, reasoningKey } = settings;
  const { scenario: withScenario = format !== 'beir' && formats[format].withScenario } = settings;
  return (sample) => {
    const { question, positive, negatives, order } = sample;
    const scenario = withScenario ? sample.scenario : undefined;
    const all = [positive.text, ...negatives.map(({ text }) => text)];
    const documents = order.map((index) => all[index] as string);
    const messages = renderReasonDistill({
      question,
      scenario,
      documents,
      language: promptLanguage(question),
      template,
    });
    const system = systemPrompt ?? messages.find(({ role }) => role === 'system')?.content ?? '';
    const user = messages.at(-1)?.content ?? '';
    return {
      ...sample,
      ...(systemInUser && system !== '' ? { system: '', user: `${system}\n\n${user}` } : { system, user }),
      query: scenario === undefined ? question : `${scenario} ${question}`,
      response: () => {
        if (sample.reasoning !== undefined) return convertThinking(sample.reasoning, thinking);
        throw new RejectError(`the key "${reasoningKey}" holds no text`);
      },
      rejected: () => sample.rejectedAnswers().map((answer) => convertThinking(answer, thinking)),
    };
  };
}

import { RejectError } from '../../errors.js';
import { addUsage, type ChatModel, type ChatRequest, type Completion, type Usage } from '../../llm/chatModel.js';
import { isText } from '../../record.js';
import { askModel } from '../askModel.js';
import { finalAnswer, isSameAnswer } from './finalAnswer.js';
import { withThinking } from './withThinking.js';

/** The verdict on a sample. `agrees` is the index of the earlier sample that it confirms, which is then the accepted one. */
export interface SampleVerdict {
  accepted: boolean;
  reason: string;
  agrees?: number;
}

/** Judges a sample, which is the last of the list. */
export type AcceptSample = (samples: string[], signal: AbortSignal) => Promise<SampleVerdict>;

export interface AnswerSampling {
  model: ChatModel;
  request: ChatRequest;
  /** The most samples. */
  samples: number;
  /** The settings of samples after the first. */
  temperature: number | undefined;
  topP: number | undefined;
  /** Default: the first sample is accepted. */
  accept: AcceptSample | undefined;
}

export interface Sampled {
  /** The sample that was accepted; the last one if none was. */
  chosen: string;
  accepted: boolean;
  /** All other samples. */
  refused: string[];
  verdicts: SampleVerdict[];
  /** The last answer, with the attempts of all. */
  completion: Completion;
  usage: Usage & { cached?: true };
}

/** Samples answers, one after another, until one is accepted. */
export async function sampleUntilAccepted(sampling: AnswerSampling, signal: AbortSignal): Promise<Sampled> {
  const { model, request, samples, temperature, topP, accept } = sampling;
  const made: string[] = [];
  const verdicts: SampleVerdict[] = [];
  let usage: Usage | undefined;
  let attempts = 0;
  let cached = true;
  for (;;) {
    const again = made.length === 0 ? {} : { sample: made.length, temperature, topP };
    const completion = await askModel(model, { ...request, ...again }, signal);
    if (!isText(completion.text)) {
      const { thinking } = completion;
      throw new RejectError('the answer is thinking alone', {
        attempts: attempts + completion.attempts,
        answer: thinking?.text,
      });
    }
    made.push(withThinking(completion));
    usage = addUsage(usage, completion.usage);
    attempts += completion.attempts;
    cached &&= completion.cached === true;
    const verdict = (await accept?.(made, signal)) ?? { accepted: true, reason: '' };
    verdicts.push(verdict);
    if (!verdict.accepted && made.length < samples) continue;
    const index = verdict.agrees ?? made.length - 1;
    return {
      chosen: made[index] as string,
      accepted: verdict.accepted,
      refused: made.filter(
        (_, other) => other !== index && other !== (verdict.agrees === undefined ? -1 : made.length - 1),
      ),
      verdicts,
      completion: { ...completion, attempts },
      usage: { ...usage, ...(cached && { cached }) },
    };
  }
}

/** Accepts an answer that is one of the gold answers. */
export function acceptAnswer(gold: string[]): AcceptSample {
  return async (samples) => {
    const answer = finalAnswer(samples.at(-1) as string);
    const accepted = gold.some((one) => isSameAnswer(one, answer));
    const reason = `its answer is ${JSON.stringify(answer.slice(0, 200))}`;
    return {
      accepted,
      reason: accepted ? reason : `${reason}, not ${JSON.stringify(gold.join(' or ').slice(0, 200))}`,
    };
  };
}

/** Accepts the first answer that two samples give. */
export const acceptAgreement: AcceptSample = async (samples) => {
  const answers = samples.map(finalAnswer);
  const last = answers.at(-1) as string;
  const agrees = answers.slice(0, -1).findIndex((one) => isSameAnswer(one, last));
  const reason = `its answer is ${JSON.stringify(last.slice(0, 200))}`;
  return agrees < 0 ? { accepted: false, reason } : { accepted: true, reason, agrees };
};

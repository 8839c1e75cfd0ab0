import type { ChatRequest } from '../chatModel.js';
import { AttemptError } from '../failures/attemptError.js';
import { estimateUsage } from './readCompletion.js';
import { type ChatBody, capOf, type Profile } from './serverCapabilities.js';

export interface Attempted {
  profile: Profile;
  request: ChatRequest;
  /** The body that was sent for it. */
  sent: ChatBody;
  onNotice?: ((message: string) => void) | undefined;
}

/** A failed attempt with what its request tells about it: the cap it met, and whether the profile has learned from it. */
export function learnFrom(failure: AttemptError, { profile, request, sent, onNotice }: Attempted): AttemptError {
  if (failure.fault === 'length') {
    return new AttemptError('length', { ...failure, cap: capOf(sent), highestCap: profile.highestCap });
  }
  if (failure.fault === 'bad-json') {
    return new AttemptError('bad-json', { ...failure, usage: estimateUsage(request, failure.answer ?? '') });
  }
  const learned = profile.learn(sent, failure);
  if (learned === undefined) return failure;
  if (learned !== '') onNotice?.(`${failure.host}: ${learned}`);
  return new AttemptError(failure.fault, { ...failure, adapted: true, highestCap: profile.highestCap });
}

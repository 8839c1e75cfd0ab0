import { ModelError } from '../../errors.js';
import type { ChatModel } from '../chatModel.js';

/**
 * Delays the error that ends a run until every other call has ended too: a stage that fails aborts the calls of the stages
 * before it, and those in flight are paid for.
 */
export function settleBeforeFailing(model: ChatModel): ChatModel {
  let inProgress = 0;
  let failed: (() => void)[] = [];

  const leave = () => {
    inProgress -= 1;
    if (inProgress > 0) return;
    for (const release of failed) release();
    failed = [];
  };

  return {
    name: model.name,
    async complete(request, options) {
      inProgress += 1;
      let isFatal = false;
      try {
        return await model.complete(request, options);
      } catch (error) {
        isFatal = error instanceof ModelError;
        throw error;
      } finally {
        const others = isFatal && new Promise<void>((release) => failed.push(release));
        leave();
        await others;
      }
    },
  };
}

import { ModelError } from '../../errors.js';
import type { ChatModel } from '../chatModel.js';

/**
 * Holds back the error that ends a run until every other call has ended or is refused as well: a stage that fails aborts
 * what the stages before it have in flight, and that is paid for.
 */
export function endTogether(model: ChatModel): ChatModel {
  let underWay = 0;
  let refused: (() => void)[] = [];

  const leave = () => {
    underWay -= 1;
    if (underWay > 0) return;
    for (const release of refused) release();
    refused = [];
  };

  return {
    name: model.name,
    async complete(request, options) {
      underWay += 1;
      let isRefused = false;
      try {
        return await model.complete(request, options);
      } catch (error) {
        isRefused = error instanceof ModelError;
        throw error;
      } finally {
        const others = isRefused && new Promise<void>((release) => refused.push(release));
        leave();
        await others;
      }
    },
  };
}

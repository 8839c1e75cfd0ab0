import { createModel, type ModelOptions } from '../../src/llm/createModel.js';
import { ask } from '../support/standInModel.js';

export type TlsCall = [baseUrl: string, options: Partial<ModelOptions>];

/** Asks each server; returns `ok` or the error with its hint. */
export function outcomesOf(calls: TlsCall[]): Promise<string[]> {
  return Promise.all(
    calls.map(async ([baseUrl, options]) => {
      const model = createModel({ model: 'm', baseUrl, maxAttempts: 2, attemptTimeoutMs: 5000, ...options });
      return await model
        .complete(ask())
        .then(
          () => 'ok',
          (error: Error & { hint?: string }) => `${error.message}; ${error.hint}`,
        )
        .finally(() => model.close());
    }),
  );
}

import type { ChatRequest } from '../../src/llm/chatModel.js';
import { createModel, type ModelOptions, type RareflowModel } from '../../src/llm/createModel.js';
import { type FaultName, passingFaults } from '../../src/standIn/faults/faults.js';
import type { Ledger } from '../../src/standIn/http/ledger.js';
import { type StandInOptions, startStandIn } from '../../src/standIn/http/server.js';

/** A doc2query prompt about the i-th of many documents. */
export const ask = (i = 0): ChatRequest => ({
  messages: [
    { role: 'system', content: 'Answer as {"hard_query": …}' },
    { role: 'user', content: `<document>Glaciers carve valleys, document ${i}.</document>` },
  ],
  maxTokens: 200,
});
/** Short pauses, and a recognizable key. */
export const quick = {
  model: 'stand-in',
  baseDelayMs: 1,
  firstHoldMs: 40,
  loadingDelayMs: 5,
  probeDelayMs: 5,
  apiKey: 'sk-secret-of-the-test',
};

/** Runs a test with a stand-in and a model that asks it, with short pauses, and closes both. */
export async function withStandIn(
  serverOptions: StandInOptions,
  modelOptions: Partial<ModelOptions>,
  body: (parts: { model: RareflowModel; ledger: Ledger }) => Promise<void>,
) {
  const server = await startStandIn({ keepCalls: Number.POSITIVE_INFINITY, ...serverOptions });
  const model = createModel({ ...quick, baseUrl: server.baseUrl, ...modelOptions });
  try {
    await body({ model, ledger: server.ledger });
  } finally {
    await model.close();
    await server.close();
  }
}

/** Faults that pass, including those that name the time to retry. */
export const passing: readonly FaultName[] = [...passingFaults, 'http503After'];
/** Faults that cost no attempt. */
export const free: FaultName[] = ['rate429', 'rate429Bare', 'loading503'];
/** Oddities of answers that are usable all the same. */
export const fine: FaultName[] = ['drip', 'bareJson', 'trailingComma', 'wrongSchema', 'unparsable', 'missingUsage'];

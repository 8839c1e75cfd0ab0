import { z } from 'zod';
import { UsageError } from '../../errors.js';
import type { Usage } from '../chatModel.js';
import { type Femtodollars, nanoDollars } from './dollars.js';

/** An amount of dollars with at most 9 decimals: as text, or as a number. */
type Amount = string | number;

/** What models cost, in dollars a million tokens, as the user knows it: rareflow knows no price of its own. */
export interface Prices {
  /** The day these prices were looked up, as `2026-05-31`. */
  asOf: string;
  /** By the name of the model that is asked. */
  models: Record<string, { input: Amount; output: Amount; cachedInput?: Amount | undefined }>;
}

/** The prices of one model, in nano-dollars a million tokens: a token costs so many femtodollars. */
export interface ModelPrice {
  input: bigint;
  /** For the part of the prompt that the provider had cached; the same as `input` where no price was given. */
  cachedInput: bigint;
  /** Thinking included. */
  output: bigint;
}

const amount = z.union([z.string(), z.number()], 'expected dollars a million tokens').transform((value, context) => {
  const nano = nanoDollars(value);
  if (nano !== undefined) return nano;
  const message = `${JSON.stringify(value)} is no amount of dollars: expected digits, such as "0.15", 9 decimals at most`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const schema = z.strictObject({
  asOf: z.iso.date('expected the day the prices were looked up, such as "2026-05-31"'),
  models: z.record(
    z.string(),
    z.strictObject({ input: amount, output: amount, cachedInput: amount.optional() }, { error: wrongObject }),
    'expected an object of models by name',
  ),
});

function wrongObject({ code, keys }: { code: string; keys?: string[] | undefined }): string | undefined {
  if (code !== 'unrecognized_keys') return undefined;
  return `unknown key ${JSON.stringify(keys?.[0])}: expected input, output and cachedInput`;
}

/**
 * The price of a model: that of its very name, or else that of its name without the date at its end
 * (`gpt-4o-mini-2024-07-18` → `gpt-4o-mini`; also `-20240718`, `-0718`, `@20240718` and `-latest`), and of no other name
 * that it begins with: gpt-4o is no price for gpt-4o-mini. Undefined for a model that has none.
 *
 * It goes by the name that is asked, since a budget has to know it before the answer comes; a provider that answers under
 * another name (an alias, a router) is taken to charge for the name that was asked.
 * Throws UsageError, naming the key, for prices of another form.
 */
export function priceOf(prices: Prices, model: string): ModelPrice | undefined {
  const read = schema.safeParse(prices);
  if (!read.success) {
    const [issue] = read.error.issues;
    const key = issue?.path.join('.') ?? '';
    throw new UsageError(`prices${key === '' ? '' : `: ${key}`}: ${issue?.message}`, {
      hint: 'write {"asOf": "2026-05-31", "models": {"NAME": {"input": "0.15", "cachedInput": "0.075", "output": "0.60"}}}, in dollars a million tokens',
    });
  }
  const { models } = read.data;
  const name = [model, undated(model)].find((one) => Object.hasOwn(models, one));
  const price = name === undefined ? undefined : models[name];
  return price && { ...price, cachedInput: price.cachedInput ?? price.input };
}

const date = /[-@](20\d\d-\d\d-\d\d|20\d{6}|(0[1-9]|1[0-2])[0-3]\d|latest)$/;

function undated(model: string): string {
  return model.replace(date, '');
}

/** What tokens cost. Cached tokens are part of the prompt, thinking is part of the completion. */
export function costOf(price: ModelPrice, { promptTokens, completionTokens, cachedTokens = 0 }: Usage): Femtodollars {
  const cached = BigInt(cachedTokens);
  const fresh = BigInt(promptTokens) - cached;
  return fresh * price.input + cached * price.cachedInput + BigInt(completionTokens) * price.output;
}

import type { UsageError } from '../../errors.js';
import { isRecord } from '../../record.js';
import { mustBe, unknownName } from '../../util/check.js';
import type { Usage } from '../chatModel.js';
import { type Femtodollars, nanoDollars } from './dollars.js';

/** An amount of dollars with at most 9 decimals: as text, or as a number. */
type DollarAmount = string | number;

/** The prices of models, in dollars a million tokens. The user gives them: rareflow contains no prices. */
export interface Prices {
  /** The day these prices were looked up, as `2026-05-31`. */
  asOf: string;
  /** By the model's name, as it is asked for. */
  models: Record<string, { input: DollarAmount; output: DollarAmount; cachedInput?: DollarAmount | undefined }>;
}

/** The prices of one model, in nano-dollars a million tokens, which is femtodollars a token. */
export interface ModelPrice {
  input: bigint;
  /** For the part of the prompt that the provider had cached; the same as `input` if no price was given. */
  cachedInput: bigint;
  /** Reasoning included. */
  output: bigint;
}

const FORM_HINT =
  'write {"asOf": "2026-05-31", "models": {"NAME": {"input": "0.15", "cachedInput": "0.075", "output": "0.60"}}}, in dollars a million tokens';

/**
 * Returns the price of a model: that of exactly its name, or else of its name without the date at its end
 * (`gpt-4o-mini-2024-07-18` → `gpt-4o-mini`; also `-20240718`, `-0718`, `@20240718` and `-latest`). A name that it merely
 * begins with does not count: the price of gpt-4o is not that of gpt-4o-mini. Undefined for a model without a price.
 *
 * It goes by the name that is asked for, since a budget has to know it before the answer comes; a provider that answers
 * under another name (an alias, a router) is assumed to charge for the name that was asked for.
 *
 * @throws UsageError for prices of another form, naming the key
 */
export function priceOf(prices: Prices, model: string): ModelPrice | undefined {
  const models = readPrices(prices);
  return models.get(model) ?? models.get(undated(model));
}

const MODEL_DATE = /[-@](20\d\d-\d\d-\d\d|20\d{6}|(0[1-9]|1[0-2])[0-3]\d|latest)$/;

function undated(model: string): string {
  return model.replace(MODEL_DATE, '');
}

function readPrices(prices: unknown): Map<string, ModelPrice> {
  if (!isRecord(prices)) throw wrong('prices', 'an object', prices);
  checkKeys('prices', prices, ['asOf', 'models']);
  const { asOf, models } = prices;
  if (!isDay(asOf)) throw wrong('prices.asOf', 'the day the prices were looked up, such as "2026-05-31"', asOf);
  if (!isRecord(models)) throw wrong('prices.models', 'an object of prices by model name', models);
  return new Map(Object.entries(models).map(([name, price]) => [name, readPrice(`prices.models.${name}`, price)]));
}

function readPrice(where: string, price: unknown): ModelPrice {
  if (!isRecord(price)) throw wrong(where, 'an object with input and output', price);
  checkKeys(where, price, ['input', 'cachedInput', 'output']);
  const amountOf = (key: string): bigint => {
    const amount = price[key];
    const nano = typeof amount === 'string' || typeof amount === 'number' ? nanoDollars(amount) : undefined;
    if (nano !== undefined) return nano;
    throw wrong(`${where}.${key}`, 'dollars a million tokens, such as "0.15", with at most 9 decimals', amount);
  };
  const input = amountOf('input');
  const cachedInput = price.cachedInput === undefined ? input : amountOf('cachedInput');
  return { input, cachedInput, output: amountOf('output') };
}

function isDay(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const date = new Date(value);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}

function checkKeys(where: string, value: Record<string, unknown>, known: string[]): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw unknownName(`key of ${where}`, unknown, known);
}

function wrong(name: string, expected: string, got: unknown): UsageError {
  return mustBe(name, expected, got, FORM_HINT);
}

/** Returns what tokens cost. Cached tokens are part of the prompt, reasoning is part of the completion. */
export function costOf(price: ModelPrice, { promptTokens, completionTokens, cachedTokens = 0 }: Usage): Femtodollars {
  const cached = BigInt(cachedTokens);
  const fresh = BigInt(promptTokens) - cached;
  return fresh * price.input + cached * price.cachedInput + BigInt(completionTokens) * price.output;
}

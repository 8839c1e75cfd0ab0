/**
 * An exact amount: a whole number of femtodollars (10⁻¹⁵ dollars, a millionth of a nano-dollar), which is what one token
 * costs at a nano-dollar a million tokens. Bigints do not overflow: 10¹² tokens at $1,000 a million are 10²⁴ femtodollars.
 */
export type Femtodollars = bigint;

const FEMTO_PER_NANO = 1_000_000n;
const AMOUNT = /^\d+(\.\d{1,9})?$/;

/** Reads an amount: `"0.15"` or `0.15` → 150,000,000 nano-dollars; undefined for text that is not an amount of at most 9 decimals. */
export function nanoDollars(amount: string | number): bigint | undefined {
  const text = String(amount);
  if (!AMOUNT.test(text)) return undefined;
  const [whole = '', decimals = ''] = text.split('.');
  return BigInt(whole + decimals.padEnd(9, '0'));
}

/** Reads an amount in femtodollars; undefined for text that is not an amount. */
export function femtoDollars(amount: string | number): Femtodollars | undefined {
  const nano = nanoDollars(amount);
  return nano === undefined ? undefined : nano * FEMTO_PER_NANO;
}

/** Writes an amount in dollars: 1,500,000,000,000,000 → `"1.5"`. */
export function dollars(amount: Femtodollars): string {
  const digits = String(amount).padStart(16, '0');
  return `${digits.slice(0, -15)}.${digits.slice(-15)}`.replace(/\.?0+$/, '');
}

/** Returns the exact sum of two amounts, in the form that `dollars` writes. */
export function addDollars(one: string, other: string): string {
  const femto = (amount: string) => {
    const [whole = '', decimals = ''] = amount.split('.');
    return BigInt(whole + decimals.padEnd(15, '0'));
  };
  return dollars(femto(one) + femto(other));
}

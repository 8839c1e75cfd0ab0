/**
 * Amounts are exact: a whole number of femtodollars (10⁻¹⁵ dollars, a millionth of a nano-dollar), which is what one token
 * costs at a nano-dollar a million tokens. Bigints do not overflow: 10¹² tokens at $1,000 a million are 10²⁴ of them.
 */
export type Femtodollars = bigint;

const femtoPerNano = 1_000_000n;
const form = /^\d+(\.\d{1,9})?$/;

/** `"0.15"` or `0.15` → 150,000,000 nano-dollars; undefined for what is no amount of at most 9 decimals. */
export function nanoDollars(amount: string | number): bigint | undefined {
  const text = String(amount);
  if (!form.test(text)) return undefined;
  const [whole = '', decimals = ''] = text.split('.');
  return BigInt(whole + decimals.padEnd(9, '0'));
}

export function femtoDollars(amount: string | number): Femtodollars | undefined {
  const nano = nanoDollars(amount);
  return nano === undefined ? undefined : nano * femtoPerNano;
}

/** The exact amount in dollars: 1,500,000,000,000,000 → `"1.5"`. */
export function dollars(amount: Femtodollars): string {
  const digits = String(amount).padStart(16, '0');
  return `${digits.slice(0, -15)}.${digits.slice(-15)}`.replace(/\.?0+$/, '');
}

/** The exact sum of two amounts as `dollars` writes them. */
export function addDollars(one: string, other: string): string {
  const femto = (amount: string) => {
    const [whole = '', decimals = ''] = amount.split('.');
    return BigInt(whole + decimals.padEnd(15, '0'));
  };
  return dollars(femto(one) + femto(other));
}

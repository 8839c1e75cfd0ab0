/** Runs a stream to its end for its effects and resolves to the number of its items. */
export async function drain(source: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of source) count += 1;
  return count;
}

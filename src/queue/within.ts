/** The time that each step of an orderly end may take: Redis may be away. */
export const CLOSE_PATIENCE_MS = 2000;

/** Waits for a promise, for `ms` at most, whatever it ends with. */
export async function within(ms: number, promise: Promise<unknown> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise?.catch(() => {}), late]);
  clearTimeout(timer);
}

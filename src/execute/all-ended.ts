/** As `Promise.all`, but what still runs when one fails is waited for: it must not outlive what it works on. */
export async function allEnded<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

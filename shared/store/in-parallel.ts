import PQueue from 'p-queue';

/** Results in the order of the items, at most `limit` at work at once. The first error ends it after what is under way has ended. */
export async function inParallel<A, B>(
  items: readonly A[],
  limit: number,
  work: (item: A) => Promise<B>,
): Promise<readonly B[]> {
  const queue = new PQueue({ concurrency: limit });
  const errors: unknown[] = [];
  const results: B[] = [];
  for (const [index, item] of items.entries()) {
    void queue.add(async () => {
      if (errors.length > 0) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        errors.push(error);
      }
    });
  }
  await queue.onIdle();
  if (errors.length > 0) throw errors[0];
  return results;
}

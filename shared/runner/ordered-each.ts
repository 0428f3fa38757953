/**
 * Runs `work` over a live stream with at most `ahead` items between the one being delivered and the one being read; results come in the
 * order of the items. The first error ends the iteration; work that was begun is left to finish.
 */
export async function* orderedEach<A, B>(
  items: AsyncIterable<A>,
  work: (item: A) => Promise<B>,
  options: { readonly ahead: number; readonly signal: AbortSignal },
): AsyncGenerator<B, void> {
  type Entry = { readonly done: false; readonly result: Promise<B> } | { readonly done: true };
  const queue: Entry[] = [];
  let filled = Promise.withResolvers<void>();
  let drained = Promise.withResolvers<void>();
  let stopped = false;

  const pump = (async () => {
    try {
      for await (const item of items) {
        if (stopped) return;
        const result = work(item);
        // A result that fails before its turn is reported when its turn comes, not as an unhandled rejection.
        result.catch(() => {});
        queue.push({ done: false, result });
        filled.resolve();
        while (queue.length >= options.ahead && !stopped) {
          drained = Promise.withResolvers<void>();
          await drained.promise;
        }
      }
      queue.push({ done: true });
    } catch (error) {
      const result = Promise.reject<B>(error);
      result.catch(() => {});
      queue.push({ done: false, result });
    } finally {
      filled.resolve();
    }
  })();

  try {
    for (;;) {
      options.signal.throwIfAborted();
      const head = queue[0];
      if (head === undefined) {
        filled = Promise.withResolvers<void>();
        await filled.promise;
        continue;
      }
      if (head.done) return;
      const value = await head.result;
      queue.shift();
      drained.resolve();
      yield value;
    }
  } finally {
    stopped = true;
    drained.resolve();
    pump.catch(() => {});
  }
}

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Many calls as one: what is asked for in the same turn, or while the last batch is under way, is
 * done together. The kernel waits for readers of the old state (RCU) at the end of each transaction
 * that removes something, some 10 ms, whether it removes one thing or a hundred.
 * When a batch fails its items are done one by one, so that each caller hears of its own.
 */
export function coalesced<Item>(
  act: (items: readonly Item[]) => Promise<void>,
  maximum = 1024,
): (item: Item) => Promise<void> {
  let waiting: Waiting<Item>[] = [];
  let busy = false;

  async function work(): Promise<void> {
    busy = true;
    // Calls that came in with this one, on other sockets, are read in the same turn.
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maximum);
      waiting = waiting.slice(maximum);
      await perform(act, batch);
    }
    busy = false;
  }

  return async (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting.push({ item, resolve, reject });
    if (!busy) void work();
    await promise;
  };
}

/** Never rejects: each item's caller is told. */
async function perform<Item>(
  act: (items: readonly Item[]) => Promise<void>,
  batch: readonly Waiting<Item>[],
): Promise<void> {
  try {
    await act(batch.map(({ item }) => item));
    for (const { resolve } of batch) resolve();
  } catch (error) {
    if (batch.length === 1) return batch[0]?.reject(error);
    for (const one of batch) await perform(act, [one]);
  }
}

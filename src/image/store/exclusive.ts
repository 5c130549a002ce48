/** Runs one piece of work after the other, in the order they were given. */
export type Exclusive = <T>(work: () => Promise<T>) => Promise<T>;

export function makeExclusive(): Exclusive {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}

/** Time as programs see it, so that a simulation can have another one. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once after so many milliseconds. What it returns calls that off. */
  after(delayMs: number, run: () => void): () => void;
}

/** What a timer of Node can wait for at most. */
const longestMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(delayMs, longestMs));
    return () => clearTimeout(timer);
  },
};

/** Resolves after so many milliseconds, or at once when the signal is aborted. */
export async function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(delayMs, resolve);
  const stop = () => resolve();
  signal.addEventListener('abort', stop, { once: true });
  await promise;
  cancel();
  signal.removeEventListener('abort', stop);
}

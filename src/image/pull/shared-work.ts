import { DomainError } from '../../base/error.ts';

/** One who waits for shared work: told of its progress, and free to leave. */
export interface Waiter<P> {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: P) => void) | undefined;
}

/**
 * Work by key: who asks for what is under way already waits for the same result. The work is
 * aborted when the last one who waits has left.
 */
export interface SharedWork<P, T> {
  run(key: string, waiter: Waiter<P>, start: Start<P, T>): Promise<T>;
  /** Aborts all that is under way; resolves when nothing of it runs any more. */
  close(): Promise<void>;
}

type Start<P, T> = (signal: AbortSignal, report: (progress: P) => void) => Promise<T>;

interface Flight<P, T> {
  readonly controller: AbortController;
  readonly listeners: Set<(progress: P) => void>;
  /** The newest progress of each part, for those who come later. */
  readonly latest: Map<string, P>;
  waiters: number;
  result: Promise<T>;
}

export function shareWork<P, T>(partOf: (progress: P) => string): SharedWork<P, T> {
  const flights = new Map<string, Flight<P, T>>();
  const begin = (key: string, start: Start<P, T>): Flight<P, T> => {
    const controller = new AbortController();
    const flight: Flight<P, T> = {
      controller,
      listeners: new Set(),
      latest: new Map(),
      waiters: 0,
      result: Promise.reject(new Error('not started')),
    };
    flight.result.catch(() => undefined);
    flights.set(key, flight);
    const end = (): void => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    flight.result = start(controller.signal, (progress) => {
      flight.latest.set(partOf(progress), progress);
      for (const listener of flight.listeners) listener(progress);
    }).finally(end);
    // Those who left early do not look at it any more.
    flight.result.catch(() => undefined);
    return flight;
  };
  return {
    async run(key, waiter, start) {
      waiter.signal?.throwIfAborted();
      const under = flights.get(key);
      // Work that was given up is still cleaning up after itself; new work must not wait in it.
      const flight = under?.controller.signal.aborted === false ? under : begin(key, start);
      return await join(flight, waiter);
    },
    async close() {
      const reason = new DomainError('unavailable', 'The images are being closed');
      const under = [...flights.values()];
      for (const { controller } of under) controller.abort(reason);
      await Promise.allSettled(under.map(({ result }) => result));
    },
  };
}

async function join<P, T>(flight: Flight<P, T>, waiter: Waiter<P>): Promise<T> {
  const { signal, onProgress } = waiter;
  const left = Promise.withResolvers<never>();
  const leave = (): void => left.reject(signal?.reason);
  signal?.addEventListener('abort', leave, { once: true });
  if (onProgress !== undefined) {
    for (const progress of flight.latest.values()) onProgress(progress);
    flight.listeners.add(onProgress);
  }
  flight.waiters++;
  try {
    return await Promise.race([flight.result, left.promise]);
  } finally {
    signal?.removeEventListener('abort', leave);
    if (onProgress !== undefined) flight.listeners.delete(onProgress);
    flight.waiters--;
    if (flight.waiters === 0) {
      flight.controller.abort(signal?.reason);
      // Whoever leaves last waits until nothing of the work is left behind.
      await flight.result.catch(() => undefined);
    }
  }
}

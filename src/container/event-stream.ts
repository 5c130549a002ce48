import { limits } from '../base/limits.ts';
import type { ContainerEvent } from './container-engine.ts';

type Listener = (event: ContainerEvent) => void;

/** Hands events to any number of readers; one that does not read loses the oldest. */
export class EventStream {
  readonly #listeners = new Set<Listener>();

  emit(event: ContainerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Begins with what happens after the call; ends when the signal is aborted. */
  read(signal?: AbortSignal): AsyncIterable<ContainerEvent> {
    const reader = new Reader();
    const listener: Listener = (event) => reader.push(event);
    const stop = (): void => {
      this.#listeners.delete(listener);
      reader.stop();
    };
    this.#listeners.add(listener);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
    return drain(reader, stop);
  }
}

async function* drain(reader: Reader, stop: () => void): AsyncIterable<ContainerEvent> {
  try {
    for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
      yield event;
    }
  } finally {
    stop();
  }
}

class Reader {
  readonly #queue: ContainerEvent[] = [];
  #wake: (() => void) | undefined;
  #stopped = false;

  push(event: ContainerEvent): void {
    if (this.#queue.length >= limits.eventQueue) this.#queue.shift();
    this.#queue.push(event);
    this.#wake?.();
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  async next(): Promise<ContainerEvent | undefined> {
    while (this.#queue.length === 0 && !this.#stopped) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#queue.shift();
  }
}

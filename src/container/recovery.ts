import { isDomainError, messageOf } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { Container } from './container.ts';
import { emit, type EngineContext } from './engine-context.ts';
import { recoverContainer } from './recover-container.ts';

/**
 * What an earlier runtime left, of all pods at once: a shim that does not answer delays nobody
 * else. Its containers stay as their records say, and are asked for again until it answers.
 */
export class Recovery {
  readonly #context: EngineContext;
  readonly #containers: Map<string, Container>;
  readonly #later = new Set<NodeJS.Timeout>();

  constructor(context: EngineContext, containers: Map<string, Container>) {
    this.#context = context;
    this.#containers = containers;
  }

  async run(): Promise<void> {
    const { store } = this.#context;
    const found: Container[] = [];
    for (const id of store.list()) {
      const stored = await store.read(id);
      if (stored === undefined) store.remove(id);
      else found.push(new Container(stored, store));
    }
    for (const container of found) this.#containers.set(container.id, container);
    await Promise.all(found.map((container) => this.#recover(container)));
  }

  close(): void {
    for (const timer of this.#later) clearTimeout(timer);
    this.#later.clear();
  }

  async #recover(container: Container): Promise<void> {
    const { id } = container;
    try {
      if (!(await recoverContainer(this.#context, container))) this.#containers.delete(id);
    } catch (error) {
      // It stays listed, and can be removed; the others are not its victims.
      this.#context.warn(`Cannot recover container "${id}": ${messageOf(error)}`);
      if (isDomainError(error, 'timeout')) this.#recoverLater(container);
    }
  }

  #recoverLater(container: Container): void {
    const timer = setTimeout(() => {
      this.#later.delete(timer);
      void container.queue.run(() => this.#recoverAgain(container));
    }, limits.shimAnswerMs);
    timer.unref();
    this.#later.add(timer);
  }

  /** Unless it was removed meanwhile, or its end was told. */
  async #recoverAgain(container: Container): Promise<void> {
    if (this.#containers.get(container.id) !== container) return;
    if (container.record.finishedAtMs > 0) return;
    await this.#recover(container);
    if (container.record.finishedAtMs > 0) emit(this.#context, container, 'exited');
  }
}

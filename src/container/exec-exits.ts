import type { ProcessExit } from '../kernel/supervised-process.ts';

type Resolve = (exit: ProcessExit | undefined) => void;

interface Expected {
  readonly container: string;
  readonly resolve: Resolve;
}

/** Who waits for which exec's exit. */
export class ExecExits {
  readonly #expected = new Map<string, Expected>();

  /** Resolves with the exit; undefined when it can no longer be known. */
  expect(container: string, name: string): Promise<ProcessExit | undefined> {
    return new Promise((resolve) => this.#expected.set(name, { container, resolve }));
  }

  forget(_container: string, name: string): void {
    this.#settle(name, undefined);
  }

  settle(exit: ProcessExit): void {
    this.#settle(exit.name, exit);
  }

  /** The shim that would have told is gone. */
  loseAll(container: string): void {
    for (const [name, expected] of this.#expected) {
      if (expected.container === container) this.#settle(name, undefined);
    }
  }

  #settle(name: string, exit: ProcessExit | undefined): void {
    const expected = this.#expected.get(name);
    this.#expected.delete(name);
    expected?.resolve(exit);
  }
}

/** Lets one waiter sleep until something has changed; a wake before the wait is not lost. */
export class Wakeup {
  #pending = false;
  #resolve: (() => void) | undefined;

  wake(): void {
    this.#pending = true;
    this.#resolve?.();
  }

  /**
   * Resolves at the next wake, at once when there was one since the last wait, or at the timeout.
   */
  async wait(timeoutMs?: number): Promise<void> {
    if (!this.#pending) {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.wake(), timeoutMs);
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
      });
      clearTimeout(timer);
    }
    this.#resolve = undefined;
    this.#pending = false;
  }
}

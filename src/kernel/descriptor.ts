import { addon } from './addon.ts';

/**
 * An open file descriptor that is closed once, by `close` or at the end of a `using` block.
 * The calls of this folder take the number, `descriptor.fd`, and never close it.
 * All descriptors that keelson opens are closed by the kernel at exec (O_CLOEXEC).
 *
 * Closes with its own call: `fs.closeSync` warns, in a worker thread, about descriptors that
 * Node did not open.
 */
export class Descriptor implements Disposable {
  #fd: number;

  /** Takes over an open descriptor. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The number; throws when the descriptor is closed or given away, for the number may by then
   * be somebody else's file. */
  get fd(): number {
    if (this.#fd < 0) throw new Error('Descriptor is closed');
    return this.#fd;
  }

  get closed(): boolean {
    return this.#fd < 0;
  }

  /** Gives the number to the caller, who closes it. */
  release(): number {
    const fd = this.fd;
    this.#fd = -1;
    return fd;
  }

  /** A second descriptor of the same open file (they share position and flags). */
  duplicate(): Descriptor {
    return new Descriptor(addon.duplicate(this.fd));
  }

  /** Closing twice does nothing. */
  close(): void {
    if (this.#fd >= 0) addon.close(this.release());
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Closes a descriptor that is known by its number alone. */
export function closeDescriptor(fd: number): void {
  addon.close(fd);
}

import type { TerminalSize } from '../container/container-engine.ts';

/**
 * Raw mode on this process's terminal, given back on every way out: disposing, exit, and the
 * signals that end a process.
 */
export class RawTerminal implements Disposable {
  readonly #restore = (): void => {
    process.stdin.setRawMode(false);
  };
  readonly #endings = ['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
  readonly #end = (signal: NodeJS.Signals): void => {
    this[Symbol.dispose]();
    process.kill(process.pid, signal);
  };

  constructor() {
    process.stdin.setRawMode(true);
    process.on('exit', this.#restore);
    for (const signal of this.#endings) process.once(signal, this.#end);
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#restore);
    for (const signal of this.#endings) process.off(signal, this.#end);
    this.#restore();
  }
}

export function terminalSize(): TerminalSize | undefined {
  const { rows, columns } = process.stdout;
  // Not a terminal, or one that does not know its size.
  return rows > 0 && columns > 0 ? { rows, columns } : undefined;
}

/** The bytes of `ctrl-p,ctrl-q`. Undefined for what makes no sense. */
export function parseDetachKeys(text: string): Buffer | undefined {
  const bytes = text.split(',').map((key) => {
    const [, letter] = /^ctrl-([a-z@[\\\]^_])$/.exec(key) ?? [];
    if (letter !== undefined) return letter.toUpperCase().charCodeAt(0) & 0x1f;
    return /^[\x20-\x7e]$/.test(key) ? key.charCodeAt(0) : -1;
  });
  return bytes.includes(-1) ? undefined : Buffer.from(bytes);
}

/**
 * Looks for the detach keys in what is typed, across reads. Keys that turn out to be something else
 * are passed on with what follows.
 */
export class DetachKeys {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  /** What to pass on, and whether the sequence is complete. */
  take(bytes: Buffer): { pass: Buffer; detach: boolean } {
    const pass: number[] = [];
    for (const byte of bytes) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched += 1;
        if (this.#matched === this.#keys.length) return { pass: Buffer.from(pass), detach: true };
        continue;
      }
      pass.push(...this.#keys.subarray(0, this.#matched));
      this.#matched = byte === this.#keys[0] ? 1 : 0;
      if (this.#matched === 0) pass.push(byte);
    }
    return { pass: Buffer.from(pass), detach: false };
  }
}

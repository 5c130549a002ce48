import { randomBytes } from 'node:crypto';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';

interface Entry<Value> {
  readonly value: Value;
  readonly expiresAtMs: number;
}

/** Values that are taken once, soon, by whoever was told a name that cannot be guessed. */
export class TokenTable<Value> {
  /** The oldest first, as all live equally long. */
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A name of 192 random bits. Throws DomainError `exhausted` while too many wait. */
  add(value: Value): string {
    this.#expire();
    if (this.#entries.size >= limits.streamTokens) {
      throw new DomainError('exhausted', `${limits.streamTokens} streams wait for their clients`);
    }
    const token = randomBytes(24).toString('base64url');
    this.#entries.set(token, { value, expiresAtMs: this.#now() + limits.streamTokenMs });
    return token;
  }

  /** Undefined for a name that never was, was taken, or is too old. */
  take(token: string): Value | undefined {
    this.#expire();
    const entry = this.#entries.get(token);
    this.#entries.delete(token);
    return entry?.value;
  }

  #expire(): void {
    for (const [token, { expiresAtMs }] of this.#entries) {
      if (expiresAtMs > this.#now()) return;
      this.#entries.delete(token);
    }
  }
}

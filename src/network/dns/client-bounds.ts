import { limits } from '../../base/limits.ts';

interface Client {
  /** Questions under way. */
  waiting: number;
  /** Questions that it may ask at once, as of `atMs`. */
  credit: number;
  atMs: number;
}

/** What one pod may ask, so that the others of its node get answers beside it. */
export class ClientBounds {
  readonly #clients = new Map<string, Client>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** False when the client has to wait: the question gets no answer. Otherwise call `leave`. */
  enter(address: string): boolean {
    const client = this.#find(address);
    if (client === undefined) return false;
    const now = this.#nowMs();
    const earned = ((now - client.atMs) / 1000) * limits.dnsClientRate;
    client.credit = Math.min(client.credit + earned, limits.dnsClientRate);
    client.atMs = now;
    if (client.credit < 1 || client.waiting >= limits.dnsClientQuestions) return false;
    client.credit -= 1;
    client.waiting += 1;
    return true;
  }

  leave(address: string): void {
    const client = this.#clients.get(address);
    if (client !== undefined) client.waiting -= 1;
  }

  #find(address: string): Client | undefined {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    if (this.#clients.size >= limits.dnsClients) this.#forgetIdle();
    if (this.#clients.size >= limits.dnsClients) return undefined;
    const client = { waiting: 0, credit: limits.dnsClientRate, atMs: this.#nowMs() };
    this.#clients.set(address, client);
    return client;
  }

  /** After a second everybody may ask as much as one who never did. */
  #forgetIdle(): void {
    const before = this.#nowMs() - 1000;
    for (const [address, { waiting, atMs }] of this.#clients) {
      if (waiting === 0 && atMs < before) this.#clients.delete(address);
    }
  }
}

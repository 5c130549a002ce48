import { randomInt } from 'node:crypto';
import { DomainError } from '../../base/error.ts';
import type { Session } from '../store.ts';
import type { EtcdClient } from './client.ts';
import type { KeepAliveStream } from './protocol.ts';

export async function openLeaseSession(
  client: EtcdClient,
  timeToLiveSeconds: number,
): Promise<LeaseSession> {
  if (!Number.isSafeInteger(timeToLiveSeconds) || timeToLiveSeconds < 2) {
    throw new DomainError('invalid', `A session cannot live ${timeToLiveSeconds} seconds`);
  }
  // Chosen here: the ids that etcd makes do not fit into a JavaScript number.
  const id = randomInt(1, 2 ** 48 - 1);
  const askedMs = performance.now();
  await client.grantLease(id, timeToLiveSeconds);
  return new LeaseSession(client, id, { timeToLiveMs: timeToLiveSeconds * 1_000, askedMs });
}

/**
 * A lease of etcd, renewed at a third of its life. It counts as over when its life has passed since
 * the last renewal that succeeded was sent, which is never later than etcd sees it.
 */
export class LeaseSession implements Session {
  readonly id: string;
  readonly #client: EtcdClient;
  readonly #lease: number;
  readonly #timeToLiveMs: number;
  readonly #ended = new AbortController();
  #stream: KeepAliveStream | undefined;
  #sentMs: number[] = [];
  #renewal: NodeJS.Timeout;
  #expiry: NodeJS.Timeout;

  constructor(client: EtcdClient, lease: number, life: { timeToLiveMs: number; askedMs: number }) {
    this.id = String(lease);
    this.#client = client;
    this.#lease = lease;
    this.#timeToLiveMs = life.timeToLiveMs;
    this.#expiry = this.#expireAfter(life.askedMs);
    this.#renewal = setInterval(() => this.#renew(), life.timeToLiveMs / 3);
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#end('it was closed');
    await this.#client.revokeLease(this.#lease);
  }

  #renew(): void {
    this.#stream ??= this.#open();
    this.#sentMs.push(performance.now());
    this.#stream.write({ ID: this.#lease });
  }

  #open(): KeepAliveStream {
    const stream = this.#client.openKeepAlive();
    this.#sentMs = [];
    const forget = (): void => {
      if (this.#stream === stream) this.#stream = undefined;
    };
    stream.on('data', ({ TTL }: { TTL: number }) => this.#onAnswer(TTL));
    stream.on('error', forget);
    stream.on('end', forget);
    return stream;
  }

  #onAnswer(timeToLiveSeconds: number): void {
    const sentMs = this.#sentMs.shift();
    if (timeToLiveSeconds <= 0) this.#end('etcd has ended it');
    if (sentMs === undefined || this.#ended.signal.aborted) return;
    clearTimeout(this.#expiry);
    this.#expiry = this.#expireAfter(sentMs);
  }

  #expireAfter(sinceMs: number): NodeJS.Timeout {
    const remainingMs = this.#timeToLiveMs - (performance.now() - sinceMs);
    return setTimeout(() => this.#end('it could not be renewed in time'), remainingMs);
  }

  #end(why: string): void {
    clearTimeout(this.#expiry);
    clearInterval(this.#renewal);
    this.#stream?.cancel();
    this.#ended.abort(new DomainError('unavailable', `Session ${this.id} is over: ${why}`));
  }
}

import { writeMicroTime } from '../time.ts';
import type { Lease, LeaseSpec } from '../types/generated/coordination-v1.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import type { ApiClient, Stored } from './client.ts';
import { isRefused } from './refusal.ts';
import { resources } from './resources.ts';

export interface ElectionOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** The Lease that candidates write their names into. */
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Who this candidate is; no other one may have the name. */
  readonly identity: string;
  /** How long a leader that says nothing stays one. */
  readonly durationMs: number;
  /** Told of each leader, this candidate or another. */
  readonly elected: (identity: string) => void;
  readonly failed: (why: string) => void;
}

/** What a leader may rely on. */
export interface Leadership {
  /** Aborted when it is over; what leads ends then. */
  readonly signal: AbortSignal;
  /** False from the moment on at which another one may lead, also before the signal comes. */
  isHeld(): boolean;
}

/**
 * Elects one leader among processes by a Lease, as Kubernetes' own components do. The clocks of
 * the machines are not compared: a lease is over when it did not change for as long as it says,
 * by the clock of who looks. A leader that could not renew gives up after two thirds of that.
 */
export class LeaderElection {
  readonly #options: ElectionOptions;
  #seen: { readonly text: string; readonly atMs: number } | undefined;
  #leader = '';
  /** Of the monotonic clock: a machine's time may be set back. */
  #heldUntilMs = 0;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  /** The last leader that was seen; empty when there was none. */
  get leader(): string {
    return this.#leader;
  }

  /**
   * Takes part until the signal is aborted, and leads whenever elected. What `lead` throws ends
   * that leadership alone. Gives the lease back at the end, so that another need not wait.
   */
  async run(signal: AbortSignal, lead: (leadership: Leadership) => Promise<void>): Promise<void> {
    const { clock, durationMs, failed } = this.#options;
    while (!signal.aborted) {
      if (await this.#try()) {
        try {
          await this.#lead(signal, lead);
        } catch (error) {
          failed(`leading: ${messageOf(error)}`);
        }
        await this.#release();
      }
      // Candidates that started together do not go on together.
      await sleep(clock, retryMs(durationMs) * (1 + Math.random() / 5), signal);
    }
  }

  async #lead(signal: AbortSignal, lead: (leadership: Leadership) => Promise<void>): Promise<void> {
    const over = new AbortController();
    const both = AbortSignal.any([signal, over.signal]);
    const isHeld = () => performance.now() < this.#heldUntilMs;
    const renewal = this.#renewUntil(both).finally(() => over.abort());
    try {
      await lead({ signal: both, isHeld });
    } finally {
      over.abort();
      await renewal;
    }
  }

  /** Ends when it is aborted, or when the lease could not be renewed. */
  async #renewUntil(signal: AbortSignal): Promise<void> {
    const { clock, durationMs, failed } = this.#options;
    const deadlineMs = (durationMs * 2) / 3;
    let renewedMs = performance.now();
    while (!signal.aborted) {
      await sleep(clock, retryMs(durationMs), signal);
      if (signal.aborted) return;
      // An answer that does not come must not keep a leader in its place.
      const isRenewed = await Promise.race([
        this.#try(),
        sleep(clock, renewedMs + deadlineMs - performance.now(), signal).then(() => false),
      ]);
      if (isRenewed) renewedMs = performance.now();
      else if (performance.now() >= renewedMs + deadlineMs || this.#isAnothers()) {
        this.#heldUntilMs = 0;
        if (!signal.aborted) failed('the lease could not be renewed');
        return;
      }
    }
  }

  #isAnothers(): boolean {
    return this.#leader !== '' && this.#leader !== this.#options.identity;
  }

  /** Takes the lease, or renews it; false when it is another's or nobody answers. */
  async #try(): Promise<boolean> {
    const askedMs = performance.now();
    try {
      const isOurs = await this.#takeOrRenew();
      if (isOurs) this.#heldUntilMs = askedMs + this.#options.durationMs;
      return isOurs;
    } catch (error) {
      if (!isRefused(error, 'Conflict', 'AlreadyExists')) {
        this.#options.failed(`the lease: ${messageOf(error)}`);
      }
      return false;
    }
  }

  async #takeOrRenew(): Promise<boolean> {
    const { client, lease: name, identity } = this.#options;
    const known = await this.#read();
    if (known === undefined) {
      const spec = this.#specAfter(undefined);
      const { namespace } = name;
      await client.create(resources.leases, { metadata: { namespace, name: name.name }, spec });
      this.#saw(identity);
      return true;
    }
    if (this.#isHeldByAnother(known)) return false;
    await client.update(resources.leases, { ...known, spec: this.#specAfter(known.spec) });
    this.#saw(identity);
    return true;
  }

  async #read(): Promise<Stored<Lease> | undefined> {
    try {
      return await this.#options.client.get(resources.leases, this.#options.lease);
    } catch (error) {
      if (isRefused(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  #isHeldByAnother({ metadata, spec }: Stored<Lease>): boolean {
    const { identity, durationMs } = this.#options;
    const holder = spec.holderIdentity ?? '';
    const text = `${metadata.uid} ${metadata.resourceVersion}`;
    if (this.#seen?.text !== text) this.#seen = { text, atMs: performance.now() };
    if (holder === '' || holder === identity) return false;
    const ownMs = (spec.leaseDurationSeconds ?? durationMs / 1000) * 1000;
    if (performance.now() >= this.#seen.atMs + ownMs) return false;
    this.#saw(holder);
    return true;
  }

  #saw(leader: string): void {
    if (leader === this.#leader) return;
    this.#leader = leader;
    if (leader !== '') this.#options.elected(leader);
  }

  #specAfter(old: LeaseSpec | undefined): LeaseSpec {
    const { identity, durationMs } = this.#options;
    const now = this.#time();
    const isOurs = old?.holderIdentity === identity;
    const transitions = old?.leaseTransitions ?? 0;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(durationMs / 1000),
      acquireTime: isOurs ? old?.acquireTime : now,
      renewTime: now,
      leaseTransitions: old === undefined || isOurs ? transitions : transitions + 1,
    };
  }

  async #release(): Promise<void> {
    this.#heldUntilMs = 0;
    try {
      const known = await this.#read();
      if (known?.spec.holderIdentity !== this.#options.identity) return;
      const spec = { ...known.spec, holderIdentity: '', leaseDurationSeconds: 1 };
      await this.#options.client.update(resources.leases, { ...known, spec });
      this.#saw('');
    } catch (error) {
      // Then it is waited for.
      this.#options.failed(`giving the lease back: ${messageOf(error)}`);
    }
  }

  #time(): string {
    const nowMs = this.#options.clock.now();
    return writeMicroTime(Math.floor(nowMs / 1000), Math.floor(nowMs % 1000) * 1000);
  }
}

/** As client-go has it: 15 s of life, 10 s to renew, a try every 2 s. */
function retryMs(durationMs: number): number {
  return (durationMs * 2) / 15;
}

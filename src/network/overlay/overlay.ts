import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../base/error.ts';
import type { Ledger } from '../../base/ledger.ts';
import type { Logger } from '../../base/log.ts';
import { Wakeup } from '../../base/wakeup.ts';
import { type Connection, link, nftables, open } from '../../netlink/index.ts';
import { type Concern, followOverlay } from './overlay-events.ts';
import type { OverlayNode } from './overlay-node.ts';
import { deviceName, type OverlaySettings } from './overlay-settings.ts';
import { type OverlayPlan, planOverlay } from './plan.ts';
import {
  enableForwarding,
  type Pass,
  reconcileGuard,
  reconcileOutgoing,
  reconcileRoutes,
  removeOutgoing,
} from './reconcile.ts';
import { findUnderlay, type Underlay } from './underlay.ts';

export interface OverlayOptions {
  readonly settings: OverlaySettings;
  /** This node's. */
  readonly nodeName: string;
  readonly ledger: Ledger;
  readonly log: Logger;
  /** Called when pods can be attached, and whenever what they need to know has changed. */
  readonly planned: (plan: OverlayPlan) => Promise<void>;
  /** Without any event all is looked at so often, for those that nobody told of. */
  readonly lookMs?: number;
}

/** Events of one moment are looked at together. */
const settleMs = 10;
/** The ruleset's generation is asked for so often: an event of nf_tables costs every writer. */
const tickMs = 1000;
const usualLookMs = 10_000;
const firstRetryMs = 100;
const longestRetryMs = 5000;

/**
 * Keeps the kernel's links, routes, neighbours and rules as the cluster's nodes ask for. Events
 * only say that something is different; what is done follows from comparing all that should be
 * with all that is, so a lost event, a stale entry or a restart is nothing special. What is right
 * is never touched.
 */
export class Overlay {
  readonly #options: OverlayOptions;
  readonly #wakeup = new Wakeup();
  readonly #ready = Promise.withResolvers<void>();
  #nodes: readonly OverlayNode[] | undefined;
  #concern: Concern = {};
  #planKey = '';
  #plan: OverlayPlan | undefined;
  #toldPlan: OverlayPlan | undefined;
  /** At which the rules were right; undefined when they have to be looked at. */
  #generation: number | undefined;
  #lost: unknown;
  #told = '';

  constructor(options: OverlayOptions) {
    this.#options = options;
  }

  /** Resolves when everything is in place for the first time. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** All nodes of the cluster, this one among them. */
  setNodes(nodes: readonly OverlayNode[]): void {
    this.#nodes = nodes;
    this.#planKey = '';
    this.#wakeup.wake();
  }

  /** Works until the signal is aborted; leaves all in place, for pods go on without us. */
  async run(signal: AbortSignal): Promise<void> {
    using route = await open();
    using netfilter = await open({ protocol: 'netfilter' });
    await using events = await followOverlay(() => this.#concern);
    this.#lost = undefined;
    this.#generation = undefined;
    signal.addEventListener('abort', () => this.#wakeup.wake(), { once: true });
    const following = this.#follow(events);
    const ticking = this.#tick(netfilter, signal);
    try {
      await this.#work(route, netfilter, signal);
    } finally {
      events.close();
      await Promise.all([following, ticking]);
    }
  }

  async #follow(events: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const event of events) if (event !== undefined) this.#wakeup.wake();
    } catch (error) {
      this.#lost = error;
      this.#wakeup.wake();
    }
  }

  async #tick(netfilter: Connection, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(tickMs, undefined, { signal, ref: true }).catch(() => undefined);
      const id = await generationOf(netfilter);
      if (id !== this.#generation) this.#wakeup.wake();
    }
  }

  async #work(route: Connection, netfilter: Connection, signal: AbortSignal): Promise<void> {
    const { lookMs = usualLookMs } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      // Whoever runs us begins anew, with another subscription.
      if (this.#lost !== undefined) throw this.#lost;
      const failed = await this.#attempt(route, netfilter);
      failures = failed ? failures + 1 : 0;
      const retryMs = Math.min(firstRetryMs * 2 ** Math.min(failures - 1, 6), longestRetryMs);
      await this.#wakeup.wait(failed ? retryMs : lookMs);
      await delay(settleMs);
    }
  }

  /** True when it has to be tried again soon. */
  async #attempt(route: Connection, netfilter: Connection): Promise<boolean> {
    try {
      const waiting = await this.#pass(route, netfilter);
      this.#tell(waiting ?? '');
      if (waiting === undefined) this.#ready.resolve();
      return false;
    } catch (error) {
      this.#tell(messageOf(error));
      return true;
    }
  }

  /** Once, not each time it is tried. */
  #tell(words: string): void {
    if (words === this.#told) return;
    if (words !== '') this.#options.log.warn(words);
    else if (this.#told !== '') this.#options.log.info('the overlay is in order again');
    this.#told = words;
  }

  /** Gives what it waits for, if it has to. */
  async #pass(route: Connection, netfilter: Connection): Promise<string | undefined> {
    const { nodeName, ledger, settings } = this.#options;
    if (this.#nodes === undefined) return 'waiting for the nodes of the cluster';
    const self = this.#nodes.find(({ name }) => name === nodeName);
    if (self === undefined) return `waiting for node "${nodeName}" to be registered`;
    if (self.ranges.length === 0) return `node "${nodeName}" has no range for its pods yet`;
    const underlay = await findUnderlay(route, self.addresses);
    const plan = this.#planFor(self, underlay);
    const pass: Pass = { plan, underlay, ledger, route, netfilter };
    await enableForwarding(pass);
    const done = [...(await this.#reconcileRules(pass, reconcileGuard))];
    done.push(...(await reconcileRoutes(pass)));
    const leaving = settings.masquerade ? outgoing : noOutgoing;
    done.push(...(await this.#reconcileRules(pass, leaving)));
    this.#generation = await generationOf(netfilter);
    await this.#concernWith(route, underlay);
    if (plan !== this.#toldPlan) await this.#options.planned(plan);
    this.#toldPlan = plan;
    if (done.length > 0) {
      this.#options.log.info({ changes: done.slice(0, 10), of: done.length }, 'overlay changed');
    }
    return undefined;
  }

  /** Planned anew only when something it follows from is different. */
  #planFor(self: OverlayNode, underlay: Underlay): OverlayPlan {
    const key = JSON.stringify(underlay);
    if (this.#plan !== undefined && key === this.#planKey) return this.#plan;
    const { settings, log } = this.#options;
    const plan = planOverlay({ settings, self, nodes: this.#nodes ?? [], underlay });
    for (const problem of plan.problems) log.warn(problem);
    this.#plan = plan;
    this.#planKey = key;
    this.#generation = undefined;
    return plan;
  }

  /** Only when somebody has changed rules since, or the plan is another. */
  async #reconcileRules(
    pass: Pass,
    work: (pass: Pass) => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const id = await generationOf(pass.netfilter);
    return id === this.#generation ? [] : await work(pass);
  }

  async #concernWith(route: Connection, { index, device }: Underlay): Promise<void> {
    const own = await link.find(route, deviceName);
    this.#concern = {
      underlay: index,
      underlayName: device,
      ...(own !== undefined && { vxlan: own.index }),
    };
  }
}

async function outgoing(pass: Pass): Promise<readonly string[]> {
  const { done, legacy } = await reconcileOutgoing(pass);
  return legacy ? ["hide pods' addresses by iptables-legacy: nf_tables has no NAT here"] : done;
}

async function noOutgoing(pass: Pass): Promise<readonly string[]> {
  await removeOutgoing(pass);
  return [];
}

/** -1 where the kernel has no nf_tables. */
async function generationOf(netfilter: Connection): Promise<number> {
  try {
    return (await nftables.generation(netfilter)).id;
  } catch {
    return -1;
  }
}

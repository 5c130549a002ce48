import { sleep } from '../../../base/clock.ts';
import { messageOf } from '../../../base/error.ts';
import type { NodePods } from '../../pod/node-pods.ts';
import type { NodeStateOptions } from '../node-options.ts';
import { endPods, shutdownPhases } from './end-pods.ts';
import { Logind } from './logind.ts';

export interface ShutdownOptions {
  readonly node: NodeStateOptions;
  readonly pods: NodePods;
  readonly changed: () => void;
}

const checkMs = 10_000;

/** Ends pods in order before the machine goes down, where the configuration gives time for it. */
export class GracefulShutdown {
  readonly #options: ShutdownOptions;
  #isUnderWay = false;

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /** From now on no pod is taken, and the node is not ready. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** Waits for logind's word; never rejects. Without logind nothing tells of a shutdown. */
  async run(signal: AbortSignal): Promise<void> {
    const { configuration, log, clock } = this.#options.node;
    if (configuration.shutdownGracePeriod === 0) return;
    let told = '';
    let ending: AbortController | undefined;
    const hear = (logind: Logind, begins: boolean) => {
      ending?.abort();
      ending = undefined;
      this.#mark(begins);
      if (begins) {
        ending = new AbortController();
        void this.#end(logind, AbortSignal.any([signal, ending.signal]));
      } else logind.inhibit().catch(() => undefined);
    };
    while (!signal.aborted) {
      try {
        await using logind = await Logind.open(hear);
        await this.#checkDelay(logind);
        while (!signal.aborted && logind.isOpen) await sleep(clock, checkMs, signal);
      } catch (error) {
        const words = messageOf(error);
        if (words !== told) log.warn(`graceful shutdown: ${words}`);
        told = words;
      }
      await sleep(clock, checkMs, signal);
    }
  }

  async #checkDelay(logind: Logind): Promise<void> {
    const { configuration, log } = this.#options.node;
    const longest = await logind.longestDelayMs();
    if (longest >= configuration.shutdownGracePeriod) return;
    const wanted = Math.ceil(configuration.shutdownGracePeriod / 1000);
    log.warn(
      `logind waits ${longest / 1000} s for pods, not shutdownGracePeriod: ` +
        `set InhibitDelayMaxSec=${wanted} in logind.conf`,
    );
  }

  async #end(logind: Logind, signal: AbortSignal): Promise<void> {
    const { node, pods } = this.#options;
    node.log.info('the machine goes down: ending pods');
    const phases = shutdownPhases(node.configuration);
    await endPods({ pods, clock: node.clock, phases }, signal).catch((error: unknown) => {
      node.log.warn(`ending pods: ${messageOf(error)}`);
    });
    if (!signal.aborted) await logind.release();
  }

  #mark(isUnderWay: boolean): void {
    this.#isUnderWay = isUnderWay;
    this.#options.changed();
  }
}

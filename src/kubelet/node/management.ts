import { type Clock, sleep } from '../../base/clock.ts';
import { isDomainError, messageOf } from '../../base/error.ts';
import type { NodePods } from '../pod/node-pods.ts';
import type { PodVolumes } from '../volume/pod-volumes.ts';
import type { Complaints } from './complaints.ts';
import { Evictor } from './eviction/evictor.ts';
import type { NodeStateOptions } from './node-options.ts';
import type { NodeResources } from './node-resources.ts';
import type { Pressure } from './node-state.ts';
import { ImageCollector } from './room/image-collector.ts';
import { LogKeeper } from './room/log-keeper.ts';
import { GracefulShutdown } from './shutdown/graceful-shutdown.ts';

export interface Managed {
  readonly pods: NodePods;
  readonly volumes: PodVolumes | undefined;
  readonly complaints: Complaints;
  readonly capacity: () => NodeResources;
  /** What the node says of itself has changed. */
  readonly changed: () => void;
}

const evictionMs = 10_000;
const imagesMs = 5 * 60_000;

/** What acts on pods, images and logs so that the node keeps room. */
export class Management {
  readonly #options: NodeStateOptions;
  readonly #complaints: Complaints;
  readonly #images: ImageCollector;
  readonly #logs: LogKeeper;
  readonly #evictor: Evictor;
  readonly #shutdown: GracefulShutdown;

  constructor(options: NodeStateOptions, managed: Managed) {
    this.#options = options;
    this.#complaints = managed.complaints;
    const mounted = () =>
      managed.pods.list().flatMap(({ spec: { volumes = [] } }) => {
        return volumes.flatMap(({ image }) => image?.reference ?? []);
      });
    this.#images = new ImageCollector({ ...options, mounted });
    this.#logs = new LogKeeper({ ...options, complaints: managed.complaints });
    this.#evictor = new Evictor({ ...managed, node: options, images: this.#images });
    this.#shutdown = new GracefulShutdown({ ...managed, node: options });
  }

  pressure(): Pressure {
    return this.#evictor.pressure();
  }

  get isShuttingDown(): boolean {
    return this.#shutdown.isUnderWay;
  }

  /** Until the signal; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, configuration } = this.#options;
    const evict = async () => {
      // Who has just made room looks at once whether it was enough.
      while (await this.#evictor.look(signal)) if (signal.aborted) return;
    };
    await Promise.all([
      this.#shutdown.run(signal),
      this.#every(evictionMs, { what: 'looking for room', work: evict, clock, signal }),
      this.#every(configuration.containerLogMonitorInterval, {
        what: 'rotating logs',
        work: () => this.#logs.look(),
        clock,
        signal,
      }),
      this.#every(imagesMs, {
        what: 'removing images',
        work: () => this.#collectImages(),
        clock,
        signal,
      }),
    ]);
  }

  async #every(periodMs: number, { what, work, clock, signal }: Chore): Promise<void> {
    while (!signal.aborted) {
      try {
        await work();
        this.#complaints.over(what);
      } catch (error) {
        if (!signal.aborted) this.#complaints.about(what, error);
      }
      await sleep(clock, periodMs, signal);
    }
  }

  async #collectImages(): Promise<void> {
    try {
      await this.#images.collect();
    } catch (error) {
      if (!isDomainError(error, 'exhausted')) throw error;
      const message = messageOf(error);
      this.#options.tell({ type: 'Warning', reason: 'FreeDiskSpaceFailed', message });
      throw error;
    }
  }
}

interface Chore {
  readonly what: string;
  readonly work: () => Promise<unknown>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

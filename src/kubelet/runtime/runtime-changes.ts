import { type Clock, sleep } from '../../base/clock.ts';
import { isDomainError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { Wakeup } from '../../base/wakeup.ts';
import { ContainerEventType, type ContainerEventResponse } from '../../cri/generated/runtime.ts';
import type { ContainerRuntime } from './container-runtime.ts';
import type { PodNews } from './observed-pod.ts';
import { label } from './record.ts';

export interface RuntimeChangesOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Logger;
  /** The pod with this uid has changed. */
  readonly changed: (uid: string) => void;
  /** The runtime tells how the pod is after something that was asked for. */
  readonly told: (uid: string, news: PodNews) => void;
  /** The runtime answered, or why it has not for a while. */
  readonly answered: (failure: string | undefined) => void;
}

/** Between lists: where events tell what happens, and where nothing else does. */
const checkMs = 30_000;
const relistMs = 1000;
const reconnectMs = 1000;
/** A runtime that restarts is back before anybody has to know. */
const silenceMs = 30_000;

/**
 * Follows what happens to containers that nobody here asked for: by the runtime's events, with a
 * list now and then as a check; by lists alone, each second, where it has no events.
 */
export class RuntimeChanges {
  readonly #options: RuntimeChangesOptions;
  /**
   * What each sandbox and container was at the last list. To the first one everything is new: it
   * may come long after workers have looked, from a runtime that did not answer at once.
   */
  #states: ReadonlyMap<string, Entry> = new Map();
  readonly #wakeup = new Wakeup();
  #hasEvents = false;

  constructor(options: RuntimeChangesOptions) {
    this.#options = options;
  }

  /** Until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#follow(signal), this.#list(signal)]);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { answered, clock } = this.#options;
    signal.addEventListener('abort', () => this.#wakeup.wake(), { once: true });
    let answeredAtMs = clock.now();
    while (!signal.aborted) {
      try {
        await this.#compare();
        answeredAtMs = clock.now();
        answered(undefined);
      } catch (error) {
        if (clock.now() - answeredAtMs >= silenceMs) answered(messageOf(error));
      }
      await this.#wakeup.wait(this.#hasEvents ? checkMs : relistMs);
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#hear(signal);
      } catch (error) {
        if (isDomainError(error, 'unsupported')) {
          log.info('the runtime tells of no events: its containers are listed each second');
          return;
        }
      }
      // What happened meanwhile nobody tells.
      this.#hasEvents = false;
      this.#wakeup.wake();
      await sleep(clock, reconnectMs, signal);
    }
  }

  /** A stream that has held for a while is one: what came before it the next list shows. */
  async #hear(signal: AbortSignal): Promise<void> {
    const { runtime, clock, changed, told } = this.#options;
    const cancel = clock.after(reconnectMs, () => {
      this.#hasEvents = true;
      this.#wakeup.wake();
    });
    try {
      for await (const event of runtime.events(signal)) {
        const uid = uidOf(event);
        if (uid === '') continue;
        if (isNews(event)) changed(uid);
        else told(uid, event);
      }
    } finally {
      cancel();
    }
  }

  async #compare(): Promise<void> {
    const { runtime, changed } = this.#options;
    const [pods, containers] = await Promise.all([runtime.listPods(), runtime.listContainers()]);
    const states = new Map<string, Entry>(
      [...pods, ...containers].map(({ id, state, labels }) => {
        return [id, { state, uid: labels[label.podUid] ?? '' }];
      }),
    );
    const before = this.#states;
    this.#states = states;
    const uids = new Set<string>();
    for (const [id, { state, uid }] of states) if (before.get(id)?.state !== state) uids.add(uid);
    for (const [id, { uid }] of before) if (!states.has(id)) uids.add(uid);
    for (const uid of uids) if (uid !== '') changed(uid);
  }
}

interface Entry {
  readonly state: number;
  readonly uid: string;
}

function uidOf({ pod_sandbox_status: pod }: ContainerEventResponse): string {
  return pod?.metadata?.uid ?? '';
}

/** Only the kubelet creates and starts: of that it knows. */
function isNews({ container_event_type: type }: ContainerEventResponse): boolean {
  return (
    type === ContainerEventType.CONTAINER_STOPPED_EVENT ||
    type === ContainerEventType.CONTAINER_DELETED_EVENT
  );
}

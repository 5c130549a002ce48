import type { ApiClient } from '../../api/client/client.ts';
import { isRefused } from '../../api/client/refusal.ts';
import { resources } from '../../api/client/resources.ts';
import { aborted } from '../../base/aborted.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { Wakeup } from '../../base/wakeup.ts';
import type { NodeState } from '../node/node-state.ts';
import type { LivePod } from '../pod/live-pod.ts';
import { annotation } from '../runtime/record.ts';
import type { PodListener } from './api-source.ts';

export interface MirrorPodsOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly node: NodeState;
  /** The server has another object for this static pod than before: it knows no status. */
  readonly renewed: (uid: string) => void;
}

const checkMs = 20_000;
const retryMs = 1000;

/** Shows static pods on the server: each has a mirror there, which the server may not change. */
export class MirrorPods {
  readonly #options: MirrorPodsOptions;
  readonly #wanted = new Map<string, LivePod>();
  readonly #mirrors = new Map<string, LivePod>();
  readonly #wakeup = new Wakeup();
  /** What static pods come and go. */
  readonly pods: PodListener = {
    update: (pod) => this.#set(this.#wanted, pod),
    forget: (pod) => this.#drop(this.#wanted, pod),
  };
  /** What the server has. */
  readonly mirrors: PodListener = {
    update: (mirror) => {
      const known = this.#mirrors.get(keyOf(mirror));
      this.#set(this.#mirrors, mirror);
      const pod = this.#wanted.get(keyOf(mirror));
      const isNew = known?.metadata.uid !== mirror.metadata.uid;
      if (isNew && pod !== undefined) this.#options.renewed(pod.metadata.uid);
    },
    forget: (mirror) => this.#drop(this.#mirrors, mirror),
  };

  constructor(options: MirrorPodsOptions) {
    this.#options = options;
  }

  /** The mirror of a static pod that shows what it is now. */
  of(pod: LivePod): LivePod | undefined {
    const mirror = this.#mirrors.get(keyOf(pod));
    return mirror !== undefined && hashOf(mirror) === hashOf(pod) ? mirror : undefined;
  }

  /** Until the signal is aborted; `synced` when the server's mirrors are known. */
  async run(signal: AbortSignal, synced: Promise<void>): Promise<void> {
    const { clock, log } = this.#options;
    const ended = aborted(signal);
    void ended.then(() => this.#wakeup.wake());
    await Promise.race([synced, ended]);
    let complaint = '';
    while (!signal.aborted) {
      try {
        const isWaiting = !(await this.#pass());
        complaint = '';
        await this.#wakeup.wait(isWaiting ? retryMs : checkMs);
      } catch (error) {
        const words = messageOf(error);
        if (words !== complaint) log.warn(`mirror pods: ${words}`);
        complaint = words;
        await sleep(clock, retryMs, signal);
      }
    }
  }

  #set(pods: Map<string, LivePod>, pod: LivePod): void {
    pods.set(keyOf(pod), pod);
    this.#wakeup.wake();
  }

  #drop(pods: Map<string, LivePod>, pod: LivePod): void {
    if (pods.get(keyOf(pod))?.metadata.uid === pod.metadata.uid) pods.delete(keyOf(pod));
    this.#wakeup.wake();
  }

  /** False while there is no Node that could own them. */
  async #pass(): Promise<boolean> {
    for (const [key, mirror] of this.#mirrors) {
      const pod = this.#wanted.get(key);
      const isStale = pod === undefined || hashOf(pod) !== hashOf(mirror);
      if (isStale || mirror.metadata.deletionTimestamp !== undefined) await this.#remove(mirror);
    }
    const owner = this.#options.node.node();
    if (owner === undefined) return this.#wanted.size === 0;
    for (const [key, pod] of this.#wanted) {
      if (!this.#mirrors.has(key)) await this.#create(pod, owner.metadata.uid);
    }
    return true;
  }

  async #create(pod: LivePod, nodeUid: string): Promise<void> {
    const { client, node } = this.#options;
    const { name, namespace, labels, annotations } = pod.metadata;
    const metadata = {
      name,
      namespace,
      labels,
      annotations: { ...annotations, [annotation.mirror]: hashOf(pod) },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Node', name: node.name, uid: nodeUid, controller: true },
      ],
    };
    try {
      const mirror = await client.create(resources.pods, { metadata, spec: pod.spec });
      this.mirrors.update(mirror);
    } catch (error) {
      // The watch is about to tell of it.
      if (!isRefused(error, 'AlreadyExists')) throw error;
    }
  }

  async #remove(mirror: LivePod): Promise<void> {
    const { name, namespace = '', uid } = mirror.metadata;
    const options = { gracePeriodSeconds: 0, preconditions: { uid } };
    try {
      await this.#options.client.delete(resources.pods, { namespace, name }, options);
    } catch (error) {
      if (!isRefused(error, 'NotFound', 'Conflict')) throw error;
    }
    this.mirrors.forget(mirror);
  }
}

function keyOf({ metadata }: LivePod): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function hashOf({ metadata: { annotations = {} } }: LivePod): string {
  return annotations[annotation.configHash] ?? '';
}

import type { Stored } from '../../api/client/client.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { currentSandbox, newestOf, type PodNews } from '../runtime/observed-pod.ts';
import { annotation, label } from '../runtime/record.ts';
import { refusalOf } from './admit-pod.ts';
import { forbiddenPod } from './forbidden-pod.ts';
import { isStatic, type LivePod } from './live-pod.ts';
import type { NodePods, PodFailure } from './node-pods.ts';
import type { PodSurroundings } from './pod-surroundings.ts';
import { PodWorker } from './pod-worker.ts';

/** All pods of the node, one worker each. Disposing stops the workers and touches no pod. */
export class PodWorkers implements NodePods, AsyncDisposable {
  readonly #surroundings: PodSurroundings;
  readonly #workers = new Map<string, PodWorker>();
  readonly #running = new Map<string, Promise<void>>();
  /** Static pods that wait until an earlier one of their name has gone. */
  readonly #waiting = new Map<string, LivePod>();
  #stopped = false;

  constructor(surroundings: PodSurroundings) {
    this.#surroundings = surroundings;
  }

  /**
   * A source has the pod, anew or with changes. `isNew` when it came to the node after this kubelet
   * did.
   */
  update(pod: LivePod, isNew = false): void {
    if (this.#stopped) return;
    const { uid } = pod.metadata;
    const worker = this.#workers.get(uid);
    if (worker !== undefined) worker.update(pod);
    else if (isStatic(pod) && this.#ofName(pod) !== undefined) this.#waiting.set(uid, pod);
    else this.#begin(pod, isNew && pod.status?.startTime === undefined);
  }

  /** No source has it any more. */
  forget(pod: LivePod): void {
    this.#waiting.delete(pod.metadata.uid);
    this.#workers.get(pod.metadata.uid)?.forget(pod);
  }

  changed(uid: string): void {
    this.#workers.get(uid)?.changed();
  }

  hear(uid: string, news: PodNews): void {
    this.#workers.get(uid)?.hear(news);
  }

  /** All look again, as a check: files and the API may have changed without a word. */
  refreshAll(): void {
    for (const worker of this.#workers.values()) worker.refresh();
  }

  /**
   * Ends what the runtime has of pods that no source wants. Only to be called when all sources
   * have told what they have.
   */
  async endUnknown(): Promise<void> {
    const { runtime, volumes, cgroups } = this.#surroundings;
    const unknown = new Map<string, LivePod>();
    for (const { labels, annotations, metadata } of await runtime.listPods()) {
      const uid = labels[label.podUid] ?? '';
      if (uid === '' || this.#workers.has(uid) || this.#waiting.has(uid)) continue;
      const grace = Number(annotations[annotation.graceSeconds] ?? 30);
      unknown.set(uid, abandoned(uid, { metadata, grace }));
    }
    const volumesOf = await volumes.uids();
    const known = [...this.#workers.keys(), ...this.#waiting.keys(), ...unknown.keys()];
    for (const uid of [...volumesOf, ...cgroups.strangers(known)]) {
      if (this.#workers.has(uid) || this.#waiting.has(uid) || unknown.has(uid)) continue;
      unknown.set(uid, abandoned(uid, { metadata: undefined, grace: 0 }));
    }
    for (const pod of unknown.values()) {
      this.#begin(pod);
      this.forget(pod);
    }
  }

  list(): readonly Stored<Pod>[] {
    return [...this.#workers.values()].map(({ pod }) => pod);
  }

  /** Those that count when others ask for room. */
  occupying(): readonly Pod[] {
    return [...this.#workers.values()].flatMap((one) => (one.occupies ? [one.given] : []));
  }

  find(namespace: string, name: string): Stored<Pod> | undefined {
    return this.list().find(({ metadata }) => {
      return metadata.name === name && metadata.namespace === namespace;
    });
  }

  findByUid(uid: string): Stored<Pod> | undefined {
    return this.#workers.get(uid)?.pod;
  }

  containerId(uid: string, container: string): string | undefined {
    const observed = this.#workers.get(uid)?.observed;
    return observed === undefined ? undefined : newestOf(observed, container)?.id;
  }

  sandboxId(uid: string): string | undefined {
    const observed = this.#workers.get(uid)?.observed;
    return observed === undefined ? undefined : currentSandbox(observed)?.id;
  }

  async fail(uid: string, { reason, message, graceSeconds }: PodFailure): Promise<void> {
    this.#workers.get(uid)?.fail({ reason, message }, graceSeconds);
  }

  async ended(uid: string, signal: AbortSignal): Promise<void> {
    const worker = this.#workers.get(uid);
    if (worker === undefined || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = () => resolve();
    signal.addEventListener('abort', stop, { once: true });
    await Promise.race([worker.containersEnded, promise]);
    signal.removeEventListener('abort', stop);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    for (const worker of this.#workers.values()) worker.stop();
    await Promise.race([
      Promise.all(this.#running.values()),
      new Promise((resolve) => {
        setTimeout(resolve, stopMs).unref();
      }),
    ]);
    this.#surroundings.statuses[Symbol.dispose]();
  }

  #begin(pod: LivePod, isNew = false): void {
    const { uid } = pod.metadata;
    const worker = new PodWorker(pod, {
      surroundings: this.#surroundings,
      isNew,
      admit: (asking) =>
        forbiddenPod(asking, this.#surroundings.settings.allowedSysctls) ??
        refusalOf(asking, this.#others(uid), this.#surroundings.node),
      finished: (gone) => this.#finished(gone),
    });
    this.#workers.set(uid, worker);
    this.#running.set(uid, worker.run());
  }

  #others(uid: string): Pod[] {
    return this.occupying().filter(({ metadata }) => metadata.uid !== uid);
  }

  #finished(uid: string): void {
    this.#workers.delete(uid);
    this.#running.delete(uid);
    for (const [waiting, pod] of this.#waiting) {
      if (this.#ofName(pod) !== undefined) continue;
      this.#waiting.delete(waiting);
      this.#begin(pod);
    }
  }

  #ofName({ metadata }: LivePod): PodWorker | undefined {
    return [...this.#workers.values()].find(({ pod }) => {
      return pod.metadata.name === metadata.name && pod.metadata.namespace === metadata.namespace;
    });
  }
}

/** What a call under way may still take when the kubelet ends. */
const stopMs = 2000;

/** A pod as the runtime remembers it: enough to end it. */
function abandoned(
  uid: string,
  { metadata, grace }: { metadata: { name: string; namespace: string } | undefined; grace: number },
): LivePod {
  return {
    metadata: {
      uid,
      name: metadata?.name ?? uid,
      namespace: metadata?.namespace ?? '',
      resourceVersion: '0',
      creationTimestamp: '',
      deletionGracePeriodSeconds: Number.isFinite(grace) ? grace : 30,
    },
    spec: { containers: [] },
    status: { phase: 'Running' },
  };
}

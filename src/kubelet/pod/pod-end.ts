import { rm } from 'node:fs/promises';
import { isRefused } from '../../api/client/refusal.ts';
import { fault } from '../../base/fault.ts';
import type { ObservedPod } from '../runtime/observed-pod.ts';
import type { Failure } from './container-status.ts';
import type { Hurry } from './end-container.ts';
import { isStatic, type LivePod } from './live-pod.ts';
import { graceOf } from './pod-containers.ts';
import type { PodSurroundings } from './pod-surroundings.ts';
import { removeContainer } from './remove-container.ts';
import { logFolderOf } from './sandbox-config.ts';

/** Why and how fast a pod ends: by deletion, by failure, or because its source forgot it. */
export class PodEnd {
  readonly #begin = new AbortController();
  readonly #gone = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #cut = new AbortController();
  #graceSeconds: number | undefined;
  #deleted = false;
  #contained = false;
  #failure: Failure | undefined;

  constructor(pod: LivePod) {
    this.learn(pod);
  }

  /** Its containers shall end. */
  get begun(): boolean {
    return this.#begin.signal.aborted;
  }

  /** Aborted when the end begins. */
  get signal(): AbortSignal {
    return this.#begin.signal;
  }

  /** Aborted when the source has the pod no more. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Nothing of it may stay. */
  get deleted(): boolean {
    return this.#deleted;
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  get graceSeconds(): number {
    return this.#graceSeconds ?? 30;
  }

  /** For whoever ends a container: told when there is less time than was said. */
  get hurry(): Hurry {
    return { signal: this.#cut.signal, graceSeconds: () => this.graceSeconds };
  }

  /** No container of it runs or will run. */
  get contained(): boolean {
    return this.#contained;
  }

  get containersEnded(): Promise<void> {
    return this.#ended.promise;
  }

  contain(): void {
    this.#contained = true;
    this.#ended.resolve();
  }

  learn(pod: LivePod): void {
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
    if (deletionTimestamp === undefined) return;
    this.#deleted = true;
    this.#within(deletionGracePeriodSeconds ?? graceOf(pod));
  }

  fail(failure: Failure, graceSeconds?: number): void {
    if (this.#deleted) return;
    this.#failure ??= failure;
    this.#within(graceSeconds ?? 30);
  }

  forget(pod: LivePod): void {
    const { deletionGracePeriodSeconds } = pod.metadata;
    this.#deleted = true;
    // Who deletes with force wants it gone, and the program still learns of it.
    const given = isStatic(pod) ? graceOf(pod) : deletionGracePeriodSeconds;
    this.#within(Math.max(given ?? 1, 1));
    this.#gone.abort();
  }

  stop(): void {
    this.#begin.abort();
    this.#gone.abort();
  }

  /** A grace is only ever cut. */
  #within(graceSeconds: number): void {
    const before = this.#graceSeconds;
    this.#graceSeconds = Math.min(before ?? graceSeconds, graceSeconds);
    this.#begin.abort();
    if (before === undefined || this.#graceSeconds === before) return;
    const cut = this.#cut;
    this.#cut = new AbortController();
    cut.abort();
  }

  /** Containers, sandboxes, logs, cgroup; then the server may let go of the pod. */
  async removeAll(
    surroundings: PodSurroundings,
    { pod, observed }: { readonly pod: LivePod; readonly observed: ObservedPod },
  ): Promise<void> {
    const { runtime, settings, cgroups, users, objects } = surroundings;
    for (const container of observed.containers) {
      await removeContainer(surroundings, pod, container);
    }
    for (const { id } of observed.sandboxes) await runtime.removePod(id);
    fault('kubelet.pod.removed');
    await rm(logFolderOf(pod, settings.logFolder), { recursive: true, force: true });
    await cgroups.remove(pod);
    users.release(pod.metadata.uid);
    if (this.#gone.signal.aborted || isStatic(pod)) return;
    try {
      await objects.deletePod(pod);
      fault('kubelet.pod.deleted');
    } catch (error) {
      // Another one of that name, or none: this one is gone.
      if (!isRefused(error, 'NotFound', 'Conflict')) throw error;
      this.#gone.abort();
    }
  }
}

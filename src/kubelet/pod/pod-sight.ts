import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import {
  type ObservedPod,
  observeParts,
  observePod,
  type PodNews,
  type PodParts,
} from '../runtime/observed-pod.ts';

/** What the runtime has of one pod, asked for again only when it may have changed. */
export class PodSight {
  readonly #runtime: ContainerRuntime;
  readonly #uid: string;
  #seen: ObservedPod | undefined;
  /** Something of it may have changed that nobody here did. */
  #stale = true;
  /** What was made since the last look. */
  #made: PodParts[] = [];
  /** The runtime's last words about it. */
  #told: PodNews | undefined;

  /** `isNew` says that no kubelet has had the pod before: the runtime need not be asked for it. */
  constructor(runtime: ContainerRuntime, uid: string, isNew: boolean) {
    this.#runtime = runtime;
    this.#uid = uid;
    if (!isNew) return;
    this.#stale = false;
    this.#seen = { uid, sandboxes: [], containers: [] };
  }

  /** As it was last seen. */
  get seen(): ObservedPod | undefined {
    return this.#seen;
  }

  /** Whatever is known is no longer so. */
  blur(): void {
    this.#stale = true;
  }

  /** This alone is new. */
  add(parts: PodParts): void {
    this.#made.push(parts);
  }

  /** The runtime tells of it: of what was made here it need not be asked then. */
  hear(news: PodNews): void {
    this.#told = news;
  }

  /** `isNew` tells whether the runtime was asked. */
  async look(): Promise<{ readonly observed: ObservedPod; readonly isNew: boolean }> {
    const known = this.#stale ? undefined : this.#seen;
    const made = this.#made;
    const told = this.#told;
    if (known !== undefined && made.length === 0) return { observed: known, isNew: false };
    this.#stale = false;
    this.#made = [];
    this.#told = undefined;
    const observed =
      known === undefined
        ? await observePod(this.#runtime, this.#uid, this.#seen)
        : await observeParts(this.#runtime, known, {
            made: {
              sandboxes: made.flatMap(({ sandboxes }) => sandboxes),
              containers: made.flatMap(({ containers }) => containers),
            },
            told,
          });
    this.#seen = observed;
    return { observed, isNew: true };
  }
}

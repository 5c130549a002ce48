import { endUnrecorded } from './end-unrecorded.ts';
import type { EngineContext } from './engine-context.ts';
import { endPause, startPause, type PausePlan } from './pod-pause.ts';

/** What a pod has beside its containers: for who makes and ends pods. */
export class PodProcesses {
  readonly #context: EngineContext;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** Starts the first process of a PID namespace that the pod's containers share; its pid. */
  async startPause(
    podId: string,
    plan: PausePlan & { readonly cgroupPath: string },
  ): Promise<number> {
    return await startPause(this.#context, podId, plan);
  }

  async endPause(podId: string): Promise<void> {
    await endPause(this.#context, podId);
  }

  /** Ends what runs of a pod without a record of the engine's. */
  async endUnrecorded(podId: string): Promise<void> {
    await endUnrecorded(this.#context, podId);
  }

  /** Kills a pod's shim that does not answer, and with it what runs of the pod. */
  async abandon(podId: string): Promise<void> {
    await this.#context.shims.abandon(podId);
  }

  /** A pod's own cgroup, with everything below. */
  async removeCgroup(path: string): Promise<void> {
    await this.#context.hierarchy.remove(path);
  }
}

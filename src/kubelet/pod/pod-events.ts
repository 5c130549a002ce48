import type { Stored } from '../../api/client/client.ts';
import type { EventRecorder } from '../../api/client/event-recorder.ts';
import { resources } from '../../api/client/resources.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { fieldPathOf, type PodContainer } from './pod-containers.ts';

export interface PodEvent {
  /** The container that it is about; absent for the pod as a whole. */
  readonly what?: PodContainer;
  readonly reason: string;
  readonly message: string;
}

/** The longest message that a server takes. */
const longestMessage = 1024;

/** What `kubectl describe pod` shows below Events. Without a server nobody is told. */
export class PodEvents {
  readonly #recorder: EventRecorder | undefined;
  readonly #host: string;
  readonly #present: (pod: Pod) => Stored<Pod> | undefined;

  /** `present` gives the object that the server has for a pod: its mirror for a static one. */
  constructor(
    recorder: EventRecorder | undefined,
    host: string,
    present: (pod: Pod) => Stored<Pod> | undefined,
  ) {
    this.#recorder = recorder;
    this.#host = host;
    this.#present = present;
  }

  tell(pod: Pod, event: PodEvent): void {
    this.#write('Normal', pod, event);
  }

  warn(pod: Pod, event: PodEvent): void {
    this.#write('Warning', pod, event);
  }

  #write(type: 'Normal' | 'Warning', pod: Pod, { what, reason, message }: PodEvent): void {
    const about = this.#present(pod);
    if (about === undefined) return;
    this.#recorder?.tell(resources.pods, about, {
      source: 'kubelet',
      host: this.#host,
      ...(what !== undefined && { fieldPath: fieldPathOf(what) }),
      type,
      reason,
      message: message.length > longestMessage ? `${message.slice(0, 1021)}...` : message,
    });
  }
}

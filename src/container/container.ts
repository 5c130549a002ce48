import type { ContainerRequest, ContainerState, ContainerStatus } from './container-engine.ts';
import type { ContainerRecord, Phase, StoredContainer } from './container-record.ts';
import type { RecordStore } from './record-store.ts';
import type { Spec } from './spec.ts';
import { WorkQueue } from './work-queue.ts';

interface Known {
  readonly record: ContainerRecord;
  readonly paused: boolean;
  readonly status: ContainerStatus;
}

/** A container as this process knows it: its request, its record, and its one worker. */
export class Container {
  readonly queue: WorkQueue;
  /** Resolves when it has ended, and stays so. */
  readonly ended: Promise<void>;
  readonly #store: RecordStore;
  readonly #end: () => void;
  readonly #damaged: boolean;
  #request: ContainerRequest;
  #record: ContainerRecord;
  #known: Known | undefined;

  constructor({ request, record, damaged = false }: StoredContainer, store: RecordStore) {
    this.#request = request;
    this.#damaged = damaged;
    this.queue = new WorkQueue(`container "${request.id}"`);
    this.#store = store;
    this.#record = record;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
    if (record.finishedAtMs > 0) resolve();
  }

  get request(): ContainerRequest {
    return this.#request;
  }

  get id(): string {
    return this.#request.id;
  }

  get record(): ContainerRecord {
    return this.#record;
  }

  get phase(): Phase {
    return this.#record.phase;
  }

  /** Its processes are frozen. */
  paused = false;

  /** New limits, so that they are known after a restart. */
  replaceSpec(spec: Spec): void {
    this.#request = { ...this.#request, spec };
    this.#store.writeRequest(this.#request);
  }

  /** On disk first, then here. */
  save(change: Partial<ContainerRecord>): void {
    const record = { ...this.#record, ...change };
    this.#store.write(this.id, record);
    this.#record = record;
    if (record.finishedAtMs > 0) this.#end();
  }

  /** The same object until something changes: lists ask for hundreds every second. */
  status(): ContainerStatus {
    const known = this.#known;
    if (known?.record === this.#record && known.paused === this.paused) return known.status;
    const status = this.#describe();
    this.#known = { record: this.#record, paused: this.paused, status };
    return status;
  }

  #describe(): ContainerStatus {
    const { id, podId } = this.request;
    const { phase: _, oomKilled: _oom, lost: _lost, startError, ...rest } = this.#record;
    return {
      id,
      podId,
      state: this.#state(),
      ...rest,
      reason: this.#reason(),
      message: startError,
    };
  }

  #state(): ContainerState {
    if (this.#damaged) return 'unknown';
    return this.phase === 'running' && this.paused ? 'paused' : states[this.phase];
  }

  #reason(): string {
    const { startError, oomKilled, exitCode, lost } = this.#record;
    if (this.#state() !== 'exited') return '';
    if (startError !== '') return 'StartError';
    if (this.#damaged || lost) return 'Unknown';
    if (oomKilled) return 'OOMKilled';
    return exitCode === 0 ? 'Completed' : 'Error';
  }
}

const states: Readonly<Record<Phase, ContainerState>> = {
  creating: 'created',
  created: 'created',
  starting: 'created',
  running: 'running',
  exited: 'exited',
  removing: 'exited',
};

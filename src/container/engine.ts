import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '../base/error.ts';
import { fault } from '../base/fault.ts';
import { openHierarchy, type Hierarchy } from '../cgroup/hierarchy.ts';
import type { ProcessExit } from '../kernel/supervisor.ts';
import type { ContainerEvent, ContainerRequest, ContainerStatus } from './container-engine.ts';
import { Container } from './container.ts';
import { createContainer } from './create-container.ts';
import { discardContainer } from './discard-container.ts';
import {
  emit,
  type CompiledSeccomp,
  type EngineContext,
  type EngineOptions,
} from './engine-context.ts';
import { EventStream } from './event-stream.ts';
import { RecordStore } from './record-store.ts';
import { Shims } from './shims.ts';
import type { Seccomp } from './spec-linux.ts';
import type { Spec } from './spec.ts';
import { startContainer } from './start-container.ts';

/** The engine on this machine's kernel. */
export class KeelsonEngine {
  readonly #containers = new Map<string, Container>();
  readonly #context: EngineContext;
  readonly #hierarchy: Hierarchy;

  constructor(options: EngineOptions = {}) {
    const stateFolder = options.stateFolder ?? '/run/keelson';
    mkdirSync(join(stateFolder, 'root'), { recursive: true, mode: 0o700 });
    this.#hierarchy = openHierarchy();
    this.#context = {
      store: new RecordStore(stateFolder),
      shims: new Shims(stateFolder, {
        onExit: (_, exit) => this.#onExit(exit),
        onLost: () => undefined,
      }),
      hierarchy: this.#hierarchy,
      events: new EventStream(),
      stateFolder,
      missingControllers: options.missingControllers ?? 'refuse',
      capabilities: ownCapabilities(),
      compileSeccomp,
    };
  }

  async create(request: ContainerRequest): Promise<ContainerStatus> {
    if (this.#containers.has(request.id)) {
      throw new DomainError('exists', `Container "${request.id}" exists already`);
    }
    const known = (container: Container) => this.#containers.set(request.id, container);
    try {
      const container = await createContainer(this.#context, request, known);
      emit(this.#context, container, 'created');
      return container.status();
    } catch (error) {
      this.#containers.delete(request.id);
      throw error;
    }
  }

  async start(id: string): Promise<ContainerStatus> {
    const container = this.#find(id);
    await container.queue.run(() => startContainer(this.#context, container));
    return container.status();
  }

  async remove(id: string): Promise<void> {
    const container = this.#containers.get(id);
    if (container === undefined) return;
    await container.queue.run(async () => {
      if (!this.#containers.has(id)) return;
      container.save({ phase: 'removing' });
      fault('container.remove.after-record');
      await discardContainer(this.#context, container);
      this.#containers.delete(id);
      emit(this.#context, container, 'removed');
    });
  }

  async wait(id: string, signal?: AbortSignal): Promise<ContainerStatus> {
    const container = this.#find(id);
    if (container.record.finishedAtMs > 0) return container.status();
    const shim = await this.#context.shims.find(container.request.podId);
    shim?.hold();
    try {
      await abortable(container.ended, signal);
    } finally {
      shim?.release();
    }
    return container.status();
  }

  status(id: string): ContainerStatus {
    return this.#find(id).status();
  }

  spec(id: string): Spec {
    return this.#find(id).request.spec;
  }

  list(): readonly ContainerStatus[] {
    return [...this.#containers.values()].map((container) => container.status());
  }

  events(signal?: AbortSignal): AsyncIterable<ContainerEvent> {
    return this.#context.events.read(signal);
  }

  /** Ends a pod's shim, once nothing of the pod runs. Not part of a container's life. */
  async endPod(podId: string): Promise<void> {
    await this.#context.shims.end(podId);
  }

  async close(): Promise<void> {
    this.#context.shims.close();
    this.#hierarchy[Symbol.dispose]();
  }

  #find(id: string): Container {
    const container = this.#containers.get(id);
    if (container !== undefined) return container;
    throw new DomainError('notFound', `No container "${id}"`);
  }

  #onExit(exit: ProcessExit): void {
    const container = this.#containers.get(exit.container);
    if (container === undefined || exit.name !== '') return;
    if (container.record.finishedAtMs > 0) return;
    const { exitCode, oomKilled } = exit;
    const finishedAtMs = Number(exit.finishedAtNs / 1_000_000n);
    const startedAtMs = container.record.startedAtMs || finishedAtMs;
    const phase = container.phase === 'removing' ? 'removing' : 'exited';
    container.save({ phase, exitCode, oomKilled, finishedAtMs, startedAtMs });
    if (oomKilled) emit(this.#context, container, 'oom');
    emit(this.#context, container, 'exited');
  }
}

function abortable(promise: Promise<void>, signal?: AbortSignal): Promise<void> {
  if (signal === undefined) return promise;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return Promise.race([promise, aborted]);
}

/** The permitted set of this process: what it cannot do, it cannot let others do. */
function ownCapabilities(): bigint {
  const match = /^CapPrm:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return BigInt(`0x${match?.[1] ?? '0'}`);
}

function compileSeccomp(_profile: Seccomp): CompiledSeccomp {
  throw new DomainError('unsupported', 'Seccomp profiles');
}

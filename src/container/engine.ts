import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError, messageOf } from '../base/error.ts';
import { fault } from '../base/fault.ts';
import { openHierarchy } from '../cgroup/hierarchy.ts';
import { Scopes } from '../cgroup/systemd/scopes.ts';
import { capabilityMask, processCapabilities } from '../kernel/capability.ts';
import { SeccompCache } from '../kernel/seccomp/seccomp-cache.ts';
import { signalNumber } from '../kernel/signal.ts';
import type { Mark } from '../kernel/mark.ts';
import type { ProcessExit } from '../kernel/supervised-process.ts';
import { abortable } from './abortable.ts';
import { attachContainer } from './attach-container.ts';
import { Attachments } from './attachments.ts';
import type {
  AttachRequest,
  CheckpointOptions,
  CheckpointTarget,
  ContainerEngine,
  ContainerEvent,
  ContainerRequest,
  ContainerStatus,
  ExecRequest,
  Session,
} from './container-engine.ts';
import { checkpointContainers } from './checkpoint/checkpoint-containers.ts';
import { Container } from './container.ts';
import { createContainer } from './create-container.ts';
import { discardContainer } from './discard-container.ts';
import { emit, type EngineContext, type EngineOptions } from './engine-context.ts';
import { EventStream } from './event-stream.ts';
import { execContainer } from './exec-container.ts';
import { ExecExits } from './exec-exits.ts';
import { foreignProcesses, updateForeign } from './foreign-runtime.ts';
import { pauseContainer, resumeContainer } from './freeze-container.ts';
import { updateCgroup } from './limit-cgroup.ts';
import { PodProcesses } from './pod-processes.ts';
import { RecordStore } from './record-store.ts';
import { loseContainer, saveExit } from './recover-container.ts';
import { Recovery } from './recovery.ts';
import { Shims } from './shims.ts';
import type { Resources } from './spec-linux.ts';
import type { Spec } from './spec.ts';
import { startContainer } from './start-container.ts';
import { hurryStop, signalContainer, stopContainer } from './stop-container.ts';

/** Containers on this machine's kernel; the state folder is one engine's at a time. */
export class KeelsonEngine implements ContainerEngine {
  readonly #containers = new Map<string, Container>();
  readonly #context: EngineContext;
  readonly #recovery: Recovery;
  /** What a pod has beside its containers. */
  readonly pods: PodProcesses;

  constructor(options: EngineOptions = {}) {
    const stateFolder = options.stateFolder ?? '/run/keelson';
    mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
    const seccomp = new SeccompCache(join(stateFolder, 'seccomp'));
    this.#context = {
      store: new RecordStore(stateFolder),
      shims: new Shims(stateFolder, {
        onExit: (_, exit) => this.#onExit(exit),
        onLost: (podId) => this.#onLost(podId),
        onMarks: (id, marks) => this.#context.traces.get(id)?.(marks),
        onDetached: (podId, attachment) => this.#context.attachments.detach(podId, attachment),
      }),
      hierarchy: openHierarchy(),
      scopes: options.cgroupDriver === 'systemd' ? new Scopes() : undefined,
      events: new EventStream(),
      criu: options.criu ?? 'criu',
      execs: new ExecExits(),
      attachments: new Attachments(),
      traces: new Map(),
      stateFolder,
      missingControllers: options.missingControllers ?? 'refuse',
      // What this process cannot do, it cannot let others do.
      capabilities: capabilityMask(processCapabilities().permitted),
      compileSeccomp: (profile) => seccomp.compile(profile),
      warn: options.warn ?? (() => undefined),
    };
    this.#recovery = new Recovery(this.#context, this.#containers);
    this.pods = new PodProcesses(this.#context);
  }

  /** How many supervisors of pods answer. */
  get shims(): number {
    return this.#context.shims.connected;
  }

  async create(request: ContainerRequest): Promise<ContainerStatus> {
    if (this.#containers.has(request.id)) {
      throw new DomainError('exists', `Container "${request.id}" exists already`);
    }
    const know = (container: Container) => this.#containers.set(request.id, container);
    try {
      const container = await createContainer(this.#context, request, know);
      emit(this.#context, container, 'created');
      return container.status();
    } catch (error) {
      this.#context.traces.delete(request.id);
      const known = this.#containers.get(request.id)?.request === request;
      // What could not be undone stays, to be removed with its pod.
      if (known && !this.#context.store.has(request.id)) this.#containers.delete(request.id);
      throw error;
    }
  }

  traceSteps(id: string, listener: (marks: readonly Mark[]) => void): void {
    this.#context.traces.set(id, listener);
  }

  async start(id: string): Promise<ContainerStatus> {
    const container = this.#find(id);
    const work = () => startContainer(this.#context, container);
    await container.queue.run(work).finally(() => this.#context.traces.delete(id));
    return container.status();
  }

  async stop(
    id: string,
    options: { readonly signal: string; readonly timeoutMs: number },
  ): Promise<ContainerStatus> {
    const container = this.#find(id);
    hurryStop(container, options.timeoutMs);
    await container.queue.run(() => stopContainer(this.#context, container, options));
    return container.status();
  }

  async signal(id: string, signal: string): Promise<void> {
    await signalContainer(this.#context, this.#find(id), signalNumber(signal));
  }

  async pause(id: string): Promise<void> {
    const container = this.#running(id);
    await container.queue.run(() => pauseContainer(this.#context, container));
  }

  async resume(id: string): Promise<void> {
    const container = this.#running(id);
    await container.queue.run(() => resumeContainer(this.#context, container));
  }

  async checkpoint(
    targets: readonly CheckpointTarget[],
    options: CheckpointOptions,
  ): Promise<void> {
    const found = targets.map(({ id, folder }) => ({ container: this.#running(id), folder }));
    await checkpointContainers(this.#context, found, options);
  }

  async update(id: string, resources: Resources = {}): Promise<void> {
    const container = this.#find(id);
    await container.queue.run(async () => {
      const { request } = container;
      const notEnforced =
        request.runtime === undefined
          ? await updateCgroup(this.#context, request, resources)
          : await updateForeign(this.#context, container, resources);
      const { spec } = request;
      const before = spec.linux?.resources;
      const unified = { ...before?.unified, ...resources.unified };
      const kept = Object.keys(unified).length > 0 && { unified };
      const merged = { ...before, ...resources, ...kept };
      container.replaceSpec({ ...spec, linux: { ...spec.linux, resources: merged } });
      container.save({
        notEnforced: [...new Set([...container.record.notEnforced, ...notEnforced])],
      });
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

  async exec(id: string, request: ExecRequest): Promise<Session> {
    return await execContainer(this.#context, this.#find(id), request);
  }

  async attach(id: string, options: AttachRequest): Promise<Session> {
    return await attachContainer(this.#context, this.#find(id), options);
  }

  async reopenLog(id: string): Promise<void> {
    const container = this.#running(id);
    const shim = await this.#context.shims.find(container.request.podId);
    await shim?.reopenLog(id);
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

  status(id: string): ContainerStatus {
    return this.#find(id).status();
  }

  spec(id: string): Spec {
    return this.#find(id).request.spec;
  }

  list(): readonly ContainerStatus[] {
    return [...this.#containers.values()].map((container) => container.status());
  }

  async processes(id: string): Promise<readonly number[]> {
    const container = this.#find(id);
    if (container.request.runtime) return await foreignProcesses(this.#context, container);
    using cgroup = this.#context.hierarchy.open(container.request.cgroupPath);
    return cgroup.processes({ recursive: true });
  }

  events(signal?: AbortSignal): AsyncIterable<ContainerEvent> {
    return this.#context.events.read(signal);
  }

  async recover(): Promise<void> {
    await this.#recovery.run();
  }

  /** The folder of a pod, which its shim listens in; sandboxes keep their files there. */
  podFolder(podId: string): string {
    return this.#context.shims.folderOf(podId);
  }

  /** Starts a pod's shim, or finds it; its pid. Not part of a container's life. */
  async startPod(podId: string): Promise<number> {
    const shim = await this.#context.shims.open(podId);
    return (await shim.state()).pid;
  }

  /** The pid of a pod's shim; 0 when there is none. */
  async findPod(podId: string): Promise<number> {
    const shim = await this.#context.shims.find(podId);
    return shim === undefined ? 0 : (await shim.state()).pid;
  }

  /** Ends a pod's shim, once nothing of the pod runs. */
  async endPod(podId: string): Promise<void> {
    await this.#context.shims.end(podId);
  }

  async close(): Promise<void> {
    this.#recovery.close();
    this.#context.shims.close();
    this.#context.scopes?.close();
    this.#context.hierarchy[Symbol.dispose]();
  }

  #find(id: string): Container {
    const container = this.#containers.get(id);
    if (container !== undefined) return container;
    throw new DomainError('notFound', `No container "${id}"`);
  }

  #running(id: string): Container {
    const container = this.#find(id);
    if (container.phase === 'running') return container;
    throw new DomainError('conflict', `Container "${id}" is ${container.phase}, not running`);
  }

  #onExit(exit: ProcessExit): void {
    if (exit.name !== '') return this.#context.execs.settle(exit);
    const container = this.#containers.get(exit.container);
    if (container === undefined || container.record.finishedAtMs > 0) return;
    saveExit(container, exit);
    if (exit.oomKilled) emit(this.#context, container, 'oom');
    emit(this.#context, container, 'exited');
  }

  /** A shim was killed. Its containers cannot be supervised any more, so they are ended. */
  #onLost(podId: string): void {
    for (const container of this.#containers.values()) {
      if (container.request.podId !== podId) continue;
      this.#context.execs.loseAll(container.id);
      if (container.record.finishedAtMs > 0 || container.phase === 'creating') continue;
      loseContainer(this.#context, container).then(
        () => emit(this.#context, container, 'exited'),
        (error: unknown) => this.#context.warn(messageOf(error)),
      );
    }
  }
}

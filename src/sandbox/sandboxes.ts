import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { both } from '../base/both.ts';
import { DomainError, isDomainError, messageOf } from '../base/error.ts';
import { fault } from '../base/fault.ts';
import type { KeelsonEngine } from '../container/engine.ts';
import { WorkQueue } from '../container/work-queue.ts';
import { operation } from '../kernel/operation.ts';
import { runPlan } from '../kernel/run-plan.ts';
import { hostFiles, writeHostFiles } from './host-files.ts';
import { addressesOf, type PodAttachmentOptions, type PodNetwork } from './pod-network.ts';
import { checkSandbox, pinnedNamespaces, planPause, planSandbox, planShm } from './plan-sandbox.ts';
import { podFolders, readRecord, writeRecord, type SandboxRecord } from './sandbox-record.ts';
import type { PodSandboxes, PodSandboxRequest, PodSandboxStatus } from './sandbox-service.ts';

export interface SandboxOptions {
  readonly engine: KeelsonEngine;
  /** `/var/run/netns` by default, where `ip netns` looks. */
  readonly networkFolder?: string;
  readonly warn?: (text: string) => void;
  /** What pods with a network of their own are attached to; without it they are refused. */
  readonly network?: PodNetwork;
}

interface Pod {
  readonly id: string;
  readonly queue: WorkQueue;
  /** Undefined where it is damaged. */
  record: SandboxRecord | undefined;
  shimPid: number;
}

interface Known {
  readonly record: SandboxRecord | undefined;
  readonly status: PodSandboxStatus;
}

/** Pods on this machine's kernel. */
export class KeelsonSandboxes implements PodSandboxes {
  readonly #engine: KeelsonEngine;
  readonly #networkFolder: string;
  readonly #warn: (text: string) => void;
  readonly #network: PodNetwork | undefined;
  readonly #pods = new Map<string, Pod>();
  readonly #known = new WeakMap<Pod, Known>();

  constructor(options: SandboxOptions) {
    this.#engine = options.engine;
    this.#networkFolder = options.networkFolder ?? '/var/run/netns';
    this.#warn = options.warn ?? (() => undefined);
    this.#network = options.network;
  }

  async run(request: PodSandboxRequest, signal?: AbortSignal): Promise<PodSandboxStatus> {
    checkSandbox(request);
    const { id } = request;
    if (this.#pods.has(id)) throw new DomainError('exists', `Pod "${id}" exists already`);
    const chosen = request.network === 'pod' && (await this.#podNetwork().choose(request, signal));
    const record: SandboxRecord = {
      phase: 'making',
      createdAtMs: Date.now(),
      request,
      pausePid: 0,
      ...chosen,
    };
    const pod: Pod = { id, queue: new WorkQueue(`pod "${id}"`), record, shimPid: 0 };
    this.#pods.set(id, pod);
    try {
      await pod.queue.run(() => this.#make(pod, record, signal));
    } catch (error) {
      await this.#abandon(pod);
      throw error;
    }
    return this.status(id);
  }

  async stop(id: string, lost?: PodSandboxRequest): Promise<void> {
    const pod = this.#pods.get(id);
    if (pod === undefined) await this.#network?.detachForgotten(id, lost);
    await pod?.queue.run(() => this.#stop(pod));
  }

  async remove(id: string): Promise<void> {
    const pod = this.#pods.get(id);
    if (pod === undefined) await this.#network?.detachForgotten(id);
    await pod?.queue.run(async () => {
      if (!this.#pods.has(id)) return;
      await this.#stop(pod);
      if (pod.record !== undefined) this.#save(pod, { ...pod.record, phase: 'removing' });
      fault('sandbox.remove.after-record');
      await this.#clear(pod);
    });
  }

  /** The same object until something changes: lists ask for a hundred every second. */
  status(id: string): PodSandboxStatus {
    const pod = this.#pods.get(id);
    if (pod === undefined) throw new DomainError('notFound', `No pod "${id}"`);
    const known = this.#known.get(pod);
    if (known?.record === pod.record && known?.status.shimPid === pod.shimPid) return known.status;
    const status = this.#describe(pod);
    this.#known.set(pod, { record: pod.record, status });
    return status;
  }

  #describe({ id, record, shimPid }: Pod): PodSandboxStatus {
    const ready = record?.phase === 'ready' && shimPid !== 0;
    return {
      id,
      state: record === undefined ? 'unknown' : ready ? 'ready' : 'notReady',
      createdAtMs: record?.createdAtMs ?? 0,
      request: record?.request,
      namespaces: record === undefined ? {} : this.#pins(record.request),
      ...(record?.request.ipc === 'pod' && { shm: this.#shm(id) }),
      addresses: addressesOf(record?.networkResult),
      files: hostFiles(this.#engine.podFolder(id)),
      shimPid,
    };
  }

  list(): readonly PodSandboxStatus[] {
    return [...this.#pods.keys()].map((id) => this.status(id));
  }

  async recover(): Promise<void> {
    const root = join(this.#engine.podFolder('pod'), '..');
    for (const id of podFolders(root)) {
      const record = await readRecord(this.#engine.podFolder(id));
      const pod: Pod = { id, queue: new WorkQueue(`pod "${id}"`), record, shimPid: 0 };
      this.#pods.set(id, pod);
    }
    // All at once: one whose shim or network does not answer delays nobody else.
    await Promise.all(
      [...this.#pods.values()].map((pod) =>
        this.#recoverPod(pod).catch((error: unknown) =>
          this.#warn(`Cannot recover pod "${pod.id}": ${messageOf(error)}`),
        ),
      ),
    );
  }

  async #make(pod: Pod, record: SandboxRecord, signal?: AbortSignal): Promise<void> {
    const [{ request }, folder] = [record, this.#engine.podFolder(pod.id)];
    this.#save(pod, record);
    fault('sandbox.run.after-record');
    mkdirSync(join(folder, 'ns'), { recursive: true, mode: 0o700 });
    const pins = this.#pins(request);
    if (pins.network !== undefined) mkdirSync(this.#networkFolder, { recursive: true });
    // What a runtime made whose state is lost, or a reboot has left, would be in the way.
    if (this.#places(pod.id).some((path) => existsSync(path))) await this.#unpin(pod);
    const shm = request.ipc === 'pod' ? planShm(request, this.#shm(pod.id)) : [];
    const [shimPid, networkResult] = await both(
      this.#engine.startPod(pod.id),
      runPlan([...shm, ...planSandbox(request, pins)]).then(() => {
        fault('sandbox.run.after-namespaces');
        return this.#attach(record, { netns: pins.network, signal });
      }),
    );
    pod.shimPid = shimPid;
    writeHostFiles(folder, request, addressesOf(networkResult));
    const pausePid = pins.pid === undefined ? 0 : await this.#startPause(pod.id, request);
    const attached = { ...record, ...(networkResult && { networkResult }) };
    this.#save(pod, { ...attached, phase: 'ready', pausePid });
    fault('sandbox.run.after-ready');
  }

  async #attach(record: SandboxRecord, how: Omit<PodAttachmentOptions, 'request'>) {
    if (record.networks === undefined) return undefined;
    const result = await this.#podNetwork().attach(record, { request: record.request, ...how });
    fault('sandbox.run.after-attach');
    return result;
  }

  /** Gives the addresses back; the plugins succeed when that is done already. */
  async #detach({ id, record }: Pod): Promise<void> {
    if (record === undefined) await this.#network?.detachForgotten(id);
    if (record?.networks === undefined) return;
    const netns = this.#pins(record.request).network;
    await this.#podNetwork().detach(record, { request: record.request, netns });
    fault('sandbox.stop.after-detach');
  }

  #podNetwork(): PodNetwork {
    if (this.#network !== undefined) return this.#network;
    throw new DomainError('unsupported', 'This runtime has no network for pods');
  }

  /** The pod whose making failed; where undoing fails as well it stays, to be removed later. */
  async #abandon(pod: Pod): Promise<void> {
    try {
      await pod.queue.run(() => this.#clear(pod));
    } catch (error) {
      this.#warn(`Cannot undo pod "${pod.id}" yet: ${messageOf(error)}`);
    }
  }

  /** The PID namespace is pinned too: its number alone could be another process's one day. */
  async #startPause(id: string, request: PodSandboxRequest): Promise<number> {
    const pins = this.#pins(request);
    const { cgroupPath } = request;
    const pid = await this.#engine.pods.startPause(id, { ...planPause(pins), cgroupPath });
    if (pins.pid !== undefined) {
      await runPlan([
        operation.open(0, `/proc/${pid}/ns/pid`, 0),
        operation.pin('pid', pins.pid, 0),
      ]);
    }
    return pid;
  }

  async #stop(pod: Pod): Promise<void> {
    if (pod.record?.phase === 'stopped') return;
    if (pod.record !== undefined) this.#save(pod, { ...pod.record, phase: 'stopping' });
    fault('sandbox.stop.after-record');
    await this.#endProcesses(pod);
    await this.#detach(pod);
    await this.#unpin(pod);
    fault('sandbox.stop.after-unpin');
    if (pod.record !== undefined) this.#save(pod, { ...pod.record, phase: 'stopped' });
  }

  async #endProcesses(pod: Pod): Promise<void> {
    try {
      await this.#stopContainers(pod);
      if (pod.record === undefined) await this.#engine.pods.endUnrecorded(pod.id);
      await this.#engine.pods.endPause(pod.id);
    } catch (error) {
      if (!isDomainError(error, 'timeout')) throw error;
      this.#warn(`The shim of pod "${pod.id}" is killed: ${messageOf(error)}`);
      await this.#engine.pods.abandon(pod.id);
      await this.#stopContainers(pod);
    }
  }

  async #stopContainers(pod: Pod): Promise<void> {
    const own = this.#engine.list().filter(({ podId }) => podId === pod.id);
    const order = { signal: 'SIGKILL', timeoutMs: 0 };
    await Promise.all(own.map(({ id }) => this.#engine.stop(id, order)));
  }

  async #clear(pod: Pod): Promise<void> {
    for (const { id, podId } of this.#engine.list()) {
      if (podId === pod.id) await this.#engine.remove(id);
    }
    await this.#engine.pods.endPause(pod.id);
    // A pod that was stopped has given its addresses back; one that is being made has not.
    if (pod.record?.phase === 'making') await this.#detach(pod);
    await this.#unpin(pod);
    await this.#engine.endPod(pod.id);
    const cgroup = pod.record?.request.cgroupPath;
    if (cgroup !== undefined) await this.#engine.pods.removeCgroup(cgroup);
    fault('sandbox.remove.after-shim');
    rmSync(this.#engine.podFolder(pod.id), { recursive: true, force: true });
    this.#pods.delete(pod.id);
  }

  /** By what may be there, not by what should: a damaged record must not keep a mount. */
  async #unpin(pod: Pod): Promise<void> {
    const places = this.#places(pod.id);
    await runPlan(places.map((path) => operation.unmount(path)));
    for (const path of places) rmSync(path, { force: true, recursive: true });
  }

  /** What may be mounted for a pod. */
  #places(id: string): string[] {
    const place = join(this.#engine.podFolder(id), 'ns');
    const network = join(this.#networkFolder, `keelson-${id}`);
    const pins = ['ipc', 'uts', 'user', 'pid'].map((kind) => join(place, kind));
    return [network, ...pins, this.#shm(id)];
  }

  #shm(id: string): string {
    return join(this.#engine.podFolder(id), 'shm');
  }

  async #recoverPod(pod: Pod): Promise<void> {
    pod.shimPid = await this.#engine.findPod(pod.id);
    switch (pod.record?.phase) {
      case 'making':
      case 'removing':
        return await pod.queue.run(() => this.#clear(pod));
      case 'stopping':
        return await pod.queue.run(() => this.#stop(pod));
      case 'ready':
      case 'stopped':
      case undefined:
        return;
    }
  }

  #pins(request: PodSandboxRequest): ReturnType<typeof pinnedNamespaces> {
    const folder = this.#engine.podFolder(request.id);
    return pinnedNamespaces(request, { folder, networkFolder: this.#networkFolder });
  }

  #save(pod: Pod, record: SandboxRecord): void {
    writeRecord(this.#engine.podFolder(pod.id), record);
    pod.record = record;
  }
}

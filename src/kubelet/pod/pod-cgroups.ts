import { milliValue, wholeValue } from '../../api/quantity.ts';
import { podAmounts } from '../../api/quota/pod-amounts.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { isDomainError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { type Hierarchy, openHierarchy } from '../../cgroup/hierarchy.ts';
import {
  type CgroupDriver,
  podCgroup,
  type QosClass,
  qosCgroup,
  quotaOfMilliCpu,
  sharesOfMilliCpu,
} from '../../cgroup/kubelet.ts';
import type { Resources } from '../../cgroup/resources.ts';
import { classResources, type PodsShare } from './class-resources.ts';
import { qosOf } from './qos.ts';

export interface PodCgroupsOptions {
  /** `cgroupsPerQOS`: without it the runtime chooses where containers are. */
  readonly enabled: boolean;
  readonly driver: CgroupDriver;
  /** `cgroupRoot`: what the tree of pods is below. */
  readonly root: string;
  /** `podPidsLimit`; -1 for none. */
  readonly pidsLimit: number;
  /** What all pods may use together. */
  readonly share: PodsShare;
  /** All pods that are to run here. */
  readonly pods: () => readonly Pod[];
  readonly log: Logger;
}

/**
 * The tree `/kubepods/burstable/podUID` in cgroup v2, with what each pod as a whole may use, and
 * each class of them. Where the kernel keeps the controllers in version 1 the tree is made without
 * limits, and that is said once. Disposing closes the hierarchy.
 */
export class PodCgroups implements Disposable {
  readonly #options: PodCgroupsOptions;
  readonly #hierarchy: Hierarchy | undefined;
  #warned = false;
  /** What each class was given last, as text. */
  readonly #given = new Map<QosClass, string>();

  constructor(options: PodCgroupsOptions) {
    this.#options = options;
    this.#hierarchy = options.enabled ? open() : undefined;
  }

  /** What the runtime is given as the pod's parent; empty where it chooses. */
  parentOf(pod: Pod): string {
    return this.#pathOf(pod, qosOf(pod));
  }

  #pathOf(pod: Pod, qosClass: QosClass): string {
    const { enabled, driver, root } = this.#options;
    if (!enabled) return '';
    const path = podCgroup({ uid: pod.metadata.uid ?? '', qosClass, driver });
    if (driver === 'systemd') return path.split('/').at(-1) ?? path;
    return below(root, path);
  }

  /** Makes the pod's cgroup. systemd makes its slices itself, when the runtime asks for them. */
  async prepare(pod: Pod): Promise<void> {
    if (this.#hierarchy === undefined || this.#options.driver === 'systemd') return;
    await this.#limit(this.#hierarchy, {
      path: this.parentOf(pod),
      resources: podResources(pod, this.#options.pidsLimit),
    });
    await this.#shareOut(this.#hierarchy);
  }

  async #shareOut(hierarchy: Hierarchy): Promise<void> {
    const { pods, share, driver, root } = this.#options;
    for (const [qosClass, resources] of classResources(pods(), share)) {
      const text = JSON.stringify(resources);
      if (this.#given.get(qosClass) === text) continue;
      const path = below(root, qosCgroup(qosClass, driver));
      await this.#limit(hierarchy, { path, resources });
      this.#given.set(qosClass, text);
    }
  }

  async #limit(hierarchy: Hierarchy, { path, resources }: Limited): Promise<void> {
    using cgroup = hierarchy.create(path);
    const { notEnforced } = await cgroup.applyResources(resources, { missingControllers: 'warn' });
    const [first] = notEnforced;
    if (first === undefined || this.#warned) return;
    this.#warned = true;
    this.#options.log.warn(`limits of whole pods are not enforced on this node: ${first}`);
  }

  /** After its containers have ended; one that is gone is fine. */
  async remove(pod: Pod): Promise<void> {
    if (this.#hierarchy === undefined || this.#options.driver === 'systemd') return;
    try {
      // Of a pod that nobody knows any more its class is not known either.
      for (const qosClass of ['Guaranteed', 'Burstable', 'BestEffort'] as const) {
        await this.#hierarchy.remove(this.#pathOf(pod, qosClass));
      }
      await this.#shareOut(this.#hierarchy);
    } catch (error) {
      this.#options.log.warn(`cgroup of pod ${pod.metadata.uid ?? ''}: ${messageOf(error)}`);
    }
  }

  [Symbol.dispose](): void {
    this.#hierarchy?.[Symbol.dispose]();
  }
}

interface Limited {
  readonly path: string;
  readonly resources: Resources;
}

function below(root: string, path: string): string {
  return `${root === '/' ? '' : root}${path}`;
}

function open(): Hierarchy | undefined {
  try {
    return openHierarchy();
  } catch (error) {
    if (isDomainError(error, 'unsupported')) return undefined;
    throw error;
  }
}

/** What a pod's containers may use together; a limit only where each of them has one. */
function podResources(pod: Pod, pidsLimit: number): Resources {
  const requests = podAmounts(pod, 'requests');
  const limits = podAmounts(pod, 'limits');
  const bounded = (name: string) =>
    pod.spec.resources?.limits?.[name] !== undefined ||
    pod.spec.containers.every(({ resources }) => resources?.limits?.[name] !== undefined);
  const [request, cpu, memory] = [requests.get('cpu'), limits.get('cpu'), limits.get('memory')];
  const quota = cpu === undefined || !bounded('cpu') ? 0 : quotaOfMilliCpu(milliValue(cpu));
  return {
    cpu: {
      shares: sharesOfMilliCpu(request === undefined ? 0 : milliValue(request)),
      ...(quota > 0 && { quota, period: 100_000 }),
    },
    ...(memory !== undefined && bounded('memory') && { memory: { limit: wholeValue(memory) } }),
    ...(pidsLimit > 0 && { pids: { limit: pidsLimit } }),
  };
}

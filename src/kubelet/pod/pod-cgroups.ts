import type { Pod } from '../../api/types/generated/core-v1.ts';
import { hasCode, isDomainError, messageOf } from '../../base/error.ts';
import { KeyedLock } from '../../base/keyed-lock.ts';
import type { Logger } from '../../base/log.ts';
import { type Hierarchy, openHierarchy } from '../../cgroup/hierarchy.ts';
import {
  type CgroupDriver,
  podCgroup,
  type QosClass,
  qosCgroup,
  uidOfCgroup,
} from '../../cgroup/kubelet.ts';
import type { Resources } from '../../cgroup/resources.ts';
import { Slices } from '../../cgroup/systemd/slices.ts';
import { classResources, type PodsShare } from './class-resources.ts';
import { podResources } from './pod-resources.ts';
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
  /** The socket of systemd's bus, if it is not the system's. */
  readonly bus?: string;
}

/** A cgroup that does not empty holds up its pod's worker for so long, which then tries again. */
const removalMs = 2000;
const classes = ['Guaranteed', 'Burstable', 'BestEffort'] as const;

/**
 * The tree `/kubepods/burstable/podUID` in cgroup v2, or slices of systemd by these names, with
 * what each pod as a whole may use, and each class of them. Where the kernel keeps the controllers
 * in version 1 the tree is made without limits, and that is said once. Disposing closes the
 * hierarchy.
 */
export class PodCgroups implements Disposable {
  readonly #options: PodCgroupsOptions;
  readonly #hierarchy: Hierarchy | undefined;
  readonly #slices: Slices | undefined;
  readonly #turns = new KeyedLock();
  #warned = false;
  /** What each class was given last, as text. */
  readonly #given = new Map<QosClass, string>();

  constructor(options: PodCgroupsOptions) {
    this.#options = options;
    this.#hierarchy = options.enabled ? open() : undefined;
    this.#slices = options.driver === 'systemd' ? new Slices(options.bus) : undefined;
  }

  /** What the runtime is given as the pod's parent; empty where it chooses. */
  parentOf(pod: Pod): string {
    const { enabled, driver } = this.#options;
    if (!enabled) return '';
    const path = this.#pathOf(pod, qosOf(pod));
    return driver === 'systemd' ? unitOf(path) : path;
  }

  #pathOf({ metadata: { uid = '' } }: Pod, qosClass: QosClass): string {
    return podCgroup({ ...this.#options, uid, qosClass });
  }

  /** Makes the pod's cgroup. */
  async prepare(pod: Pod): Promise<void> {
    if (this.#hierarchy === undefined) return;
    await this.#limit(this.#hierarchy, {
      path: this.#pathOf(pod, qosOf(pod)),
      resources: podResources(pod, this.#options.pidsLimit),
    });
    await this.#shareOut(this.#hierarchy);
  }

  /** One at a time, or what was worked out first could be written last. */
  async #shareOut(hierarchy: Hierarchy): Promise<void> {
    const { pods, share } = this.#options;
    await this.#turns.run('classes', async () => {
      for (const [qosClass, resources] of classResources(pods(), share)) {
        const text = JSON.stringify(resources);
        if (this.#given.get(qosClass) === text) continue;
        await this.#limit(hierarchy, { path: qosCgroup(qosClass, this.#options), resources });
        this.#given.set(qosClass, text);
      }
    });
  }

  async #limit(hierarchy: Hierarchy, { path, resources }: Limited): Promise<void> {
    await this.#slices?.limit(unitOf(path), resources);
    // systemd rounds, and has no word for some; its slices are written to as well, as its scopes.
    using cgroup = hierarchy.create(path);
    const { notEnforced } = await cgroup.applyResources(resources, { missingControllers: 'warn' });
    const [first] = notEnforced;
    if (first === undefined || this.#warned) return;
    this.#warned = true;
    this.#options.log.warn(`limits of whole pods are not enforced on this node: ${first}`);
  }

  /**
   * After its containers have ended: ends what is left in it and removes it; one that is gone is
   * fine. Throws while it does not empty.
   */
  async remove(pod: Pod): Promise<void> {
    const hierarchy = this.#hierarchy;
    if (hierarchy === undefined) return;
    try {
      // Of a pod that nobody knows any more its class is not known either.
      const possible = pod.spec.containers.length > 0 ? [qosOf(pod)] : classes;
      for (const qosClass of possible) await this.#end(hierarchy, this.#pathOf(pod, qosClass));
      await this.#shareOut(hierarchy);
    } catch (error) {
      this.#options.log.warn(`cgroup of pod ${pod.metadata.uid ?? ''}: ${messageOf(error)}`);
      throw error;
    }
  }

  async #end(hierarchy: Hierarchy, path: string): Promise<void> {
    // Whether there is a cgroup or not: the runtime may have removed it, and the unit is active.
    await this.#slices?.stop(unitOf(path));
    await hierarchy.remove(path, { timeoutMs: removalMs });
  }

  /** Pods that have a cgroup here and are none of these. */
  strangers(known: Iterable<string>): string[] {
    const hierarchy = this.#hierarchy;
    if (hierarchy === undefined) return [];
    const { driver } = this.#options;
    const names = new Set([...known].map(nameOf));
    const found = classes
      .flatMap((qosClass) => childrenOf(hierarchy, qosCgroup(qosClass, this.#options)))
      .flatMap((name) => uidOfCgroup(name, driver) ?? []);
    return [...new Set(found)].filter((uid) => !names.has(nameOf(uid)));
  }

  [Symbol.dispose](): void {
    this.#slices?.close();
    this.#hierarchy?.[Symbol.dispose]();
  }
}

interface Limited {
  readonly path: string;
  readonly resources: Resources;
}

/** Two uids of which a slice's name makes one are taken for one. */
function nameOf(uid: string): string {
  return uid.replaceAll('_', '-');
}

function unitOf(path: string): string {
  return path.split('/').at(-1) ?? path;
}

/** None of a cgroup that is not there. */
function childrenOf(hierarchy: Hierarchy, path: string): string[] {
  try {
    using cgroup = hierarchy.open(path);
    return cgroup.children();
  } catch (error) {
    if (isDomainError(error, 'notFound') || hasCode(error, 'ENOENT', 'ENODEV')) return [];
    throw error;
  }
}

function open(): Hierarchy | undefined {
  try {
    return openHierarchy();
  } catch (error) {
    if (isDomainError(error, 'unsupported')) return undefined;
    throw error;
  }
}

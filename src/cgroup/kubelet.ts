import { componentsOf, expandCgroupParent, normalPath } from './path.ts';

/** The kubelet's arithmetic (pkg/kubelet/cm/helpers_linux.go), to the unit. */

/** `cpu.shares` of a CPU request in thousandths of a CPU: 1000 is 1024, and 2 is the least. */
export function sharesOfMilliCpu(milliCpu: number): number {
  const shares = Math.floor((milliCpu * 1024) / 1000);
  return Math.min(Math.max(shares, 2), 262_144);
}

/**
 * Quota of a CPU limit in thousandths of a CPU, for a period in microseconds. 0 stays 0, no limit;
 * less than the kernel's least, 1000 µs, becomes that.
 */
export function quotaOfMilliCpu(milliCpu: number, periodMicroseconds = 100_000): number {
  if (milliCpu === 0) return 0;
  return Math.max(Math.floor((milliCpu * periodMicroseconds) / 1000), 1000);
}

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';
/** systemd's names of slices, or plain folders. */
export type CgroupDriver = 'systemd' | 'cgroupfs';

export interface PodTree {
  readonly driver: CgroupDriver;
  /** What the tree is below (`cgroupRoot`): the hierarchy itself by default. */
  readonly root?: string;
}

export interface PodCgroup extends PodTree {
  readonly uid: string;
  readonly qosClass: QosClass;
}

/** The cgroup of all pods of a class; Guaranteed pods lie in that of all pods. */
export function qosCgroup(qosClass: QosClass, tree: PodTree): string {
  return cgroupOf(classParts(qosClass), tree);
}

/** The cgroup that the kubelet gives as a pod's `cgroup_parent`. */
export function podCgroup({ uid, qosClass, ...tree }: PodCgroup): string {
  return cgroupOf([...classParts(qosClass), `pod${uid}`], tree);
}

/**
 * Whose a cgroup in that of a class is, by its name; undefined for what is no pod's. Of a slice
 * what was an underscore is a dash, too.
 */
export function uidOfCgroup(name: string, driver: CgroupDriver): string | undefined {
  if (driver === 'cgroupfs') return /^pod([0-9a-z][\w.-]*)$/i.exec(name)?.[1];
  return /-pod([0-9a-z][\w.]*)\.slice$/i.exec(name)?.[1]?.replaceAll('_', '-');
}

function classParts(qosClass: QosClass): string[] {
  return qosClass === 'Guaranteed' ? ['kubepods'] : ['kubepods', qosClass.toLowerCase()];
}

function cgroupOf(parts: readonly string[], { driver, root = '' }: PodTree): string {
  const all = [...componentsOf(root), ...parts];
  if (driver === 'cgroupfs') return normalPath(all.join('/'));
  // A dash in a slice's name is a level, so that those of a pod's uid become underscores.
  const escaped = all.map((part) => part.replaceAll('-', '_'));
  return expandCgroupParent(`${escaped.join('-')}.slice`);
}

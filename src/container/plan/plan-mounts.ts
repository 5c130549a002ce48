import { normalize } from 'node:path';
import { DomainError } from '../../base/error.ts';
import { mountAttribute } from '../../kernel/flag.ts';
import { operation } from '../../kernel/operation.ts';
import { parseMountOptions, type MountOptions } from '../mount-option.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { mapText } from './plan-namespaces.ts';
import { planOverlay } from './plan-overlay.ts';
import type { Mount } from '../spec.ts';

export interface MountContext {
  readonly builder: PlanBuilder;
  /** Where cgroup v2 is mounted on the host; what `cgroup` mounts show. */
  readonly cgroupMountPoint: string;
  /** True in a cgroup namespace of its own. */
  readonly cgroupNamespace: boolean;
  /** The container's user namespace, for idmapped mounts. */
  readonly userSlot: number | undefined;
}

export interface PlannedMount {
  readonly mount: Mount;
  readonly options: MountOptions;
  readonly slot: number;
  readonly bind: boolean;
}

/** Files of /proc that runc and crun allow to be mounted over, lxcfs' among them. */
const procFiles = new Set(
  ['cpuinfo', 'diskstats', 'meminfo', 'stat', 'swaps', 'uptime', 'loadavg', 'slabinfo'].map(
    (name) => `/proc/${name}`,
  ),
);
for (const path of ['/proc/sys/kernel/ns_last_pid', '/proc/sys/crypto/fips_enabled']) {
  procFiles.add(path);
}

/**
 * Copies of bind mounts' sources, taken while the host's mounts are what they are: a copy of a
 * shared mount stays its peer, which is what `rshared` and `rslave` mean.
 */
export function planSources(context: MountContext, mounts: readonly Mount[]): PlannedMount[] {
  return mounts.map((mount) => {
    const options = parseMountOptions(mount.options ?? []);
    const bind = options.bind || mount.type === 'bind' || isHostCgroup(context, mount);
    checkDestination(mount, bind);
    if ((mount.options ?? []).includes('remount')) {
      throw new DomainError('unsupported', `Option "remount" of mount "${mount.destination}"`);
    }
    const slot = context.builder.slot();
    if (mount.type === 'overlay') {
      planOverlay(context.builder, { mount, options, slot, userSlot: context.userSlot });
      return { mount, options, slot, bind: true };
    }
    if (bind) {
      const source = isCgroup(mount) ? context.cgroupMountPoint : (mount.source ?? '');
      context.builder.add(operation.openTree(slot, source, options.recursive));
      planIdMap(context, mount, { slot, options });
    }
    return { mount, options, slot, bind };
  });
}

/** True for a mount that brings its own mappings. */
export function isMapped(mount: Mount): boolean {
  return (mount.uidMappings ?? []).length > 0 || (mount.gidMappings ?? []).length > 0;
}

/** By the mount's own mappings, or, where it has none, by those of the container. */
function planIdMap(
  { builder, userSlot }: MountContext,
  mount: Mount,
  { slot, options }: { slot: number; options: MountOptions },
): void {
  if (options.idmap === 'none' && !isMapped(mount)) return;
  let userNamespaceSlot = userSlot;
  if (isMapped(mount)) {
    userNamespaceSlot = builder.slot();
    const maps = { uid: mapText(mount.uidMappings), gid: mapText(mount.gidMappings) };
    builder.add(operation.userNamespace(userNamespaceSlot, maps));
  }
  if (userNamespaceSlot === undefined) {
    throw new DomainError('invalid', `Mount "${mount.destination}" has no mappings for "idmap"`);
  }
  const recursive = options.idmap === 'ridmap';
  builder.add(operation.attributes(slot, { recursive, userNamespaceSlot }));
}

/** Makes what is no bind mount, and puts each in its place, in the order of the specification. */
export function planAttachments(
  context: MountContext,
  mounts: readonly PlannedMount[],
  fills: readonly string[] = [],
): void {
  for (const planned of mounts) {
    if (!planned.bind) planFilesystem(context.builder, planned);
    const destination = normalDestination(planned.mount);
    if (planned.bind && fills.includes(destination)) {
      context.builder.add(operation.copyUp(planned.slot, destination, false));
    }
    planAttributes(context.builder, planned);
    context.builder.add(operation.attach(planned.slot, destination, isKernelTree(destination)));
  }
}

/** `ro` of a new file system waits until the folders and nodes in it are made. */
export function planReadonlyFilesystems(
  context: MountContext,
  mounts: readonly PlannedMount[],
): void {
  for (const { bind, options, slot } of mounts) {
    if (bind || (options.set & mountAttribute.readonly) === 0) continue;
    context.builder.add(operation.attributes(slot, { set: mountAttribute.readonly }));
  }
}

/** Without ".." and double slashes, so that a check of it is a check of what is mounted. */
export function normalDestination(mount: Mount): string {
  if (!mount.destination.startsWith('/')) {
    throw new DomainError('invalid', `Mount destination "${mount.destination}" is not absolute`);
  }
  const path = normalize(mount.destination);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function checkDestination(mount: Mount, bind: boolean): void {
  const path = normalDestination(mount);
  if (path === '/') throw new DomainError('invalid', 'A mount cannot be at "/"');
  const isProc = path === '/proc' && mount.type === 'proc';
  const hidesProc = path === '/proc' && !isProc && !bind;
  const below = path.startsWith('/proc/') && !procFiles.has(path);
  // A volume there could make the runtime's own writes, and LSM labels, go elsewhere
  // (CVE-2019-16884).
  if (hidesProc || below) throw new DomainError('invalid', `A mount cannot be at "${path}"`);
}

/** On these, no component may be a symbolic link of the image (CVE-2019-19921). */
function isKernelTree(path: string): boolean {
  return /^\/(proc|sys|dev)(\/|$)/.test(path);
}

function isCgroup(mount: Mount): boolean {
  return mount.type === 'cgroup' || mount.type === 'cgroup2';
}

/**
 * In the host's cgroup namespace a new cgroup2 mount would change the options of the host's own, so
 * that one is bound instead.
 */
function isHostCgroup(context: MountContext, mount: Mount): boolean {
  return isCgroup(mount) && !context.cgroupNamespace;
}

function planFilesystem(builder: PlanBuilder, { mount, options, slot }: PlannedMount): void {
  const type = isCgroup(mount) ? 'cgroup2' : mount.type;
  if (type === undefined || type === '') {
    throw new DomainError('invalid', `Mount "${mount.destination}" has no type`);
  }
  if (options.idmap !== 'none' || isMapped(mount)) {
    throw new DomainError('unsupported', `Mappings of mount "${mount.destination}", not a bind`);
  }
  if (options.copyUp && type !== 'tmpfs') {
    throw new DomainError('invalid', `Option "tmpcopyup" of mount "${mount.destination}"`);
  }
  const attributes = (options.set | options.recursiveSet) & ~mountAttribute.readonly;
  const source: [string, string][] = mount.source === undefined ? [] : [['source', mount.source]];
  const data = isCgroup(mount) ? [] : options.data;
  builder.add(operation.filesystem(slot, type, { attributes, options: [...source, ...data] }));
  if (type === 'tmpfs') planContent(builder, { mount, options, slot });
}

/** Without a mode of its own a tmpfs has that of the folder in its place, as with runc. */
function planContent(
  builder: PlanBuilder,
  { mount, options, slot }: Pick<PlannedMount, 'mount' | 'options' | 'slot'>,
): void {
  const destination = normalDestination(mount);
  const hasMode = options.data.some(([key]) => key === 'mode');
  if (options.copyUp) builder.add(operation.copyUp(slot, destination, hasMode));
  else if (!hasMode) builder.add(operation.inheritMode(slot, destination));
}

function planAttributes(builder: PlanBuilder, { options, slot, bind }: PlannedMount): void {
  const { set, clear, propagation, recursiveSet, recursiveClear, recursivePropagation } = options;
  if (bind && (set !== 0 || clear !== 0)) {
    builder.add(operation.attributes(slot, { set, clear }));
  }
  if (bind && (recursiveSet !== 0 || recursiveClear !== 0)) {
    const change = { recursive: true, set: recursiveSet, clear: recursiveClear };
    builder.add(operation.attributes(slot, change));
  }
  planPropagation(builder, slot, [propagation, recursivePropagation]);
}

/** Copies of shared mounts would stay shared with the host; nobody asked for that. */
function planPropagation(
  builder: PlanBuilder,
  slot: number,
  [single, recursive]: readonly [number, number],
): void {
  const privateFlag = 0x40000;
  const all = recursive !== 0 ? recursive : privateFlag;
  builder.add(operation.attributes(slot, { recursive: true, propagation: all }));
  if (single !== 0) builder.add(operation.attributes(slot, { propagation: single }));
}

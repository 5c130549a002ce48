import { constants } from 'node:fs';
import { DomainError } from '../../base/error.ts';
import { cloneFlag } from '../../kernel/flag.ts';
import { operation } from '../../kernel/operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { Linux, NamespaceType } from '../spec-linux.ts';
import type { IdMapping } from '../spec-linux.ts';

/** How the container's first process gets its namespaces. */
export interface NamespacePlan {
  /** For the clone that makes the stage. */
  readonly cloneFlags: number;
  /**
   * The stage forks once: a user namespace must own the others and must be there before the first
   * process (idmapped mounts), a time namespace has offsets only until it has a process, and a
   * given PID namespace is entered by a child alone.
   */
  readonly relay: boolean;
  /** Holds the user namespace, where there is one; filled by `planJoins`. */
  readonly userSlot: number | undefined;
  readonly own: ReadonlySet<NamespaceType>;
  readonly joined: ReadonlyMap<NamespaceType, string>;
}

/** `mapped`: mounts need user namespaces of their own, which only a process of the host makes. */
export function planNamespaces(builder: PlanBuilder, linux: Linux, mapped: boolean): NamespacePlan {
  const own = new Set<NamespaceType>();
  const joined = new Map<NamespaceType, string>();
  for (const { type, path } of linux.namespaces ?? []) {
    if (!Object.hasOwn(cloneFlag, type)) {
      throw new DomainError('invalid', `No namespace is of type "${type}"`);
    }
    if (own.has(type) || joined.has(type)) {
      throw new DomainError('invalid', `Namespace "${type}" is given twice`);
    }
    if (path === undefined || path === '') own.add(type);
    else joined.set(type, path);
  }
  if (!own.has('mount')) {
    throw new DomainError('unsupported', 'A container without a mount namespace of its own');
  }
  checkMappings(linux, own.has('user'));
  const user = own.has('user') || joined.has('user');
  const relay = mapped || user || own.has('time') || joined.has('pid');
  const cloneFlags = relay ? 0 : flagsOf(own);
  return { cloneFlags, relay, userSlot: user ? builder.slot() : undefined, own, joined };
}

/** Enters what is given by path, and makes the user namespace. Still with the host's mounts. */
export function planJoins(builder: PlanBuilder, linux: Linux, plan: NamespacePlan): void {
  if (plan.userSlot !== undefined && plan.own.has('user')) {
    const maps = { uid: mapText(linux.uidMappings), gid: mapText(linux.gidMappings) };
    builder.add(operation.userNamespace(plan.userSlot, maps));
  }
  for (const [type, path] of plan.joined) {
    const slot = type === 'user' && plan.userSlot !== undefined ? plan.userSlot : builder.slot();
    builder.add(operation.open(slot, path, constants.O_RDONLY));
    if (type !== 'user') builder.add(operation.join(slot, cloneFlag[type]));
  }
}

/** Goes on as the container's first process. Before this nothing of the container is visible. */
export function planFork(builder: PlanBuilder, linux: Linux, plan: NamespacePlan): void {
  if (plan.userSlot !== undefined) {
    builder.add(operation.join(plan.userSlot, cloneFlag.user));
    // Root of the new namespace; who comes from outside has no name there, and can make no file.
    builder.add(operation.identity(0, 0, []));
  }
  if (plan.own.has('time')) {
    builder.add(operation.unshare(cloneFlag.time));
    builder.add(operation.timeOffsets(offsetsText(linux)));
  }
  if (plan.relay) builder.add(operation.fork(flagsOf(plan.own)));
  // Made after the process is in its cgroup, which becomes the namespace's root.
  if (plan.own.has('cgroup')) builder.add(operation.unshare(cloneFlag.cgroup));
}

/** The flags of the container's own namespaces, for joining them by its pidfd. */
export function joinFlags(linux: Linux): number {
  const types = (linux.namespaces ?? []).map(({ type }) => type);
  return types.reduce((flags, type) => flags | cloneFlag[type], 0);
}

function flagsOf(own: ReadonlySet<NamespaceType>): number {
  const types = [...own].filter((type) => !['user', 'time', 'cgroup'].includes(type));
  return types.reduce((flags, type) => flags | cloneFlag[type], 0);
}

function checkMappings(linux: Linux, ownUser: boolean): void {
  const { uidMappings = [], gidMappings = [] } = linux;
  if (ownUser && (uidMappings.length === 0 || gidMappings.length === 0)) {
    throw new DomainError('invalid', 'A user namespace needs uidMappings and gidMappings');
  }
  for (const { containerID, hostID, size } of [...uidMappings, ...gidMappings]) {
    const values = [containerID, hostID, size, containerID + size, hostID + size];
    if (size > 0 && values.every((n) => Number.isInteger(n) && n >= 0 && n <= 0xffffffff)) continue;
    throw new DomainError('invalid', `Mapping ${containerID}:${hostID}:${size} is out of range`);
  }
}

export function mapText(mappings: readonly IdMapping[] = []): string {
  return mappings.map((map) => `${map.containerID} ${map.hostID} ${map.size}\n`).join('');
}

function offsetsText({ timeOffsets = {} }: Linux): string {
  return Object.entries(timeOffsets)
    .map(([clock, { secs = 0, nanosecs = 0 }]) => {
      if (clock !== 'monotonic' && clock !== 'boottime') {
        throw new DomainError('invalid', `No clock of a time namespace is named "${clock}"`);
      }
      return `${clock} ${secs} ${nanosecs}\n`;
    })
    .join('');
}

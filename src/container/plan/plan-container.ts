import { constants } from 'node:fs';
import { join, resolve } from 'node:path';
import { DomainError } from '../../base/error.ts';
import { own } from '../../base/own.ts';
import type { Snapshot } from '../../image/snapshot.ts';
import { mountAttribute, propagationFlag } from '../../kernel/flag.ts';
import { operation, type Operation } from '../../kernel/operation.ts';
import { PlanBuilder } from './plan-builder.ts';
import { planDevices } from './plan-devices.ts';
import { checkNetDevices, hasNetDevices } from '../net-devices.ts';
import { hasCreateHooks, planHooks } from './plan-hooks.ts';
import { planListener } from './plan-listener.ts';
import {
  isMapped,
  normalDestination,
  planAttachments,
  planReadonlyFilesystems,
  planSources,
  type PlannedMount,
} from './plan-mounts.ts';
import { planFork, planJoins, planNamespaces } from './plan-namespaces.ts';
import { checkProcess, planIdentity, planLimits, type ProcessContext } from './plan-process.ts';
import { planRootSource } from './plan-root.ts';
import { planMachine } from './plan-scheduling.ts';
import { planSettings } from './plan-settings.ts';
import type { Linux } from '../spec-linux.ts';
import type { Process, Spec } from '../spec.ts';

export interface ContainerSource extends ProcessContext {
  readonly id: string;
  readonly spec: Spec;
  readonly snapshot?: Snapshot;
  /** The folder that hooks are told. */
  readonly bundle: string;
  readonly cgroupMountPoint: string;
  /** The program is the child of an init, not the first process itself. */
  readonly init?: boolean;
  /** The runtime lives in a chroot. */
  readonly chrooted?: boolean;
  /** The host's root cannot be pivoted (an initramfs): its tree stays beneath, by chroot alone. */
  readonly noPivot?: boolean;
  /** The program keeps its caller's session keyring. */
  readonly noNewKeyring?: boolean;
  /** Destinations of bind mounts that begin with what the root has there. */
  readonly fills?: readonly string[];
  /** Where no supervisor stays with the container. */
  readonly alone?: Alone;
}

/** A first process that is started by whoever comes, or at once. */
export interface Alone {
  /** socket: the first given descriptor listens; who connects and sends a byte starts it. */
  readonly start: 'socket' | 'now';
  /** How many given descriptors, after that, the program shall have from 3 on. */
  readonly preserved: number;
}

export interface ContainerPlan {
  readonly operations: readonly Operation[];
  readonly cloneFlags: number;
  readonly relay: boolean | 'late';
  readonly terminal: boolean;
  /** It is held before it enters its root, for the runtime's hooks and network devices. */
  readonly held: boolean;
}

/**
 * From an OCI specification to the steps that make the container's first process. Pure: it looks at
 * nothing but its arguments. Throws DomainError `invalid` and `unsupported`.
 */
export function planContainer(source: ContainerSource): ContainerPlan {
  const { spec } = source;
  const linux = spec.linux ?? {};
  const process = processOf(spec);
  const { alone } = source;
  const listening = alone?.start === 'socket' ? 1 : 0;
  const builder = new PlanBuilder(listening + (alone?.preserved ?? 0));
  const namespaces = planNamespaces(builder, linux, (spec.mounts ?? []).some(isMapped));
  const nullSlot = builder.slot();
  const initSlot = source.init === true ? builder.slot() : undefined;

  // A supervisor's is not the container's; a caller's is, where nothing else is said.
  const oomScore = process.oomScoreAdj ?? (alone === undefined ? 0 : undefined);
  if (oomScore !== undefined) builder.add(operation.oomScoreAdj(oomScore));
  const listener = planListener(builder, source, 'created');
  // The supervisor's sealed copy, while it is still this process's program.
  if (initSlot !== undefined) builder.add(operation.open(initSlot, '/proc/self/exe', 0));
  planJoins(builder, linux, namespaces);
  const userSlot = namespaces.userSlot;
  const { snapshot, cgroupMountPoint } = source;
  const rootSlot = planRootSource(builder, { spec, snapshot, userSlot });
  const cgroupNamespace = namespaces.own.has('cgroup') || namespaces.joined.has('cgroup');
  const context = { builder, cgroupMountPoint, cgroupNamespace, userSlot };
  const mounts = planSources(context, spec.mounts ?? []);
  const devices = planDevices(builder, spec, userSlot !== undefined);
  const hooked = hasCreateHooks(spec);
  const held = hooked || hasNetDevices(spec);
  // A working directory goes along into the new mount namespace, a descriptor does not.
  if (hooked) builder.add(operation.workingDirectory(rootFolder(source)));
  planFork(builder, linux, namespaces);
  if (listener !== undefined) builder.add(operation.rememberPid());

  const recursivePrivate = propagationFlag.recursive | propagationFlag.private;
  builder.add(operation.propagation(recursivePrivate));
  builder.add(operation.open(nullSlot, '/dev/null', pathOnly));
  builder.add(...leaveChroot(source, !hooked), operation.root(rootSlot, hooked));
  planAttachments(context, mounts, source.fills);
  builder.add(...devices);
  const terminal = process.terminal === true;
  if (terminal) planTerminal(builder, process, mounts);
  planSettings(builder, spec);
  planProtection(builder, spec, nullSlot);
  planReadonlyFilesystems(context, mounts);
  builder.add(operation.directory(process.cwd, { mode: 0o755, uid: 0, gid: 0 }));
  if (spec.root?.readonly === true) {
    builder.add(operation.attributes(rootSlot, { set: mountAttribute.readonly }));
  }
  if (held) builder.add(operation.hold());
  planHooks(builder, source, 'createContainer');
  builder.add(...leaveChroot(source, hooked), enterRoot(source, hooked));

  planRootPropagation(builder, linux, rootSlot);
  if (source.noNewKeyring !== true) builder.add(operation.keyring(source.id));
  planMachine(builder, linux);
  planLimits(builder, process);
  planStart(builder, process, alone);
  planHooks(builder, source, 'startContainer');
  if (alone !== undefined) builder.add(operation.preserve(listening, alone.preserved));
  planIdentity(builder, process, {
    ...source,
    ...(listener && { listener }),
    ...(initSlot !== undefined && { initSlot }),
  });
  const { cloneFlags, relay } = namespaces;
  return { operations: builder.operations, cloneFlags, relay, terminal, held };
}

/** Hooks find the root inside the chroot, so that with them it is left after they have run. */
function leaveChroot({ chrooted }: ContainerSource, now: boolean): Operation[] {
  return chrooted === true && now ? [operation.leaveChroot()] : [];
}

function enterRoot({ noPivot }: ContainerSource, hooked: boolean): Operation {
  return noPivot === true ? operation.changeRoot(hooked) : operation.pivot();
}

/** Where hooks find the root: an overlay has no folder but the bundle's. */
function rootFolder({ snapshot, spec, bundle }: ContainerSource): string {
  return snapshot === undefined ? (spec.root?.path ?? '') : join(bundle, 'rootfs');
}

/** Who is alone hears now, not when it is started, that there is no such program. */
function planStart(builder: PlanBuilder, process: Process, alone: Alone | undefined): void {
  if (alone === undefined) return builder.add(operation.wait());
  const [name = ''] = process.args;
  const path = (process.env ?? []).findLast((entry) => entry.startsWith('PATH='))?.slice(5);
  const program = name.includes('/') ? resolve(process.cwd, name) : name;
  builder.add(operation.findProgram(program, path ?? defaultPath));
  if (alone.start === 'socket') builder.add(operation.await(0));
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const pathOnly = 0o10000000 | constants.O_NOFOLLOW;

function processOf(spec: Spec): Process {
  if (spec.process === undefined) throw new DomainError('invalid', 'The spec has no process');
  checkProcess(spec.process);
  checkNetDevices(spec);
  if (spec.linux?.intelRdt !== undefined) {
    throw new DomainError('unsupported', 'Intel RDT (linux.intelRdt): resctrl is not used here');
  }
  if ((spec.linux?.mountLabel ?? '') !== '') {
    throw new DomainError('unsupported', `SELinux label "${spec.linux?.mountLabel}" of mounts`);
  }
  return spec.process;
}

function planTerminal(
  builder: PlanBuilder,
  process: Process,
  mounts: readonly PlannedMount[],
): void {
  const devpts = mounts.find(({ mount }) => normalDestination(mount) === '/dev/pts');
  const { height: rows = 0, width: columns = 0 } = process.consoleSize ?? {};
  builder.add(operation.terminal(devpts?.slot ?? builder.slot(), { rows, columns }));
  builder.add(operation.console());
}

function planProtection(builder: PlanBuilder, spec: Spec, nullSlot: number): void {
  const { maskedPaths = [], readonlyPaths = [] } = spec.linux ?? {};
  for (const path of [...maskedPaths, ...readonlyPaths]) {
    if (!path.startsWith('/')) throw new DomainError('invalid', `Path "${path}" is not absolute`);
  }
  if (readonlyPaths.length > 0) builder.add(operation.readonly(readonlyPaths));
  if (maskedPaths.length > 0) builder.add(operation.mask(nullSlot, maskedPaths));
}

const { recursive: _, ...rootPropagation } = propagationFlag;

/** After the pivot, which a shared root would refuse. */
function planRootPropagation(builder: PlanBuilder, linux: Linux, rootSlot: number): void {
  const wanted = linux.rootfsPropagation ?? 'private';
  const propagation = own(rootPropagation, wanted.replace(/^r/, ''));
  const recursive = wanted.startsWith('r');
  if (propagation === undefined) {
    throw new DomainError('invalid', `No propagation is named "${wanted}"`);
  }
  if (wanted !== 'private') builder.add(operation.attributes(rootSlot, { recursive, propagation }));
}

import { constants } from 'node:fs';
import { DomainError } from '../../base/error.ts';
import { cloneFlag, propagationFlag } from '../../kernel/flag.ts';
import { operation, type Operation } from '../../kernel/operation.ts';
import type { Snapshot } from '../../image/snapshot.ts';
import type { ContainerPlan } from '../plan/plan-container.ts';
import { PlanBuilder } from '../plan/plan-builder.ts';
import { normalDestination, planSources } from '../plan/plan-mounts.ts';
import { planRootSource } from '../plan/plan-root.ts';
import type { Spec } from '../spec.ts';
import { networkKey, type CheckpointDocument } from './checkpoint-document.ts';
import { boundAbove, isBound } from './external-mounts.ts';
import { namespacePath } from './plan-dump.ts';

export interface RestoreFacts {
  readonly spec: Spec;
  readonly snapshot: Snapshot | undefined;
  readonly images: string;
  readonly document: CheckpointDocument;
  readonly cgroupMountPoint: string;
  /** criu, as an absolute path. */
  readonly program: string;
  /** The container's own folder: for criu's log and pid file, and an existing `restore` in it. */
  readonly folder: string;
}

export const restoreFile = {
  log: 'restore.log',
  pid: 'restore.pid',
  /** Where the root and what is bound into it are mounted for criu to find, for it alone. */
  place: 'restore',
} as const;

/**
 * The steps of a process that waits to be started and then has criu bring the checkpoint's
 * processes back. What criu takes from outside is mounted where only that process sees it: nothing
 * of it stays on the host, however this ends. Pure; DomainError `conflict` for a specification that
 * the checkpoint does not fit into.
 */
export function planRestore(facts: RestoreFacts): ContainerPlan {
  const { spec, document } = facts;
  const builder = new PlanBuilder();
  const network = networkOf(facts);
  const [hostSlot, placeSlot, networkSlot] = [builder.slot(), builder.slot(), builder.slot()];
  builder.add(operation.oomScoreAdj(spec.process?.oomScoreAdj ?? 0));
  if (namespacePath(spec.linux?.namespaces, 'cgroup') !== undefined) {
    builder.add(operation.unshare(cloneFlag.cgroup));
  }
  builder.add(operation.propagation(propagationFlag.recursive | propagationFlag.private));
  builder.add(operation.open(hostSlot, '/', pathOnly), operation.useRoot(hostSlot));
  const place = `${facts.folder}/${restoreFile.place}`;
  const rootSlot = planRootSource(builder, { ...facts, userSlot: undefined });
  const sources = planExternals(builder, facts, place);
  const content: Operation[] = [
    operation.filesystem(placeSlot, 'tmpfs', { attributes: 0, options: [] }),
    operation.attach(placeSlot, place, false),
    operation.attach(rootSlot, `${place}/root`, false),
    ...sources.attach,
  ];
  builder.add(...content);
  if (network !== undefined) builder.add(operation.open(networkSlot, network, constants.O_RDONLY));
  builder.add(operation.wait());
  if (network !== undefined) builder.add(operation.preserve(networkSlot, 1));
  const words = [
    ...restoreWords(facts, `${place}/root`),
    ...document.externals.map(({ path }) => `--external=mnt[${path}]:${sources.of(path)}`),
  ];
  builder.add(['runtime', `${facts.folder}/${restoreFile.pid}`, '', facts.program, ...words]);
  builder.add(operation.finish());
  const own = { cloneFlags: cloneFlag.mount, relay: 'late', terminal: false, held: false } as const;
  return { operations: builder.operations, ...own };
}

const pathOnly = 0o10200000;

function restoreWords({ spec, images, folder, document }: RestoreFacts, root: string): string[] {
  const joined = (['ipc', 'uts'] as const).flatMap((type) => {
    const path = namespacePath(spec.linux?.namespaces, type) ?? '';
    return path === '' ? [] : [`--join-ns=${type}:${path}`];
  });
  const streams = document.streams.flatMap((name, fd) =>
    name === '' ? [] : [`--inherit-fd=fd[${fd}]:${name}`],
  );
  return [
    'restore',
    `--images-dir=${images}`,
    `--work-dir=${folder}`,
    `--log-file=${restoreFile.log}`,
    '-v2',
    '--restore-detached',
    `--pidfile=${folder}/${restoreFile.pid}`,
    `--root=${root}`,
    '--manage-cgroups=ignore',
    '--file-locks',
    '--tcp-close',
    ...joined,
    ...streams,
    ...(document.network ? [`--inherit-fd=fd[3]:${networkKey}`] : []),
  ];
}

/** The pod's network namespace, where the checkpoint has left that out. */
function networkOf({ spec, document }: RestoreFacts): string | undefined {
  const path = namespacePath(spec.linux?.namespaces, 'network');
  if ((path !== undefined) === document.network) return path;
  const text = `The checkpoint is of a container on ${ownerOf(document.network)} network`;
  throw new DomainError('conflict', `${text}, not on ${ownerOf(path !== undefined)}`);
}

function ownerOf(pods: boolean): string {
  return pods ? "its pod's" : "the node's";
}

interface Externals {
  readonly attach: readonly Operation[];
  /** Where criu finds what was at this path of the container. */
  readonly of: (path: string) => string;
}

/** What is bound into the container by its new specification, in the places of the old. */
function planExternals(builder: PlanBuilder, facts: RestoreFacts, place: string): Externals {
  const { spec, document, cgroupMountPoint } = facts;
  const mounts = (spec.mounts ?? []).filter(isBound);
  const bound = mounts.map(normalDestination);
  const paths = document.externals.map(({ path }) => path);
  const missing = bound.find((path) => !paths.includes(path));
  if (missing !== undefined) {
    throw new DomainError('conflict', `The checkpoint has no mount at "${missing}"`);
  }
  const own = namespacePath(spec.linux?.namespaces, 'cgroup') !== undefined;
  const context = { builder, cgroupMountPoint, cgroupNamespace: own, userSlot: undefined };
  const planned = planSources(context, mounts);
  const cgroupSlot = builder.slot();
  builder.add(
    own
      ? operation.filesystem(cgroupSlot, 'cgroup2', { attributes: 0, options: [] })
      : operation.openTree(cgroupSlot, cgroupMountPoint, false),
  );
  const attach = planned.map(({ slot }, i) => operation.attach(slot, `${place}/${i}`, false));
  const kinds = new Map(document.externals.map(({ path, kind }) => [path, kind]));
  return {
    attach: [...attach, operation.attach(cgroupSlot, `${place}/cgroup`, false)],
    of: (path) => {
      if (kinds.get(path) === 'null') return '/dev/null';
      if (kinds.get(path) === 'cgroup') return `${place}/cgroup`;
      const above = boundAbove(path, bound);
      if (above !== undefined) return `${place}/${bound.indexOf(above)}${path.slice(above.length)}`;
      throw new DomainError('conflict', `The checkpoint needs a mount at "${path}"`);
    },
  };
}

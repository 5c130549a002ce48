import type { Pod } from '../../api/types/generated/core-v1.ts';
import {
  type ContainerConfig,
  type Image,
  type ImageSpec,
  type Mount,
  MountPropagation,
  type NamespaceOption,
  Signal,
} from '../../cri/generated/runtime.ts';
import type { Draft } from '../../grpc/message.ts';
import { annotation, label } from '../runtime/record.ts';
import type { VolumeMountPlan } from '../volume/pod-volumes.ts';
import { expand } from './expand.ts';
import type { Attempt } from './plan-pod.ts';
import { graceOf, hashOf, type PodContainer } from './pod-containers.ts';
import { type NodeBounds, resourcesOf } from './qos.ts';
import { containerSecurity, type SecuritySettings } from './security-context.ts';

/** All that a container is made of besides its specification. */
export interface ContainerParts {
  readonly pod: Pod;
  readonly what: PodContainer;
  readonly attempt: Attempt;
  readonly imageReference: string;
  readonly image: Image | undefined;
  readonly variables: ReadonlyMap<string, string>;
  readonly mounts: readonly VolumeMountPlan[];
  /** Of the volumes that are images, by their names. */
  readonly images: ReadonlyMap<string, Draft<ImageSpec>>;
  /** On the host: /etc/hosts and the termination message; empty for none. */
  readonly hostsFile: string;
  readonly messageFile: string;
  readonly namespaces: NamespaceOption;
  readonly bounds: NodeBounds;
}

/** What the runtime is told of a container. */
export function containerConfig(
  parts: ContainerParts,
  settings: SecuritySettings,
): Draft<ContainerConfig> {
  const { pod, what, attempt, image, variables, namespaces } = parts;
  const { container } = what;
  const expanded = (words: readonly string[] | undefined) =>
    (words ?? []).map((word) => expand(word, variables));
  const stopSignal = container.lifecycle?.stopSignal ?? '';
  return {
    metadata: { name: container.name, attempt: attempt.number },
    image: { image: parts.imageReference, user_specified_image: container.image ?? '' },
    command: expanded(container.command),
    args: expanded(container.args),
    working_dir: container.workingDir ?? '',
    envs: [...variables].map(([key, value]) => ({ key, value: Buffer.from(value) })),
    mounts: mountsOf(parts),
    labels: {
      [label.containerName]: container.name,
      [label.podName]: pod.metadata.name ?? '',
      [label.podNamespace]: pod.metadata.namespace ?? '',
      [label.podUid]: pod.metadata.uid ?? '',
    },
    annotations: annotationsOf(parts),
    log_path: `${container.name}/${attempt.number}.log`,
    stdin: container.stdin === true,
    stdin_once: container.stdinOnce === true,
    tty: container.tty === true,
    stop_signal: (Signal as Readonly<Record<string, number>>)[`SIGNAL_${stopSignal}`] ?? 0,
    linux: {
      resources: resourcesOf(pod, container, parts.bounds),
      security_context: containerSecurity({ pod, container, image }, namespaces, settings),
    },
  };
}

const defaultMessagePath = '/dev/termination-log';

function annotationsOf({ pod, what, attempt }: ContainerParts): Record<string, string> {
  const { container, role } = what;
  const preStop = container.lifecycle?.preStop;
  return {
    [annotation.hash]: hashOf(container),
    [annotation.restartCount]: String(attempt.number),
    [annotation.backOffSeconds]: String(attempt.backOffSeconds),
    [annotation.role]: role,
    [annotation.messagePath]: container.terminationMessagePath ?? defaultMessagePath,
    [annotation.messagePolicy]: container.terminationMessagePolicy ?? 'File',
    [annotation.graceSeconds]: String(graceOf(pod)),
    // Whoever has to end it without its pod's specification still tells it first.
    ...(preStop !== undefined && { [annotation.preStop]: JSON.stringify(preStop) }),
  };
}

const propagations = {
  None: MountPropagation.PROPAGATION_PRIVATE,
  HostToContainer: MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: MountPropagation.PROPAGATION_BIDIRECTIONAL,
} as const;

function mountsOf(parts: ContainerParts): Draft<Mount>[] {
  const { what, mounts, images, hostsFile, messageFile, namespaces } = parts;
  const { terminationMessagePath = defaultMessagePath } = what.container;
  const isTaken = (path: string) => mounts.some(({ containerPath }) => containerPath === path);
  const all: Draft<Mount>[] = mounts.map((mount) => ({
    host_path: mount.hostPath,
    container_path: mount.containerPath,
    readonly: mount.readOnly,
    recursive_read_only: mount.recursiveReadOnly,
    propagation: propagations[mount.propagation],
    ...(mount.image !== undefined && {
      image: images.get(mount.image.volume),
      image_sub_path: mount.image.subPath,
    }),
  }));
  if (hostsFile !== '' && !isTaken('/etc/hosts')) {
    all.push({ host_path: hostsFile, container_path: '/etc/hosts' });
  }
  if (messageFile !== '') {
    all.push({ host_path: messageFile, container_path: terminationMessagePath });
  }
  const { uids: uidMappings, gids: gidMappings } = namespaces.userns_options ?? {};
  if (uidMappings === undefined) return all;
  // Owners in the pod are those on the node: the mount translates them.
  return all.map((mount) => ({ ...mount, uidMappings, gidMappings }));
}

import type { Node } from '../node.ts';
import type { ContainerRecord } from '../container/container-record.ts';
import { configOf, podConfigOf } from '../container/container-record.ts';
import { statusOfContainer } from '../container/container-life.ts';
import { nanoseconds } from '../selection.ts';

/**
 * The documents that tell readers of checkpoints (checkpointctl, and other runtimes) what a
 * container was: the files and fields that Podman, CRI-O and containerd have agreed upon.
 */
export function checkpointDocuments(
  node: Node,
  record: ContainerRecord,
): Readonly<Record<string, object>> {
  const status = statusOfContainer(node, record);
  const image = node.images.find(record.imageId);
  const config = {
    id: record.id,
    name: configOf(record).metadata?.name ?? record.name,
    rootfsImage: record.imageId,
    rootfsImageRef: image?.repoDigests[0] ?? record.imageId,
    rootfsImageName: record.imageName,
    runtime: 'keelson',
    createdTime: new Date(record.createdAtMs).toISOString(),
    checkpointedTime: new Date().toISOString(),
    restoredTime: noTime,
    restored: false,
  };
  const times = {
    CreatedAt: Number(nanoseconds(status.createdAtMs)),
    StartedAt: Number(nanoseconds(status.startedAtMs)),
    FinishedAt: 0,
    ExitCode: 0,
    Pid: status.pid,
    Reason: '',
    Message: '',
  };
  return { 'config.dump': config, 'spec.dump': describedSpec(node, record), 'status.dump': times };
}

/** Go's zero time, which says never. */
const noTime = '0001-01-01T00:00:00Z';

/** The specification, with the names by which readers of checkpoints know pod and container. */
function describedSpec(node: Node, record: ContainerRecord): object {
  const spec = node.engine.spec(record.id);
  const {
    name = '',
    namespace = '',
    uid = '',
  } = podConfigOf(node.pods.get(record.podId)).metadata ?? {};
  const annotations = {
    ...spec.annotations,
    'io.kubernetes.cri.container-type': 'container',
    'io.kubernetes.cri.container-name': configOf(record).metadata?.name ?? '',
    'io.kubernetes.cri.image-name': record.imageName,
    'io.kubernetes.cri.sandbox-id': record.podId,
    'io.kubernetes.cri.sandbox-name': name,
    'io.kubernetes.cri.sandbox-namespace': namespace,
    'io.kubernetes.cri.sandbox-uid': uid,
  };
  return { ...spec, annotations };
}

import { statusOfContainer } from './container-life.ts';
import { configOf, type ContainerRecord, optionsOf, podConfigOf } from './container-record.ts';
import { specOf } from './cri-containers.ts';
import type { ContainerSummary } from '../generated/keelson.ts';
import { NamespaceMode, type PortMapping } from '../generated/runtime.ts';
import type { Draft } from '../../grpc/message.ts';
import type { Node } from '../node.ts';
import { protocolName } from '../plan/plan-attachment.ts';
import { nanoseconds } from '../selection.ts';

/** A row of `keelson ps`. */
export function summaryOf(node: Node, record: ContainerRecord): Draft<ContainerSummary> {
  const status = statusOfContainer(node, record);
  const config = configOf(record);
  const pod = node.pods.has(record.podId) ? podConfigOf(node.pods.get(record.podId)) : undefined;
  return {
    id: record.id,
    name: shownName(record),
    image: record.imageName,
    image_id: record.imageId,
    command: specOf(node, record)?.process?.args ?? [...config.command, ...config.args],
    state: status.state,
    created_at: nanoseconds(record.createdAtMs),
    started_at: nanoseconds(status.startedAtMs),
    finished_at: nanoseconds(status.finishedAtMs),
    exit_code: status.exitCode,
    labels: config.labels,
    pod_id: record.podId,
    pod_name: record.owner === 'cli' ? '' : (pod?.metadata?.name ?? ''),
    network: networkOf(record, pod?.linux?.security_context?.namespace_options?.network),
    pid: status.pid,
    ports: pod?.port_mappings.map(portText),
    mounts: config.mounts.map(({ host_path }) => host_path),
  };
}

/** `0.0.0.0:8080->80/tcp`. */
function portText({ host_ip, host_port, container_port, protocol }: PortMapping): string {
  const port = `${container_port}/${protocolName(protocol)}`;
  return host_port === 0 ? port : `${host_ip === '' ? '0.0.0.0' : host_ip}:${host_port}->${port}`;
}

/** A kubelet's containers have no name of their own; the unique one is shown. */
export function shownName(record: ContainerRecord): string {
  return record.name;
}

export async function addSizes(
  node: Node,
  summary: Draft<ContainerSummary>,
): Promise<Draft<ContainerSummary>> {
  const use = await node.images.snapshotUse(summary.id ?? '');
  const image = node.images.find(summary.image_id ?? '');
  return { ...summary, writable_bytes: use.bytes, image_bytes: image?.sizeBytes ?? 0 };
}

function networkOf(record: ContainerRecord, mode: number | undefined): string {
  const own = optionsOf(record)?.network ?? '';
  if (own !== '') return own;
  return record.owner === 'cri' && mode === NamespaceMode.NODE ? 'host' : 'none';
}

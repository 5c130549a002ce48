import type { Stored } from '../../api/client/client.ts';
import { type Draft, equal, type Json, type JsonObject } from '../../api/json.ts';
import type { Node, NodeCondition, NodeStatus, Taint } from '../../api/types/generated/core-v1.ts';
import { isExtended, type NodeResources } from './node-resources.ts';
import { architecture } from './node-info.ts';

export interface NodeIdentity {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly providerId: string;
  /** What `--node-ip` gave. */
  readonly providedAddresses: readonly string[];
}

/** The labels that each node has by itself. */
export function ownLabels(name: string): Readonly<Record<string, string>> {
  const arch = architecture();
  return {
    'beta.kubernetes.io/arch': arch,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': arch,
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
  };
}

/** The Node as it is registered. */
export function newNode(identity: NodeIdentity, status: NodeStatus): Node {
  const { name, labels, taints, providerId, providedAddresses } = identity;
  return {
    metadata: {
      name,
      labels: { ...ownLabels(name), ...labels },
      annotations: {
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
        ...(providedAddresses.length > 0 && {
          'alpha.kubernetes.io/provided-node-ip': providedAddresses.join(','),
        }),
      },
    },
    spec: {
      ...(providerId !== '' && { providerID: providerId }),
      ...(taints.length > 0 && { taints }),
    },
    status,
  };
}

/** Labels that a node registered before lacks or has otherwise; undefined when all is well. */
export function labelPatch(node: Stored<Node>, identity: NodeIdentity): JsonObject | undefined {
  const wanted = { ...ownLabels(identity.name), ...identity.labels };
  const known = node.metadata.labels ?? {};
  const changed = Object.entries(wanted).filter(([key, value]) => known[key] !== value);
  return changed.length === 0 ? undefined : { metadata: { labels: Object.fromEntries(changed) } };
}

/** The node's own amounts, with what others said that it has. */
export function withExtended(
  own: NodeResources,
  known: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const extended = Object.entries(known ?? {}).filter(([name]) => isExtended(name));
  return Object.fromEntries([...extended, ...own]);
}

/**
 * What has to be sent so that the server has this status; undefined when it has it. The heartbeat
 * alone is no reason, unless it is `due`.
 */
export function statusPatch(
  wanted: NodeStatus,
  known: NodeStatus | undefined,
  due: boolean,
): JsonObject | undefined {
  const patch: Draft = {};
  const put = (name: keyof NodeStatus, value: unknown, sent = value): void => {
    if (!equal(value as Json, known?.[name])) patch[name] = sent as Json;
  };
  put('capacity', wanted.capacity, merged(wanted.capacity, known?.capacity));
  put('allocatable', wanted.allocatable, merged(wanted.allocatable, known?.allocatable));
  // Merged by type: of two addresses of one type, one would stay for ever.
  put('addresses', wanted.addresses, [{ $patch: 'replace' }, ...(wanted.addresses ?? [])]);
  put('nodeInfo', wanted.nodeInfo);
  put('images', wanted.images);
  put('daemonEndpoints', wanted.daemonEndpoints);
  put('runtimeHandlers', wanted.runtimeHandlers);
  const conditions = wanted.conditions ?? [];
  if (due || !conditions.every((condition) => isKnown(condition, known?.conditions ?? []))) {
    patch['conditions'] = conditions as unknown as Json;
  }
  return Object.keys(patch).length === 0 ? undefined : { status: patch };
}

/** With null for the names that are gone. */
function merged(
  wanted: Readonly<Record<string, string>> | undefined,
  known: Readonly<Record<string, string>> | undefined,
): JsonObject {
  const gone = Object.keys(known ?? {}).filter((name) => wanted?.[name] === undefined);
  return { ...wanted, ...Object.fromEntries(gone.map((name) => [name, null])) };
}

function isKnown(condition: NodeCondition, known: readonly NodeCondition[]): boolean {
  const before = known.find(({ type }) => type === condition.type);
  return (
    before?.status === condition.status &&
    before.reason === condition.reason &&
    before.message === condition.message
  );
}

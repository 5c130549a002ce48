import { setInterval as every } from 'node:timers/promises';
import { mkdir, watch } from 'node:fs/promises';
import type { ApiClient } from '../../api/client/client.ts';
import { isRefused } from '../../api/client/refusal.ts';
import { resources } from '../../api/client/resources.ts';
import { aborted } from '../../base/aborted.ts';
import { messageOf } from '../../base/error.ts';
import {
  keepDefinitions,
  type NetworkDefinition,
  removeDefinition,
  writeDefinition,
} from '../../cni/secondary/definition.ts';
import { networkStatusAnnotation } from '../../cni/secondary/selection.ts';
import {
  listNetworkStatus,
  type NetworkStatusFile,
  removeNetworkStatus,
} from '../../cni/secondary/status-file.ts';
import type { ClusterObjects, NetworkAttachmentDefinition } from '../cluster-objects.ts';
import type { NetworkPart, NodeNetwork } from '../network.ts';

/** What could not be told is told again after so long. */
const retryMs = 10_000;

/**
 * Keeps the cluster's definitions of further networks in a folder that the runtime reads, so that
 * the start of a pod asks nobody, and tells pods what they got.
 */
export const secondaryPart: NetworkPart = {
  name: 'secondary',
  async run(node, signal) {
    if (node.objects === undefined) return;
    const definitions = `${node.runFolder}/networks`;
    const status = `${node.runFolder}/network-status`;
    await node.ledger.record(
      { kind: 'folder', path: definitions, whole: true },
      { kind: 'folder', path: status, whole: true },
    );
    for (const folder of [definitions, status]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
    await Promise.all([
      mirror(node, { objects: node.objects, folder: definitions, signal }),
      tell(node, { client: node.objects.client, folder: status, signal }),
    ]);
  },
};

/** While the coordinator is away, the definitions stay as they were. */
async function mirror(
  { log }: NodeNetwork,
  { objects, folder, signal }: { objects: ClusterObjects; folder: string; signal: AbortSignal },
): Promise<void> {
  const { networkDefinitions: informer } = objects;
  await Promise.race([informer.synced, aborted(signal)]);
  if (signal.aborted) return;
  let work = keepDefinitions(folder, informer.list().map(definitionOf));
  informer.onChange((now, before) => {
    const changed = now ?? before;
    if (signal.aborted || changed === undefined) return;
    const definition = definitionOf(changed);
    work = work
      .then(() =>
        now === undefined
          ? removeDefinition(folder, definition)
          : writeDefinition(folder, definition),
      )
      .catch((error: unknown) => {
        const { namespace, name } = definition;
        log.error({ err: error }, `network ${namespace}/${name}: ${messageOf(error)}`);
      });
  });
  await aborted(signal);
  await work;
}

function definitionOf({ metadata, spec }: NetworkAttachmentDefinition): NetworkDefinition {
  const { namespace = '', name = '' } = metadata ?? {};
  return { namespace, name, config: spec?.config ?? '' };
}

interface Telling {
  readonly client: ApiClient;
  readonly folder: string;
  readonly signal: AbortSignal;
}

async function tell(node: NodeNetwork, telling: Telling): Promise<void> {
  const { folder, signal } = telling;
  try {
    await tellAll(node, telling);
    await Promise.race([
      tellEach(node, telling, watch(folder, { signal })),
      tellEach(node, telling, every(retryMs, undefined, { signal, ref: false })),
    ]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Whenever something is new, or the time has come. */
async function tellEach(
  node: NodeNetwork,
  telling: Telling,
  occasions: AsyncIterable<unknown>,
): Promise<void> {
  for await (const _ of occasions) await tellAll(node, telling);
}

async function tellAll({ log }: NodeNetwork, { client, folder }: Telling): Promise<void> {
  for (const [podId, file] of await listNetworkStatus(folder)) {
    try {
      await tellPod(client, file);
      removeNetworkStatus(folder, podId);
    } catch (error) {
      // It is told again.
      const what = `Cannot tell pod ${file.namespace}/${file.name} its networks`;
      log.warn({ err: error }, `${what}: ${messageOf(error)}`);
    }
  }
}

/** A pod that is gone, or another one of its name, is not told. */
async function tellPod(
  client: ApiClient,
  { namespace, name, uid, status }: NetworkStatusFile,
): Promise<void> {
  const annotations = { [networkStatusAnnotation]: status };
  const patch = {
    type: 'merge',
    document: { metadata: { uid, annotations } },
    subresource: 'status',
  } as const;
  try {
    await client.patch(resources.pods, { namespace, name }, patch);
  } catch (error) {
    if (!isRefused(error, 'NotFound', 'Conflict')) throw error;
  }
}

import { posix } from 'node:path';
import { resources } from '../../api/client/resources.ts';
import { isRefused } from '../../api/client/refusal.ts';
import { localFolder, provisionedBy } from '../../api/local-folder.ts';
import type * as coreV1 from '../../api/types/generated/core-v1.ts';
import { messageOf } from '../../base/error.ts';
import type { Cluster } from '../cluster.ts';
import type { Claim, Node, StorageClass, Volume } from '../stored.ts';
import { boundByController, selectedNode } from './names.ts';

export interface ProvisionInput {
  readonly storageClass: StorageClass;
  /** Undefined when the node that was chosen is gone, or none was. */
  readonly node: Node | undefined;
  readonly nodeName: string | undefined;
}

const hostname = 'kubernetes.io/hostname';

/**
 * Makes volumes that are a folder of one node. Only the object is made here: the node's kubelet
 * makes the folder when it is needed, and removes it.
 */
export class FolderProvisioner {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Undefined when it cannot be, as the claim's events say. A claim gets the same each time. */
  async provision(claim: Claim, input: ProvisionInput): Promise<Volume | undefined> {
    const refusal = refusalOf(claim, input);
    if (refusal !== undefined) {
      this.#tell(claim, 'ProvisioningFailed', refusal);
      if (input.nodeName !== undefined && input.node === undefined) await this.#choseAnew(claim);
      return undefined;
    }
    const { node } = input;
    if (node === undefined) return undefined;
    const volume = describeVolume(claim, input.storageClass, node);
    const { name = '' } = volume.metadata;
    try {
      const created = await this.#cluster.create(resources.persistentVolumes, volume);
      this.#tell(claim, 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`);
      return created;
    } catch (error) {
      if (isRefused(error, 'AlreadyExists')) {
        const informer = this.#cluster.informer(resources.persistentVolumes);
        return await informer.refresh('', name);
      }
      this.#tell(claim, 'ProvisioningFailed', `failed to provision: ${messageOf(error)}`);
      throw error;
    }
  }

  /** Lets the scheduler look for another node. */
  async #choseAnew(claim: Claim): Promise<void> {
    const { [selectedNode]: _gone, ...annotations } = claim.metadata.annotations ?? {};
    const metadata = { ...claim.metadata, annotations };
    await this.#cluster.update(resources.persistentVolumeClaims, { ...claim, metadata });
  }

  #tell(claim: Claim, reason: string, message: string): void {
    const type = reason === 'ProvisioningFailed' ? 'Warning' : 'Normal';
    const happening = { source: localFolder.provisioner, type, reason, message } as const;
    this.#cluster.events.tell(resources.persistentVolumeClaims, claim, happening);
  }
}

function refusalOf(
  { spec }: Claim,
  { storageClass, node, nodeName }: ProvisionInput,
): string | undefined {
  const failed = (why: string) =>
    `failed to provision volume with StorageClass "${storageClass.metadata.name}": ${why}`;
  if (node === undefined) {
    return nodeName === undefined
      ? failed('no node is ready and takes pods')
      : `failed to get target node: nodes "${nodeName}" not found`;
  }
  if (spec.volumeMode === 'Block') return failed('a folder is no block device');
  const shared = spec.accessModes?.find((mode) => !/^ReadWriteOnce(Pod)?$/.test(mode));
  if (shared !== undefined) return failed(`access mode ${shared} is not supported by a folder`);
  if ((storageClass.mountOptions ?? []).length > 0) return failed('mountOptions are not supported');
  if (spec.selector !== undefined) return failed('claim.Spec.Selector is not supported');
  if (spec.dataSource !== undefined || spec.dataSourceRef !== undefined) {
    return failed('a dataSource is not supported');
  }
  const { path = localFolder.path, ...others } = storageClass.parameters ?? {};
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return failed(`parameter "${unknown}" is not known`);
  return path.startsWith('/') ? undefined : failed(`path "${path}" is not absolute`);
}

function describeVolume(
  { metadata, spec }: Claim,
  storageClass: StorageClass,
  node: Node,
): coreV1.PersistentVolume {
  const name = `pvc-${metadata.uid}`;
  const { path = localFolder.path } = storageClass.parameters ?? {};
  const host = node.metadata.labels?.[hostname] ?? node.metadata.name;
  const requirement = { key: hostname, operator: 'In', values: [host] };
  return {
    metadata: {
      name,
      annotations: {
        [provisionedBy]: localFolder.provisioner,
        [boundByController]: 'yes',
        [localFolder.nodeAnnotation]: node.metadata.name,
      },
    },
    spec: {
      capacity: { storage: spec.resources?.requests?.['storage'] ?? '0' },
      accessModes: spec.accessModes ?? ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      volumeMode: 'Filesystem',
      claimRef: {
        kind: 'PersistentVolumeClaim',
        apiVersion: 'v1',
        namespace: metadata.namespace,
        name: metadata.name,
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
      },
      local: { path: posix.join(path, name) },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [requirement] }] } },
    },
  };
}

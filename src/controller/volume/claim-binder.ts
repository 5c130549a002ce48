import { keyOf } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { isReservedFor, misfitOf } from '../../api/fits-claim.ts';
import { localFolder } from '../../api/local-folder.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import { podsOf } from '../pods.ts';
import type { Claim, Node, StorageClass } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';
import { bind, setClaimStatus } from './bind.ts';
import { chooseNode } from './choose-node.ts';
import { claimsOfPod } from './claims-of-pod.ts';
import { matchVolume } from './match-volume.ts';
import {
  bindCompleted,
  binder,
  noProvisioner,
  provisionerOf,
  provisionerOfOld,
  selectedNode,
} from './names.ts';
import { FolderProvisioner } from './provision-folder.ts';

/**
 * Finds a volume for each claim, or has one made. Claims are looked at one after the other, so that
 * two never choose the same volume.
 */
export class ClaimBinder implements Controller {
  readonly name = 'persistentvolume-binder-controller';
  readonly workers = 1;
  readonly #cluster: Cluster;
  readonly #claims;
  readonly #volumes;
  readonly #classes;
  readonly #nodes;
  readonly #pods;
  readonly #folders: FolderProvisioner;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#claims = cluster.informer(resources.persistentVolumeClaims);
    this.#volumes = cluster.informer(resources.persistentVolumes);
    this.#classes = cluster.informer(resources.storageClasses);
    this.#nodes = cluster.informer(resources.nodes);
    this.#pods = podsOf(cluster);
    this.#folders = new FolderProvisioner(cluster);
  }

  get needs() {
    return [this.#claims, this.#volumes, this.#classes, this.#nodes, this.#pods];
  }

  watch(queue: WorkQueue): void {
    const unbound = () => {
      for (const claim of this.#claims.list()) if (!isBound(claim)) queue.add(keyOf(claim));
    };
    this.#claims.onChange((now) => (now === undefined ? undefined : queue.add(keyOf(now))));
    this.#volumes.onChange((now, before) => {
      const { namespace, name } = (now ?? before)?.spec.claimRef ?? {};
      if (namespace !== undefined && name !== undefined) queue.add(`${namespace}/${name}`);
      if (now?.status?.phase === 'Available') unbound();
    });
    this.#classes.onChange((now) => (now === undefined ? undefined : unbound()));
    this.#nodes.onChange((now, before) => (now && before ? undefined : unbound()));
    this.#pods.onChange((now, before) => {
      if (now === undefined || now.spec.nodeName === before?.spec.nodeName) return;
      for (const key of claimsOfPod(now)) queue.add(key);
    });
  }

  async reconcile(key: string): Promise<undefined> {
    const claim = this.#claims.getByKey(key);
    if (claim === undefined) return;
    if (isBound(claim)) await this.#keep(claim);
    else if (claim.metadata.deletionTimestamp !== undefined) return;
    else if ((claim.spec.volumeName ?? '') === '') await this.#choose(claim);
    else await this.#take(claim, claim.spec.volumeName ?? '');
  }

  /** A claim that was bound once stays with its volume, or is lost with it. */
  async #keep(claim: Claim): Promise<void> {
    const name = claim.spec.volumeName ?? '';
    const volume = this.#volumes.get('', name) ?? (await this.#volumes.refresh('', name));
    if (volume === undefined) {
      await this.#lose(
        claim,
        'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
      );
    } else if (volume.spec.claimRef === undefined || isReservedFor(volume, claim)) {
      await bind(this.#cluster, volume, claim);
    } else {
      const words = 'Two claims are bound to the same volume, this one is bound incorrectly';
      await this.#lose(claim, words, 'ClaimMisbound');
    }
  }

  async #lose(claim: Claim, message: string, reason = 'ClaimLost'): Promise<void> {
    if (claim.status?.phase === 'Lost') return;
    await setClaimStatus(this.#cluster, claim, { phase: 'Lost' });
    this.#tell(claim, { type: 'Warning', reason, message });
  }

  /** A claim that names its volume gets that or none. */
  async #take(claim: Claim, name: string): Promise<void> {
    const volume = this.#volumes.get('', name);
    if (volume === undefined || volume.metadata.deletionTimestamp !== undefined) {
      return await this.#wait(claim);
    }
    if (volume.spec.claimRef !== undefined && !isReservedFor(volume, claim)) {
      const message = `volume "${name}" already bound to a different claim.`;
      return await this.#wait(claim, { reason: 'FailedBinding', message });
    }
    const misfit = misfitOf(volume, claim);
    if (misfit === undefined || volume.spec.claimRef?.uid === claim.metadata.uid) {
      return await bind(this.#cluster, volume, claim);
    }
    const message = `Cannot bind to requested volume "${name}": ${misfit}`;
    await this.#wait(claim, { type: 'Warning', reason: 'VolumeMismatch', message });
  }

  async #choose(claim: Claim): Promise<void> {
    const className = claim.spec.storageClassName ?? '';
    const storageClass = this.#classes.get('', className);
    const isLate = storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
    const nodeName = isLate ? this.#nodeNameOf(claim, storageClass) : undefined;
    const node = nodeName === undefined ? undefined : this.#nodes.get('', nodeName);
    const waitsForNode = isLate && node === undefined;
    const volume = matchVolume(claim, this.#volumes.list(), { node, waitsForNode });
    if (volume !== undefined) return await bind(this.#cluster, volume, claim);
    if (waitsForNode && nodeName === undefined) {
      const message = 'waiting for first consumer to be created before binding';
      return await this.#wait(claim, { reason: 'WaitForFirstConsumer', message });
    }
    if (storageClass !== undefined && storageClass.provisioner !== noProvisioner) {
      return await this.#provision(claim, { storageClass, node, nodeName });
    }
    const message =
      className === '' || storageClass !== undefined
        ? 'no persistent volumes available for this claim and no storage class is set'
        : `storageclass.storage.k8s.io "${className}" not found`;
    const isMissing = className !== '' && storageClass === undefined;
    const type = isMissing ? 'Warning' : 'Normal';
    await this.#wait(claim, {
      type,
      reason: isMissing ? 'ProvisioningFailed' : 'FailedBinding',
      message,
    });
  }

  /** The node that the scheduler told, or for volumes made by hand where a pod already is. */
  #nodeNameOf(claim: Claim, storageClass: StorageClass): string | undefined {
    const told = claim.metadata.annotations?.[selectedNode];
    if (told !== undefined || storageClass.provisioner !== noProvisioner) return told;
    const key = keyOf(claim);
    const user = this.#pods
      .find('namespace', claim.metadata.namespace ?? '')
      .find((pod) => pod.spec.nodeName !== undefined && claimsOfPod(pod).includes(key));
    return user?.spec.nodeName;
  }

  async #provision(
    claim: Claim,
    {
      storageClass,
      node,
      nodeName,
    }: {
      readonly storageClass: StorageClass;
      readonly node: Node | undefined;
      readonly nodeName: string | undefined;
    },
  ): Promise<void> {
    const { provisioner } = storageClass;
    const marked = await this.#mark(claim, provisioner);
    if (provisioner !== localFolder.provisioner) {
      const message =
        `Waiting for a volume to be created either by the external provisioner '${provisioner}' ` +
        `or manually by the system administrator. If volume creation is delayed, please verify ` +
        `that the provisioner is running and correctly registered.`;
      return await this.#wait(marked, { reason: 'ExternalProvisioning', message });
    }
    const isLate = storageClass.volumeBindingMode === 'WaitForFirstConsumer';
    const where = isLate ? node : chooseNode(this.#nodes.list(), this.#volumes.list());
    const input = { storageClass, node: where, nodeName };
    const volume = await this.#folders.provision(marked, input);
    if (volume === undefined) await this.#wait(marked);
    else await bind(this.#cluster, volume, marked);
  }

  /** External provisioners look for their name on claims. */
  async #mark(claim: Claim, provisioner: string): Promise<Claim> {
    const { annotations = {} } = claim.metadata;
    if (annotations[provisionerOf] === provisioner) return claim;
    const marks = { [provisionerOf]: provisioner, [provisionerOfOld]: provisioner };
    const metadata = { ...claim.metadata, annotations: { ...annotations, ...marks } };
    return await this.#cluster.update(resources.persistentVolumeClaims, { ...claim, metadata });
  }

  async #wait(claim: Claim, why?: Telling): Promise<void> {
    if (why !== undefined) this.#tell(claim, why);
    await setClaimStatus(this.#cluster, claim, { phase: 'Pending' });
  }

  #tell(claim: Claim, { type = 'Normal', reason, message }: Telling): void {
    const happening = { source: binder, type, reason, message };
    this.#cluster.events.tell(resources.persistentVolumeClaims, claim, happening);
  }
}

interface Telling {
  readonly type?: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

function isBound({ metadata }: Claim): boolean {
  return metadata.annotations?.[bindCompleted] !== undefined;
}

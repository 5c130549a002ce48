import { type ApiClient, nameOf } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import type { PodFacts } from '../pod/pod-facts.ts';
import { findVolumes } from '../rule/bound-volumes.ts';
import type { Cluster } from '../state/cluster.ts';

const selectedNode = 'volume.kubernetes.io/selected-node';

/**
 * Tells the provisioners of a pod's claims for which node their volumes are to be made. Claims of
 * classes without a provisioner are bound by whoever binds claims.
 */
export async function selectNode(
  client: ApiClient,
  { facts, cluster }: { readonly facts: PodFacts; readonly cluster: Cluster },
  nodeName: string,
): Promise<void> {
  if (facts.claims.length === 0) return;
  for (const claim of findVolumes({ facts, cluster }).waiting) {
    const storageClass = cluster.volumes.classes.get(claim.spec.storageClassName ?? '');
    if (storageClass?.provisioner === 'kubernetes.io/no-provisioner') continue;
    if (claim.metadata.annotations?.[selectedNode] === nodeName) continue;
    const name = nameOf(claim);
    const metadata = { uid: claim.metadata.uid ?? '', annotations: { [selectedNode]: nodeName } };
    await client.patch(resources.persistentVolumeClaims, name, {
      type: 'merge',
      document: { metadata },
    });
  }
}

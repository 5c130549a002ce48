/** A cluster whose nodes are told more than `scripts/lab up` has flags for. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ClusterLab } from './cluster-lab.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));

export interface OwnCluster {
  /** Of each node in order, as for `--node-ip`. */
  readonly addresses: readonly string[];
  /** For `keelson up` on the first node, and on all. */
  readonly firstFlags: string;
  readonly flags: string;
}

/** What the nodes have of their own, before {@link raiseCluster} makes a cluster of them. */
export async function equip(
  lab: ClusterLab,
  nodes: readonly string[],
  config: string,
): Promise<void> {
  const script = `${project}/scripts/install-cni >/dev/null
    cat >/etc/keelson/config.yaml <<'END'\n${config}\nEND`;
  await Promise.all(nodes.map((node) => lab.see(node, script)));
}

/** Makes a cluster of the bare nodes of a lab. */
export async function raiseCluster(lab: ClusterLab, cluster: OwnCluster): Promise<void> {
  const archive = `${lab.folder}/busybox.tar`;
  execFileSync(`${project}/scripts/busybox-image`, [archive]);
  let join = '';
  const raise = async (address: string, index: number): Promise<void> => {
    const node = `host0${index + 1}`;
    const more = index === 0 ? cluster.firstFlags : `--join ${join}`;
    await lab.see(
      node,
      `{
        keelson up --detach --node-name ${node} --node-ip ${address} ${cluster.flags} ${more} &&
          keelson import --change 'CMD ["sh"]' ${archive} busybox
      } >/var/log/up 2>&1 || { cat /var/log/up >&2; exit 1; }`,
    );
  };
  const [first = '', ...others] = cluster.addresses;
  await raise(first, 0);
  join = await lab.see('host01', 'keelson token');
  await Promise.all(others.map((address, index) => raise(address, index + 1)));
}

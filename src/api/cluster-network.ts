/** Where addresses of a cluster are from, as the coordinator tells the machines that join. */
export interface ClusterNetwork {
  /** Pods': `10.244.0.0/16`, or one range of each family parted by a comma. */
  readonly podCidr: string;
  /** Services', likewise. */
  readonly serviceCidr: string;
  /** Whom pods ask for names: each node has them, one a family. */
  readonly clusterDns: readonly string[];
}

/** Read by nodes, and by machines that join. */
export const clusterNetworkPath = '/keelson/network';

import type { ClusterNetwork } from '../../api/cluster-network.ts';
import { defaultServiceCidr } from '../../apiserver/service-ranges.ts';
import type { NodeFiles } from './node-files.ts';
import type { Part } from './part.ts';

/** What `keelson up` makes of a machine. */
export interface NodePlan {
  readonly nodeName: string;
  /** One, or one of each family parted by a comma; the first is the cluster's own. */
  readonly nodeAddress: string;
  readonly network: ClusterNetwork;
  /** How pods of other nodes are reached. */
  readonly mode: 'vxlan' | 'routed';
  /** Whether the coordinator runs here. */
  readonly first: boolean;
  /** A configuration file that is not `/etc/keelson/config.yaml`. */
  readonly config: string | undefined;
  /** The runtime's state folder: `/run/keelson`. */
  readonly state: string;
  readonly socket: string;
  readonly coordinatorRoot: string;
  /** The operator has not said what happens to limits that cannot be enforced. */
  readonly warnOfLimits: boolean;
  /** Whether it serves Ingresses, unless its configuration says otherwise. */
  readonly ingress: boolean;
  readonly files: NodeFiles;
}

export interface NodeParts {
  readonly runtime: Part;
  readonly coordinator: Part | undefined;
  readonly network: Part;
  readonly kubelet: Part;
  /** The two before in one process; its locks are theirs. */
  readonly node: Part;
  /** Started by the network agent, and kept by it. */
  readonly ingress: Pick<Part, 'lockPath'>;
}

/** The parts of a node, each with all that it has to be told. */
export function partsOf(plan: NodePlan): NodeParts {
  const { state, nodeName, nodeAddress, files, mode, socket, network } = plan;
  const { podCidr, serviceCidr } = network;
  const config = plan.config === undefined ? [] : ['--config', plan.config];
  const agent = plan.config === undefined ? [] : ['--network-config', plan.config];
  const agentFlags = [
    `--mode=${mode}`,
    // What the agent has by itself, its own configuration may change.
    ...(serviceCidr === defaultServiceCidr
      ? []
      : [`--service-cidr=${serviceCidr}`, `--cluster-dns=${network.clusterDns.join(',')}`]),
    ...(plan.ingress ? [] : ['--ingress=no']),
  ];
  const limits = plan.warnOfLimits ? ['--missing-controllers', 'warn'] : [];
  const coordinator: Part = {
    name: 'coordinator',
    flags: [
      ...config,
      `--advertise-address=${nodeAddress.split(',')[0] ?? ''}`,
      `--pod-cidr=${podCidr}`,
      `--service-cidr=${serviceCidr}`,
      ...(plan.ingress ? [] : ['--ingress=no']),
    ],
    lockPath: `${plan.coordinatorRoot}/coordinator.lock`,
  };
  const kubelet: Part = {
    name: 'kubelet',
    flags: [
      `--config=${files.kubeletConfig}`,
      `--kubeconfig=${files.kubeconfig}`,
      `--bootstrap-kubeconfig=${files.bootstrapKubeconfig}`,
      `--hostname-override=${nodeName}`,
      `--node-ip=${nodeAddress}`,
      `--container-runtime-endpoint=unix://${socket}`,
    ],
    lockPath: `${state}/kubelet.lock`,
  };
  return {
    runtime: {
      name: 'runtime',
      flags: [...config, ...limits],
      lockPath: `${state}/runtime.lock`,
    },
    coordinator: plan.first ? coordinator : undefined,
    network: {
      name: 'network',
      flags: [`--kubeconfig=${files.kubeconfig}`, `--node-name=${nodeName}`, ...agentFlags],
      lockPath: `${state}/network.lock`,
    },
    kubelet,
    ingress: { lockPath: `${state}/ingress.lock` },
    node: { ...kubelet, name: 'node', flags: [...kubelet.flags, ...agent, ...agentFlags] },
  };
}

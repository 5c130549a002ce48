import { hostname } from 'node:os';
import type { Command } from 'commander';
import { defaultConfigPath } from '../../base/config-path.ts';
import { readConfig } from '../../base/settings.ts';
import type { Cli } from '../cli.ts';
import { parseNetworkConfig } from '../network-config.ts';
import type { KubeletFlags } from '../run-kubelet.ts';
import { runNode } from '../run-node.ts';
import { addKubeletOptions } from './kubelet.ts';

interface Flags extends KubeletFlags {
  readonly networkConfig?: string;
  readonly mode?: string;
  readonly serviceCidr?: string;
  readonly clusterDns?: string;
  readonly ingress?: string;
}

/** The flags are the kubelet's; what the network agent shares with it, it takes from there. */
export function define(command: Command, cli: Cli): void {
  addKubeletOptions(command)
    .option('--network-config <path>', `the agent's settings (default: "${defaultConfigPath}")`)
    .option('--mode <mode>', 'how pods of other nodes are reached: vxlan or routed')
    .option('--service-cidr <ranges>', 'where the addresses of Services are from')
    .option('--cluster-dns <addresses>', 'where the node answers for names')
    .option('--ingress <choice>', 'serve Ingresses on this node, yes or no')
    .action(
      async ({ networkConfig, mode, serviceCidr, clusterDns, ingress, ...kubelet }: Flags) => {
        const text = await readConfig(
          networkConfig ?? defaultConfigPath,
          networkConfig !== undefined,
        );
        const nodeName = kubelet.hostnameOverride ?? hostname().toLowerCase();
        const { kubeconfig, logLevel } = kubelet;
        const shared = { kubeconfig, nodeName, logLevel, mode, serviceCidr, clusterDns, ingress };
        const network = parseNetworkConfig(text, process.env, shared);
        await runNode({ kubelet, network }, cli);
      },
    );
}

import type { Command } from 'commander';
import { defaultConfigPath } from '../../base/config-path.ts';
import { readConfig } from '../../base/settings.ts';
import type { Cli } from '../cli.ts';
import { parseNetworkConfig } from '../network-config.ts';
import { runNetworkCommand } from '../run-network.ts';

interface Flags {
  readonly config?: string;
  readonly [field: string]: string | undefined;
}

export function define(command: Command, _cli: Cli): void {
  command
    .option('--config <path>', `configuration file (default: "${defaultConfigPath}")`)
    .option('--kubeconfig <path>', "where the coordinator is (default: the kubelet's own)")
    .option('--nodes <path>', 'a file with the nodes, where there is no coordinator')
    .option('--node-name <name>', "this node's (default: the machine's)")
    .option('--mode <mode>', 'how pods of other nodes are reached: vxlan or routed')
    .option('--cross-subnet <choice>', 'routed: VXLAN to nodes of other subnets, yes or no')
    .option('--vni <number>', "the VXLAN network's number")
    .option('--port <number>', 'its UDP port')
    .option('--mtu <bytes>', 'of pods (default: 0, what fits)')
    .option('--masquerade <choice>', "pods reach the world in their node's address, yes or no")
    .option('--attach <plugin>', 'how pods are attached: ptp, bridge or proxy')
    .option('--root <path>', 'state that outlives a reboot, and the ledger')
    .option('--run <path>', 'what ends with a reboot')
    .option('--cni-config <path>', 'where the runtime looks for networks')
    .option('--service-cidr <ranges>', 'where the addresses of Services are from')
    .option('--cluster-dns <addresses>', "where the node's DNS answers")
    .option('--cluster-domain <domain>', "the cluster's")
    .option('--dns-upstreams <addresses>', 'who is asked for other names (default: as the host)')
    .option('--ingress <choice>', 'serve Ingresses on this node, yes or no')
    .option('--ingress-http <port>', 'where (default: 80)')
    .option('--ingress-https <port>', 'the same with TLS (default: 443)')
    .option('--ingress-log <choice>', 'each request in the log, yes or no')
    .option('--ingress-metrics <address>', 'where the proxy tells its numbers: 127.0.0.1:10254')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent')
    .action(async ({ config, ...flags }: Flags) => {
      const text = await readConfig(config ?? defaultConfigPath, config !== undefined);
      await runNetworkCommand(parseNetworkConfig(text, process.env, flags));
    });
}

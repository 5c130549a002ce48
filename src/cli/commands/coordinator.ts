import type { Command } from 'commander';
import { defaultConfigPath } from '../../base/config-path.ts';
import { readConfig } from '../../base/settings.ts';
import type { Cli } from '../cli.ts';
import { parseCoordinatorConfig } from '../coordinator-config.ts';
import { runCoordinator } from '../run-coordinator.ts';

interface Flags {
  readonly config?: string;
  readonly [field: string]: string | undefined;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('--config <path>', `configuration file (default: "${defaultConfigPath}")`)
    .option('--root <path>', 'keys, certificates and the embedded store')
    .option('--address <address>', 'where to answer (default: ":6443", on all addresses)')
    .option('--advertise-address <address>', "what nodes call (default: this machine's first)")
    .option('--store <store>', 'sqlite, or etcd://HOST:PORT,HOST:PORT')
    .option('--etcd-authority <path>', "TLS to etcd: who signs its members' certificates")
    .option('--etcd-certificate <path>', 'TLS to etcd: the certificate to show')
    .option('--etcd-key <path>', "its certificate's key")
    .option('--pod-cidr <ranges>', "pods' addresses: one range, or A,B of both families")
    .option('--service-cidr <ranges>', "Services' addresses, likewise")
    .option('--names <names>', "more names and addresses of the server's certificate")
    .option('--anonymous <paths>', 'what needs no credentials: health (checks), all or none')
    .option('--kubelet-certificates <which>', "verify, or any: what is taken for a kubelet's")
    .option('--nodes-to-score <share>', 'of large clusters: adaptive, all, or a percentage')
    .option('--certificate-lifetime <time>', 'of certificates, which are renewed in time')
    .option('--audit-log <path>', 'where requests are written down, turned over as it grows')
    .option('--audit-policy <path>', 'how much of which requests (audit.k8s.io/v1)')
    .option('--audit-bytes <number>', 'when the audit log is turned over')
    .option('--history-age <time>', 'how long the past of objects is known (default: 7d)')
    .option('--history-bytes <number>', 'its bound; on etcd of all that is stored')
    .option('--leader-lease <time>', 'over etcd: how soon another one leads (default: 15s)')
    .option('--ingress <choice>', 'Ingresses of class keelson, which nodes serve: yes or no')
    .option('--load-balancer <choice>', "LoadBalancers get the nodes' addresses, yes or no")
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent')
    .action(async ({ config, ...flags }: Flags) => {
      const text = await readConfig(config ?? defaultConfigPath, config !== undefined);
      await runCoordinator(parseCoordinatorConfig(text, process.env, flags), cli);
    });
}

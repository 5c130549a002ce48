import { localFolder } from '../../api/local-folder.ts';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { type KubeletFlags, runKubeletCommand } from '../run-kubelet.ts';

export function define(command: Command, cli: Cli): void {
  addKubeletOptions(command).action(async (flags: KubeletFlags) => {
    await runKubeletCommand(flags, cli);
  });
}

export function addKubeletOptions(command: Command): Command {
  return command
    .option('--config <path>', 'a KubeletConfiguration (default: all its defaults)')
    .option(
      '--kubeconfig <path>',
      'the API server and who the node is there; empty for static pods alone',
      '/etc/keelson/kubelet.kubeconfig',
    )
    .option(
      '--bootstrap-kubeconfig <path>',
      "asks for the node's certificate where there is none",
      '/etc/keelson/bootstrap.kubeconfig',
    )
    .option('--hostname-override <name>', "the node's name (default: this machine's)")
    .option('--node-ip <addresses>', 'by which others reach it (default: of the default route)')
    .option(
      '--container-runtime-endpoint <url>',
      'the CRI runtime (default: "unix:///run/keelson/cri.sock")',
    )
    .option('--root-dir <path>', 'state: volumes and certificates', '/var/lib/kubelet')
    .option('--node-labels <labels>', 'of the Node, as KEY=VALUE,KEY=VALUE')
    .option('--register-with-taints <taints>', 'of the Node, as KEY=VALUE:EFFECT,…')
    .option('--local-volumes <path>', 'volumes of local folders', localFolder.path)
    .option('--log-links <path>', 'links to logs; empty for none', '/var/log/containers')
    .option('--state <path>', 'where its lock is', '/run/keelson')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent', 'info');
}

import type { Command } from 'commander';
import type { Cli } from '../cli.ts';

interface Flags {
  readonly kubeconfig?: string;
}

const help = `
Everything the cluster's coordinator keeps, as one file, while all goes on: objects, their history
(on the embedded store), the certificate authority and the keys of tokens. It holds every secret
there is, and only its owner may read it. "keelson restore" takes it.

  keelson backup /var/backups/cluster.db
`;

export function define(command: Command, cli: Cli): void {
  command
    .option(
      '--kubeconfig <path>',
      'how to reach the coordinator (default: $KUBECONFIG, or its own)',
    )
    .argument('<file>', 'a file that is not there yet')
    .addHelpText('after', help)
    .action(async (file: string, flags: Flags) => {
      const { fetchBackup } = await import('../backup/fetch-backup.ts');
      const { revision, sizeBytes } = await fetchBackup(file, flags);
      await cli.print(`${file}: revision ${revision}, ${sizeBytes} bytes\n`);
    });
}

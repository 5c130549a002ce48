import type { Command } from 'commander';
import { DomainError } from '../../base/error.ts';
import type { Cli } from '../cli.ts';

interface Flags {
  readonly kubeconfig?: string;
  readonly root?: string;
}

const help = `
Makes the cluster what it was when "keelson backup" wrote the file. A coordinator that runs is sent
the file: scheduler and controllers rest, others' writes are told to come again, and what differs is
written under new revisions, so that nothing has to start again. With --root a coordinator's folder
is made of it that has no store yet, of the same cluster with the same certificates; then start it.

  keelson restore /var/backups/cluster.db
  keelson restore /var/backups/cluster.db --root /var/lib/keelson/coordinator
`;

export function define(command: Command, cli: Cli): void {
  command
    .option(
      '--kubeconfig <path>',
      'how to reach the coordinator (default: $KUBECONFIG, or its own)',
    )
    .option('--root <folder>', 'of a coordinator that does not run and has no store')
    .argument('<file>', 'what keelson backup wrote')
    .addHelpText('after', help)
    .action(async (file: string, flags: Flags) => {
      if (flags.root !== undefined && flags.kubeconfig !== undefined) {
        throw new DomainError('invalid', '--root and --kubeconfig exclude each other');
      }
      if (flags.root !== undefined) {
        const { placeBackup } = await import('../backup/place-backup.ts');
        await placeBackup(file, flags.root);
        await cli.print(`${flags.root}/store.db\n`);
        return;
      }
      const { sendBackup } = await import('../backup/send-backup.ts');
      const { created, updated, deleted } = await sendBackup(file, flags);
      await cli.print(`${created} created, ${updated} updated, ${deleted} deleted\n`);
    });
}

import type { Command } from 'commander';
import { isDomainError } from '../../base/error.ts';
import { Containers } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { forEachName } from '../each.ts';

interface Flags {
  readonly force?: true;
  readonly all?: true;
  readonly volumes?: true;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('-f, --force', 'stop it first; no complaint when there is none')
    .option('-a, --all', 'all of them')
    .option('-v, --volumes', 'with the volumes that were made for it')
    .argument('[container...]')
    .action(async (names: readonly string[], flags: Flags) => {
      const chosen = flags.all === true ? await everyContainer(cli) : names;
      await forEachName(cli, chosen, (container) => remove(cli, container, flags));
    });
}

async function everyContainer(cli: Cli): Promise<string[]> {
  const { containers } = await cli.client.call(Containers.List, { all: true });
  return containers.filter(({ pod_name }) => pod_name === '').map(({ id }) => id);
}

async function remove(cli: Cli, container: string, flags: Flags): Promise<string | undefined> {
  const force = flags.force === true;
  try {
    await cli.client.call(Containers.Remove, { container, force, volumes: flags.volumes === true });
  } catch (error) {
    if (!force || !isDomainError(error, 'notFound')) throw error;
  }
  return undefined;
}

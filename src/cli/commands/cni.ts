import type { Command } from 'commander';
import { LeaseFolder } from '../../../cni-plugins/host-local/lease-folder.ts';
import { DomainError, messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { defaultConfigPath } from '../../base/config-path.ts';
import { readConfig } from '../../base/settings.ts';
import { parseConfig, type RuntimeConfig } from '../../cri/config.ts';
import type { Cli } from '../cli.ts';
import { addressesOf, type CniProblem, problemsOf } from '../cni-problems.ts';
import { type CniState, readCniState } from '../cni-state.ts';
import { collectCni, networkFor } from '../collect-cni.ts';
import { type ListingFlags, renderListing } from '../listing.ts';

interface Flags extends ListingFlags {
  readonly repair?: true;
}

export function define(command: Command, cli: Cli): void {
  listing(command.command('list').description('List the interfaces of containers')).action(
    async (flags: Flags) => {
      const state = await readCniState(await readSettings());
      await cli.print(renderListing(attachmentRows(state), attachmentColumns, flags));
    },
  );
  listing(command.command('check').description('Compare kernel, leases and cached results'))
    .option('--repair', 'undo what was left half-made, give back what nobody has')
    .action((flags: Flags) => check(cli, flags));
  command
    .command('gc')
    .description('Remove what attachments left whose namespace is gone')
    .action(async () => {
      const failures = await collectCni(await readSettings());
      if (failures.length > 0) throw new DomainError('unavailable', failures.join('; '));
    });
}

function listing(command: Command): Command {
  return command
    .option('--format <format>', 'json, table, or a template')
    .option('-o, --output <format>', 'json or table');
}

async function readSettings(): Promise<RuntimeConfig> {
  return parseConfig(await readConfig(defaultConfigPath, false), process.env, {});
}

const attachmentColumns = [
  { title: 'CONTAINER', field: 'Container' },
  { title: 'INTERFACE', field: 'Interface' },
  { title: 'NETWORK', field: 'Network' },
  { title: 'ADDRESSES', field: 'Addresses' },
  { title: 'NAMESPACE', field: 'Namespace' },
];

function attachmentRows({ cached, namespaces }: CniState): Record<string, unknown>[] {
  return cached.map((entry) => {
    const { containerId, interfaceName, netns = '' } = entry.attachment;
    return {
      Container: containerId,
      Interface: interfaceName,
      Network: entry.network.name,
      Addresses: addressesOf(entry).join(', '),
      Namespace: namespaces.has(netns) ? netns : `${netns} (gone)`,
    };
  });
}

const problemColumns = [
  { title: 'NETWORK', field: 'Network' },
  { title: 'CONTAINER', field: 'Container' },
  { title: 'INTERFACE', field: 'Interface' },
  { title: 'PROBLEM', field: 'Problem' },
];

/** Exits with 1 when there is a problem, after a repair when one is left. */
async function check(cli: Cli, flags: Flags): Promise<void> {
  const config = await readSettings();
  if (flags.repair === true) await repair(config);
  const state = await readCniState(config);
  const problems = [
    ...problemsOf(state, Date.now()).map(rowOf),
    ...(await kernelProblems(config, state)),
  ];
  await cli.print(renderListing(problems, problemColumns, flags));
  if (problems.length > 0) process.exitCode = 1;
}

function rowOf({ network, containerId, interfaceName, text }: CniProblem) {
  return { Network: network, Container: containerId, Interface: interfaceName, Problem: text };
}

/** CHECK of every attachment that is there: its plugins look at the kernel. */
async function kernelProblems(config: RuntimeConfig, { cached, namespaces }: CniState) {
  const signal = AbortSignal.timeout(limits.cniCallMs);
  const found: Record<string, unknown>[] = [];
  for (const { network, attachment } of cached) {
    if (!namespaces.has(attachment.netns ?? '') || network.specVersion < '0.4.0') continue;
    try {
      await networkFor(config, network).check(attachment, signal);
    } catch (error) {
      const { containerId, interfaceName } = attachment;
      const text = messageOf(error);
      found.push(
        rowOf({ kind: 'noLease', network: network.name, containerId, interfaceName, text }),
      );
    }
  }
  return found;
}

/**
 * What can be put right under running containers: what is left of others goes, and an address
 * without a lease gets it back. What the kernel lacks comes with a new pod alone.
 */
async function repair(config: RuntimeConfig): Promise<void> {
  const state = await readCniState(config);
  const signal = AbortSignal.timeout(limits.cniCallMs);
  for (const problem of problemsOf(state, Date.now())) {
    if (problem.kind === 'orphanedLease') await releaseLease(problem, signal);
    if (problem.kind === 'noLease') await restoreLease(problem, state, signal);
  }
  const failures = await collectCni(config);
  if (failures.length > 0) throw new DomainError('unavailable', failures.join('; '));
}

async function releaseLease({ lease }: CniProblem, signal: AbortSignal): Promise<void> {
  if (lease === undefined) return;
  using folder = await LeaseFolder.open(lease.dataFolder, lease.network, signal);
  // Looked at again under the lock: it may have been given to somebody since.
  const owner = folder.owner(lease.address);
  if (owner?.containerId === lease.containerId) folder.release(lease.address);
}

async function restoreLease(
  { cached, network, containerId, interfaceName }: CniProblem,
  { leases }: CniState,
  signal: AbortSignal,
): Promise<void> {
  const dataFolder = leases.find((lease) => lease.network === network)?.dataFolder;
  if (cached === undefined || dataFolder === undefined) return;
  using folder = await LeaseFolder.open(dataFolder, network, signal);
  for (const address of addressesOf(cached))
    folder.reserve(address, { containerId, interfaceName });
}

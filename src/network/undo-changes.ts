import { execFile } from 'node:child_process';
import { readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasCode, isKernelError, messageOf } from '../base/error.ts';
import type { HostChange } from '../base/host-change.ts';
import { readLedger } from '../base/ledger.ts';
import { unmount, UnmountFlag } from '../kernel/mount.ts';
import { readMounts } from '../kernel/mountinfo.ts';
import { readSysctls, writeSysctls } from '../kernel/sysctl.ts';
import { link, nftables, open, route, rule } from '../netlink/index.ts';

const execute = promisify(execFile);

/** What is still as it was changed, and why. */
export interface UndoProblem {
  readonly change: HostChange;
  readonly reason: string;
}

/** What was done, and what could not be. */
export interface Undone {
  readonly undone: readonly HostChange[];
  readonly problems: readonly UndoProblem[];
}

/**
 * Takes back all that the ledger in the folder has, newest first, and the ledger itself when
 * nothing is left of it. What is gone already counts as undone. A setting that somebody has
 * changed since stays as it is, and is no problem: it is not ours any more. Everything is tried.
 */
export async function undoChanges(folder: string): Promise<Undone> {
  const undone: HostChange[] = [];
  const problems: UndoProblem[] = [];
  for (const { change } of await readLedger(folder)) {
    try {
      await undoChange(change);
      undone.push(change);
    } catch (error) {
      problems.push({ change, reason: messageOf(error) });
    }
  }
  if (problems.length === 0) await rm(folder, { recursive: true, force: true });
  return { undone, problems };
}

/** Takes back one change. Succeeds when it is gone. */
export async function undoChange(change: HostChange): Promise<void> {
  switch (change.kind) {
    case 'table':
      return await removeTable(change.family, change.name);
    case 'iptables':
      return await removeIptablesChain(change);
    case 'link':
      return await removeLink(change.name);
    case 'routes':
      return await removeRoutes(change.protocol);
    case 'rules':
      return await removeRules(change.protocol);
    case 'sysctl':
      return await restoreSysctl(change);
    case 'file':
      return await restoreFile(change.path, change.former);
    case 'folder':
      return await removeFolder(change.path, change.whole);
    case 'cgroup':
      return await removeCgroup(change.path);
    case 'mount':
      return removeMount(change.path);
    case 'mounts':
      return removeMountsBelow(change.path);
  }
}

async function removeTable(family: nftables.TableFamily, table: string): Promise<void> {
  using connection = await open({ protocol: 'netfilter' });
  try {
    await nftables.commit(connection, [nftables.deleteTable({ family, table })]);
  } catch (error) {
    // Also where the kernel has no nf_tables, or not for this family.
    if (!isKernelError(error, 'ENOENT', 'EOPNOTSUPP', 'EAFNOSUPPORT', 'EINVAL')) throw error;
  }
}

async function removeLink(name: string): Promise<void> {
  using connection = await open();
  await link.remove(connection, name);
}

async function removeRoutes(protocol: number): Promise<void> {
  using connection = await open();
  const found = await route.list(connection, { table: 0, protocol });
  const requests = found.map(({ to, family, index, metric, table }) =>
    route.removeRequest({
      to,
      family,
      table,
      protocol,
      ...(index !== undefined && { device: index }),
      ...(metric !== undefined && { metric }),
    }),
  );
  const failures = await connection.batch(requests);
  const harm = failures.find(({ error }) => !isKernelError(error, 'ESRCH', 'ENODEV'));
  if (harm !== undefined) throw harm.error;
}

async function removeRules(protocol: number): Promise<void> {
  using connection = await open();
  for (const found of await rule.list(connection)) {
    if (found.protocol !== protocol) continue;
    const { family, priority, table } = found;
    await rule.remove(connection, { family, priority, table, protocol });
  }
}

async function restoreSysctl(change: Extract<HostChange, { kind: 'sysctl' }>): Promise<void> {
  const { name, former, value } = change;
  const [present] = await readSysctls([name]);
  // Gone with its interface, or somebody else's by now.
  if (present !== value) return;
  await writeSysctls([{ name, value: former }]);
}

async function restoreFile(path: string, former: string | undefined): Promise<void> {
  if (former === undefined) await rm(path, { force: true });
  else await writeFile(path, former);
}

async function removeFolder(path: string, whole: boolean): Promise<void> {
  if (whole) return await rm(path, { recursive: true, force: true });
  try {
    await rmdir(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}

/** The files of a cgroup cannot be removed, and need not be. EBUSY while processes are in it. */
async function removeCgroup(path: string): Promise<void> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    for (const entry of entries) {
      if (entry.isDirectory()) await removeCgroup(join(path, entry.name));
    }
    await rmdir(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

function removeMount(path: string): void {
  try {
    unmount(path, UnmountFlag.detach);
  } catch (error) {
    // EINVAL: there is nothing mounted.
    if (!isKernelError(error, 'EINVAL', 'ENOENT')) throw error;
  }
}

/** What lies on others first; a volume may be mounted over another. */
function removeMountsBelow(folder: string): void {
  const below = readMounts().filter(({ mountPoint }) => mountPoint.startsWith(`${folder}/`));
  for (const { mountPoint } of below.toReversed()) removeMount(mountPoint);
}

/** What iptables says when rule, chain, table or the program itself is not there. */
const absent =
  /No chain|does not exist|does a matching rule|Bad rule|doesn't exist|ENOENT|load target/;

async function removeIptablesChain(
  change: Extract<HostChange, { kind: 'iptables' }>,
): Promise<void> {
  const { program, table, chain, from } = change;
  const works = [
    ['-D', from, '-j', chain],
    ['-F', chain],
    ['-X', chain],
  ];
  for (const args of works) {
    try {
      await execute(program, ['-w', '10', '-t', table, ...args], { timeout: 30_000 });
    } catch (error) {
      if (!absent.test(messageOf(error))) throw error;
    }
  }
}

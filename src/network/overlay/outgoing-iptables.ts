import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { DomainError, hasCode, messageOf } from '../../base/error.ts';
import type { HostChange } from '../../base/host-change.ts';
import type { OverlayPlan } from './plan.ts';

const execute = promisify(execFile);

export const chain = 'KEELSON-OUTGOING';
const from = 'POSTROUTING';
const timeoutMs = 30_000;

/** The legacy programs: those of the same name over nf_tables need the NAT that is missing. */
const programs = { 4: 'iptables-legacy', 6: 'ip6tables-legacy' } as const;

/** What the ledger has to know before {@link masqueradeByIptables}. */
export function iptablesChanges(plan: OverlayPlan): readonly HostChange[] {
  return versionsOf(plan).map((version) => {
    return { kind: 'iptables', program: programs[version], table: 'nat', chain, from };
  });
}

/**
 * Pods leave in their node's address, for kernels whose nf_tables has no NAT (user-mode Linux).
 * The chain is filled in one step. Throws DomainError `unsupported` without the programs.
 */
export async function masqueradeByIptables(plan: OverlayPlan): Promise<void> {
  for (const version of versionsOf(plan)) {
    await restore(`${programs[version]}-restore`, linesOf(plan, version));
    const jump = ['-j', chain];
    try {
      await run(programs[version], ['-C', from, ...jump]);
    } catch {
      await run(programs[version], ['-I', from, '1', ...jump]);
    }
  }
}

/** What `iptables-restore --noflush` takes. A pure function. */
export function linesOf(plan: OverlayPlan, version: 4 | 6): string {
  const isOwn = (range: string) => range.includes(':') === (version === 6);
  const pods = plan.podRanges.filter(isOwn);
  const lines = [
    ...pods.map((range) => `-A ${chain} -d ${range} -j RETURN`),
    `-A ${chain} -d ${version === 6 ? 'ff00::/8' : '224.0.0.0/4'} -j RETURN`,
    ...plan.ownRanges.filter(isOwn).map((range) => `-A ${chain} -s ${range} -j MASQUERADE`),
  ];
  return ['*nat', `:${chain} - [0:0]`, ...lines, 'COMMIT', ''].join('\n');
}

function versionsOf({ ownRanges }: OverlayPlan): readonly (4 | 6)[] {
  return [...new Set(ownRanges.map((range) => (range.includes(':') ? 6 : 4)))];
}

async function run(program: string, args: readonly string[]): Promise<void> {
  await execute(program, ['-w', '10', '-t', 'nat', ...args], { timeout: timeoutMs });
}

async function restore(program: string, lines: string): Promise<void> {
  const child = spawn(program, ['-w', '10', '--noflush'], {
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: timeoutMs,
  });
  try {
    child.stdin.on('error', () => undefined).end(lines);
    const [words] = await Promise.all([text(child.stderr), once(child, 'close')]);
    if (child.exitCode === 0) return;
    throw new DomainError('unavailable', `${program}: ${words.trim()}`);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    const words = 'nf_tables has no NAT here, and there is no iptables-legacy';
    throw new DomainError('unsupported', `${words}: ${messageOf(error)}`, { cause: error });
  }
}

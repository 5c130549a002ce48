import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { messageOf } from '../../src/base/error.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import type { Owner } from '../owner.ts';
import { hostOf } from '../prefix.ts';

const execute = promisify(execFile);

/**
 * The reference's own rules, by the program `iptables`, where the configuration asks for them: on
 * hosts whose other rules are watched with it. Chains and comments are the reference's, so either
 * can remove what the other made.
 */
export async function addIptablesMasquerade(
  owner: Owner,
  addresses: readonly string[],
): Promise<void> {
  for (const address of addresses) {
    const { chain, comment } = namesOf(owner);
    const six = address.includes(':');
    await run(six, ['-N', chain], { harmless: /exists/ });
    await append(six, [chain, '-d', address, '-j', 'ACCEPT', ...comment]);
    const multicast = six ? 'ff00::/8' : '224.0.0.0/4';
    await append(six, [chain, '!', '-d', multicast, '-j', 'MASQUERADE', ...comment]);
    await append(six, ['POSTROUTING', '-s', hostOf(address), '-j', chain, ...comment]);
  }
}

/** Succeeds when the rules, the chain or the program are not there. */
export async function removeIptablesMasquerade(
  owner: Owner,
  addresses: readonly string[],
): Promise<void> {
  const { chain, comment } = namesOf(owner);
  for (const address of addresses) {
    const six = address.includes(':');
    await run(six, ['-D', 'POSTROUTING', '-s', hostOf(address), '-j', chain, ...comment], absent);
    await run(six, ['-F', chain], absent);
    await run(six, ['-X', chain], absent);
  }
}

const absent = {
  harmless:
    /No chain|does not exist|does a matching rule|Bad rule|ENOENT|doesn't exist|incompatible/,
};

/** `iptables -C` answers 1 when there is no such rule. */
async function append(six: boolean, rule: readonly string[]): Promise<void> {
  try {
    await run(six, ['-C', ...rule]);
  } catch {
    await run(six, ['-A', ...rule]);
  }
}

async function run(
  six: boolean,
  args: readonly string[],
  { harmless }: { readonly harmless?: RegExp } = {},
): Promise<void> {
  const program = six ? 'ip6tables' : 'iptables';
  try {
    await execute(program, ['-w', '10', '-t', 'nat', ...args], { timeout: 30_000 });
  } catch (error) {
    if (harmless?.test(messageOf(error)) === true) return;
    throw new CniError(CniCode.internal, `${program} ${args.join(' ')} failed`, messageOf(error));
  }
}

/** The reference's names: a hash of network and container. */
function namesOf({ networkName, containerId }: Owner) {
  const hash = createHash('sha512').update(networkName).update(containerId).digest('hex');
  const comment = `name: ${JSON.stringify(networkName)} id: ${JSON.stringify(containerId)}`;
  return {
    chain: `CNI-${hash.slice(0, 24)}`,
    comment: ['-m', 'comment', '--comment', comment],
  };
}

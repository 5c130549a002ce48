import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { messageOf } from '../../src/base/error.ts';
import { limits } from '../../src/base/limits.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import type { AttachmentKey } from '../../src/cni/result-cache.ts';
import type { Owner } from '../owner.ts';
import { hostOf, isSame } from '../prefix.ts';

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

/**
 * Removes whatever leads to the owner's chain, and the chain: an ADD that was killed has told
 * nobody of its addresses. Succeeds when rules, chain or program are not there.
 */
export async function removeIptablesMasquerade(owner: Owner): Promise<void> {
  const { chain, comment } = namesOf(owner);
  for (const six of [false, true]) {
    for (const { source, to } of await jumps(six)) {
      if (to !== chain) continue;
      await run(six, ['-D', 'POSTROUTING', '-s', source, '-j', chain, ...comment], absent);
    }
    await run(six, ['-F', chain], absent);
    await run(six, ['-X', chain], absent);
  }
}

/** GC: by the comments, which name network and container. */
export async function collectIptablesMasquerade(
  networkName: string,
  valid: readonly AttachmentKey[],
): Promise<void> {
  const living = new Set(valid.map(({ containerId }) => containerId));
  const stale = new Set<string>();
  for (const six of [false, true]) {
    for (const id of await containersOf(six, networkName)) if (!living.has(id)) stale.add(id);
  }
  for (const containerId of stale) {
    await removeIptablesMasquerade({ networkName, containerId, interfaceName: '' });
  }
}

/** CHECK: whether each address has its rules. */
export async function hasIptablesMasquerade(
  owner: Owner,
  addresses: readonly string[],
): Promise<boolean> {
  const { chain } = namesOf(owner);
  for (const address of addresses) {
    const found = await jumps(address.includes(':'));
    const host = hostOf(address);
    if (!found.some(({ source, to }) => to === chain && isSame(hostOf(source), host))) return false;
  }
  return true;
}

interface Jump {
  readonly source: string;
  readonly to: string;
}

/** `-A POSTROUTING -s 10.1.0.2/32 -m comment --comment "…" -j CNI-…`. */
async function jumps(six: boolean): Promise<readonly Jump[]> {
  const found = (await rules(six)).map((line) =>
    /^-A POSTROUTING -s (\S+) .*-j (CNI-[0-9a-f]{24})$/.exec(line),
  );
  return found.flatMap((match) =>
    match === null ? [] : [{ source: match[1] ?? '', to: match[2] ?? '' }],
  );
}

/** Names without a quote, as CNI_CONTAINERID is; others are nobody's here. */
async function containersOf(six: boolean, networkName: string): Promise<readonly string[]> {
  const ids = (await rules(six)).flatMap((line) => {
    const [, chain, network, id = ''] =
      /^-A (\S+) .*name: \\?"([\w.-]+)\\?" id: \\?"([\w.-]+)\\?"/.exec(line) ?? [];
    if (network !== networkName) return [];
    const own = namesOf({ networkName, containerId: id, interfaceName: '' }).chain;
    return chain === own || line.endsWith(`-j ${own}`) ? [id] : [];
  });
  return [...new Set(ids)];
}

/** None where there is no such program, or no such table. */
async function rules(six: boolean): Promise<readonly string[]> {
  try {
    const { stdout } = await execute(programOf(six), ['-w', '10', '-t', 'nat', '-S'], {
      timeout: 30_000,
      maxBuffer: limits.cniDocumentBytes * 16,
    });
    return stdout.split('\n');
  } catch {
    return [];
  }
}

function programOf(six: boolean): string {
  return six ? 'ip6tables' : 'iptables';
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
  const program = programOf(six);
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

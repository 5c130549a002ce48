import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { hasCode, messageOf } from '../../src/base/error.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { familyOf } from '../../src/cni/result.ts';
import { hostOf } from '../prefix.ts';

const execute = promisify(execFile);

const privateChain = 'CNI-FORWARD';
type Rule = readonly string[];

/**
 * The reference's rules by the program `iptables`, where the configuration asks for them: only
 * there can "accept" go before the policy DROP that Docker gives the chain FORWARD. Names and
 * comments are the reference's, so either can remove what the other made.
 */
export async function openByIptables(
  addresses: readonly string[],
  adminChain: string,
): Promise<void> {
  for (const six of familiesOf(addresses)) {
    await ensureChain(six, privateChain);
    await ensureChain(six, adminChain);
    await ensureFirst(six, 'FORWARD', forwardRule);
    await ensureFirst(six, privateChain, adminRule(adminChain));
  }
  for (const address of addresses) {
    for (const rule of rulesFor(address)) {
      if (await exists(isSix(address), privateChain, rule)) continue;
      await run(isSix(address), ['-A', privateChain, ...rule]);
    }
  }
}

/** Succeeds when the rules or the program are not there. */
export async function closeByIptables(addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    for (const rule of rulesFor(address)) {
      if (!(await exists(isSix(address), privateChain, rule))) continue;
      await run(isSix(address), ['-D', privateChain, ...rule]);
    }
  }
}

/** Throws CniError 999 with the rule that is missing. */
export async function checkIptables(
  addresses: readonly string[],
  adminChain: string,
): Promise<void> {
  for (const address of addresses) {
    const six = isSix(address);
    const wanted: [chain: string, rule: Rule][] = [
      ['FORWARD', forwardRule],
      [privateChain, adminRule(adminChain)],
      ...rulesFor(address).map((rule): [string, Rule] => [privateChain, rule]),
    ];
    for (const [chain, rule] of wanted) {
      if (await exists(six, chain, rule)) continue;
      throw new CniError(CniCode.internal, `expected ${chain} rule "${rule.join(' ')}" not found`);
    }
  }
}

const comment = (text: string) => ['-m', 'comment', '--comment', text];
const forwardRule: Rule = [...comment('CNI firewall plugin rules'), '-j', privateChain];
const adminRule = (adminChain: string): Rule => [
  ...comment('CNI firewall plugin admin overrides'),
  '-j',
  adminChain,
];

function rulesFor(address: string): readonly Rule[] {
  const whole = `${hostOf(address)}/${isSix(address) ? 128 : 32}`;
  return [
    ['-d', whole, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'ACCEPT'],
    ['-s', whole, '-j', 'ACCEPT'],
  ];
}

function isSix(address: string): boolean {
  return familyOf(address) === 6;
}

function familiesOf(addresses: readonly string[]): readonly boolean[] {
  return [...new Set(addresses.map(isSix))];
}

async function ensureChain(six: boolean, chain: string): Promise<void> {
  if (await succeeds(six, ['-n', '-L', chain, '1'])) return;
  await run(six, ['-N', chain], /exists/);
}

async function ensureFirst(six: boolean, chain: string, rule: Rule): Promise<void> {
  if (!(await exists(six, chain, rule))) await run(six, ['-I', chain, '1', ...rule]);
}

async function exists(six: boolean, chain: string, rule: Rule): Promise<boolean> {
  return succeeds(six, ['-C', chain, ...rule]);
}

/** iptables answers 1 when there is no such rule, 2 when the chain is missing. */
async function succeeds(six: boolean, args: readonly string[]): Promise<boolean> {
  try {
    await run(six, args);
    return true;
  } catch (error) {
    if (error instanceof CniError) return false;
    throw error;
  }
}

async function run(six: boolean, args: readonly string[], harmless?: RegExp): Promise<void> {
  const program = six ? 'ip6tables' : 'iptables';
  try {
    await execute(program, ['-w', '10', ...args], { timeout: 30_000 });
  } catch (error) {
    if (harmless?.test(messageOf(error)) === true) return;
    const problem = hasCode(error, 'ENOENT') ? 'is not installed' : `${args.join(' ')} failed`;
    throw new CniError(CniCode.internal, `${program} ${problem}`, messageOf(error));
  }
}

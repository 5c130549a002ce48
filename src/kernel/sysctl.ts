import { KernelError } from '../base/error.ts';
import { addon } from './addon.ts';
import type { Namespace } from './namespace.ts';

/** A setting below /proc/sys by its path with slashes: `net/ipv4/conf/eth0.7/arp_notify`. */
export interface Sysctl {
  readonly name: string;
  readonly value: string;
}

/**
 * Writes settings in one visit of a network namespace, or in the process's own. All are tried;
 * then throws the first KernelError: ENOENT when there is no such setting, EXDEV or ELOOP when the
 * name leads out of /proc/sys, EINVAL when the kernel does not take the value.
 * `ip netns exec NAME sysctl -w net.ipv4.conf.eth0.arp_notify=1`.
 */
export async function writeSysctls(sysctls: readonly Sysctl[], network?: Namespace): Promise<void> {
  const failures = await tryWriteSysctls(sysctls, network);
  const [first] = failures;
  if (first !== undefined) throw first;
}

/** As `writeSysctls`, for settings that a kernel may lack: gives what failed; throws nothing. */
export async function tryWriteSysctls(
  sysctls: readonly Sysctl[],
  network?: Namespace,
): Promise<readonly KernelError[]> {
  const names = sysctls.map(({ name }) => name);
  const values = sysctls.map(({ value }) => value);
  const answers = await addon.sysctls(network?.fd ?? -1, names, values);
  return answers.filter((answer) => answer instanceof KernelError);
}

/**
 * The values of settings, without the newline; undefined for one that does not exist.
 * Throws KernelError for any other failure. `sysctl -n NAME`.
 */
export async function readSysctls(
  names: readonly string[],
  network?: Namespace,
): Promise<readonly (string | undefined)[]> {
  const answers = await addon.sysctls(
    network?.fd ?? -1,
    names,
    names.map(() => null),
  );
  return answers.map((answer) => {
    if (typeof answer === 'string') return answer.trimEnd();
    if (answer.code === 'ENOENT') return undefined;
    throw answer;
  });
}

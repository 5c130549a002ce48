import type { Pod } from '../../api/types/generated/core-v1.ts';
import type { Failure } from './container-status.ts';

/** Of the namespaces of a pod alone, and without a way to hurt others. */
const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);

/**
 * Why no kubelet like this one takes the pod on: sysctls that the operator has not allowed (`net.*`
 * allows all that begin so), or what is not supported.
 */
export function forbiddenPod(pod: Pod, allowedSysctls: readonly string[]): Failure | undefined {
  if ((pod.spec.resourceClaims ?? []).length > 0) {
    const message = 'resourceClaims are not supported by this kubelet';
    return { reason: 'UnexpectedAdmissionError', message };
  }
  const forbidden = (pod.spec.securityContext?.sysctls ?? []).find(({ name }) => {
    const plain = name.replaceAll('/', '.');
    return !safeSysctls.has(plain) && !allowedSysctls.some((pattern) => allows(pattern, plain));
  });
  if (forbidden === undefined) return undefined;
  const message = `forbidden sysctl: "${forbidden.name}" not allowlisted`;
  return { reason: 'SysctlForbidden', message };
}

function allows(pattern: string, name: string): boolean {
  const plain = pattern.replaceAll('/', '.');
  return plain.endsWith('*') ? name.startsWith(plain.slice(0, -1)) : name === plain;
}

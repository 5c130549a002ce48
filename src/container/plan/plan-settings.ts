import { DomainError } from '../../base/error.ts';
import { operation, type Operation } from '../../kernel/operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { NamespaceType } from '../spec-linux.ts';
import type { Spec } from '../spec.ts';

/** hostname(1), domainname(1) and sysctl(8) in the container's own namespaces. */
export function planSettings(builder: PlanBuilder, spec: Spec): void {
  const own = new Set((spec.linux?.namespaces ?? []).map(({ type }) => type));
  if (spec.hostname !== undefined && spec.hostname !== '') {
    require(own, 'uts', `Hostname "${spec.hostname}"`);
    builder.add(operation.hostname(spec.hostname));
  }
  if (spec.domainname !== undefined && spec.domainname !== '') {
    require(own, 'uts', `Domain name "${spec.domainname}"`);
    builder.add(operation.domainname(spec.domainname));
  }
  for (const [name, value] of Object.entries(spec.linux?.sysctl ?? {})) {
    require(own, sysctlNamespace(name), `Sysctl "${name}"`);
    builder.add(sysctlOperation(name, value));
  }
}

function require(own: ReadonlySet<NamespaceType>, type: NamespaceType, what: string): void {
  if (own.has(type)) return;
  throw new DomainError('invalid', `${what} needs a ${type} namespace that is not the node's`);
}

/** `net.ipv4.ip_forward` and `net/ipv4/conf/eth0.1/forwarding` are both in use. */
export function sysctlPath(name: string): string {
  const path = name.includes('/') ? name : name.replaceAll('.', '/');
  const words = path.split('/');
  const valid = words.every((word) => /^[a-z0-9_.-]+$/i.test(word) && !/^\.+$/.test(word));
  if (!valid) throw new DomainError('invalid', `Sysctl name "${name}" is malformed`);
  return path;
}

/** `sysctl -w NAME=VALUE`, checked. */
export function sysctlOperation(name: string, value: string): Operation {
  checkSysctlValue(name, value);
  return operation.sysctl(sysctlPath(name), value);
}

/** Only those that a namespace has of its own: any other would be the whole node's. */
export function sysctlNamespace(name: string): 'network' | 'ipc' | 'uts' {
  const path = sysctlPath(name);
  const ipc = ['msgmax', 'msgmnb', 'msgmni', 'msg_next_id', 'sem', 'sem_next_id', 'shmall'];
  ipc.push('shmmax', 'shmmni', 'shm_next_id', 'shm_rmid_forced');
  const [first, second = ''] = path.split('/');
  if (first === 'net') return 'network';
  if (first === 'kernel' && ipc.includes(second)) return 'ipc';
  if (path.startsWith('fs/mqueue/')) return 'ipc';
  if (path === 'kernel/domainname') return 'uts';
  throw new DomainError('invalid', `Sysctl "${name}" is not of a namespace`);
}

/** A control character could begin a second line, and with it another setting (CVE-2022-0811). */
function checkSysctlValue(name: string, value: string): void {
  if (/^[\x20-\x7e\t]*$/.test(value)) return;
  throw new DomainError('invalid', `Value of sysctl "${name}" has a control character`);
}

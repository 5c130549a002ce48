import { DomainError } from '../../base/error.ts';
import { operation, type SeccompListener } from '../../kernel/operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { hookState, type HookSubject } from './plan-hooks.ts';

/**
 * Connects to the agent that is told of the calls a filter hands on (SCMP_ACT_NOTIFY), while the
 * host's paths are there; undefined where the filter hands on none.
 */
export function planListener(
  builder: PlanBuilder,
  subject: HookSubject,
  status: 'created' | 'running',
): SeccompListener | undefined {
  const { seccomp } = subject.spec.linux ?? {};
  const { listenerPath = '', listenerMetadata } = seccomp ?? {};
  if (listenerPath === '' && listenerMetadata !== undefined) {
    throw new DomainError('invalid', 'listenerMetadata needs listenerPath');
  }
  const handedOn = (seccomp?.syscalls ?? []).filter(({ action }) => action === 'SCMP_ACT_NOTIFY');
  if (handedOn.length === 0) return undefined;
  if (!listenerPath.startsWith('/')) {
    throw new DomainError('invalid', `Seccomp listener "${listenerPath}" is not absolute`);
  }
  if (handedOn.some(({ names }) => names.includes('sendmsg'))) {
    // It is the call that gives the agent its descriptor: both would wait for each other.
    throw new DomainError('unsupported', 'SCMP_ACT_NOTIFY for "sendmsg"');
  }
  const slot = builder.slot();
  builder.add(operation.connect(slot, listenerPath));
  return { slot, stateAroundPids: stateAroundPids(subject, status, listenerMetadata) };
}

/** The container process state of config-linux.md; nobody knows the pid yet. */
function stateAroundPids(
  subject: HookSubject,
  status: string,
  metadata: string | undefined,
): [string, string, string] {
  const { ociVersion } = subject.spec;
  const { pid: _, ...state } = JSON.parse(hookState(subject, status, 0)) as { pid: number };
  const rest = { ociVersion, fds: ['seccompFd'], ...(metadata !== undefined && { metadata }) };
  return ['{"pid":', `,"state":{"pid":`, `,${inner(state)},${inner(rest)}`];
}

/** An object's text without its first brace, to go on another one. */
function inner(value: object): string {
  return JSON.stringify(value).slice(1);
}

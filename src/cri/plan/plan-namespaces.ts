import { DomainError } from '../../base/error.ts';
import type { NamespaceSpec } from '../../container/spec-linux.ts';
import { NamespaceMode } from '../generated/runtime.ts';
import type { PlanInput } from './plan-input.ts';

/**
 * Network, UTS and IPC are the pod's; mount and cgroup the container's own; PID by the mode. A type
 * that is not listed stays the host's.
 */
export function planNamespaces(input: PlanInput): NamespaceSpec[] {
  const { sandbox, options, facts } = input;
  const { network, uts, user } = sandbox.namespaces;
  const ipc = facts.ipcNamespace ?? sandbox.namespaces.ipc;
  const joined = [
    { type: 'network', path: network },
    { type: 'ipc', path: ipc },
    { type: 'uts', path: options?.host_uts === true ? undefined : uts },
    { type: 'user', path: user },
  ] as const;
  return [
    { type: 'mount' },
    ...(options?.host_cgroup_namespace === true ? [] : [{ type: 'cgroup' } as const]),
    ...planPid(input),
    ...joined.flatMap(({ type, path }) => (path === undefined ? [] : [{ type, path }])),
  ];
}

function planPid({ config, sandbox, facts, options }: PlanInput): NamespaceSpec[] {
  if (facts.pidNamespace !== undefined) return [{ type: 'pid', path: facts.pidNamespace }];
  const mode = config.linux?.security_context?.namespace_options?.pid;
  if (mode === NamespaceMode.NODE) return [];
  if (mode === NamespaceMode.CONTAINER) return [{ type: 'pid' }];
  if (mode === NamespaceMode.TARGET) {
    throw new DomainError('invalid', 'NamespaceMode TARGET without a running target container');
  }
  const path = sandbox.namespaces.pid;
  if (path !== undefined) return [{ type: 'pid', path }];
  // Without the pod's own there is nothing to share; containers of the command line are alone.
  if (options !== undefined || mode === undefined) return [{ type: 'pid' }];
  throw new DomainError('invalid', 'The pod has no PID namespace that its containers could share');
}

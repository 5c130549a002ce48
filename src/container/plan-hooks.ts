import { basename } from 'node:path';
import { DomainError } from '../base/error.ts';
import { operation } from '../kernel/operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { Hook, Spec } from './spec.ts';

export interface HookSubject {
  readonly id: string;
  readonly bundle: string;
  readonly spec: Spec;
}

/** Hooks that run in the container's namespaces: the stage runs them, one after the other. */
export function planHooks(
  builder: PlanBuilder,
  subject: HookSubject,
  kind: 'createContainer' | 'startContainer',
): void {
  const status = kind === 'createContainer' ? 'creating' : 'created';
  for (const hook of subject.spec.hooks?.[kind] ?? []) {
    checkHook(hook);
    const [before, after] = stateAroundPid(subject, status);
    const timeoutMs = Math.ceil((hook.timeout ?? 0) * 1000);
    const args = hook.args ?? [basename(hook.path)];
    const { path, env = [] } = hook;
    builder.add(operation.hook({ path, timeoutMs, before, after, args, env }));
  }
}

/** The state document (runtime.md) for hooks that the runtime runs itself. */
export function hookState(subject: HookSubject, status: string, pid: number): string {
  const { id, bundle, spec } = subject;
  const { ociVersion, annotations = {} } = spec;
  return JSON.stringify({ ociVersion, id, status, pid, bundle, annotations });
}

export function checkHook(hook: Hook): void {
  if (!hook.path.startsWith('/')) {
    throw new DomainError('invalid', `Hook path "${hook.path}" is not absolute`);
  }
  if (hook.timeout !== undefined && !(hook.timeout > 0)) {
    throw new DomainError('invalid', `Timeout of hook "${hook.path}" must be greater than zero`);
  }
}

/** Nobody knows the pid before the process that runs the hook is there. */
function stateAroundPid(subject: HookSubject, status: string): [string, string] {
  const { pid: _, ...rest } = JSON.parse(hookState(subject, status, 0)) as { pid: number };
  return ['{"pid":', `,${JSON.stringify(rest).slice(1)}`];
}

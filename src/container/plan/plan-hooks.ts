import { DomainError, isKernelError } from '../../base/error.ts';
import { operation } from '../../kernel/operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { Hook, Spec } from '../spec.ts';

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
    const timeoutMs = Math.min(Math.ceil((hook.timeout ?? 0) * 1000), longestMs);
    const args = hook.args ?? [hook.path];
    const { path, env = [] } = hook;
    builder.add(operation.hook({ path, timeoutMs, before, after, args, env }));
  }
}

/** What poll(2) takes. */
const longestMs = 0x7fffffff;

export function hasHooks({ hooks = {} }: Spec): boolean {
  return Object.values(hooks).some((list: readonly Hook[] | undefined) => (list ?? []).length > 0);
}

/** True where hooks look at the container while it is being created: its root needs a place. */
export function hasCreateHooks({ hooks = {} }: Spec): boolean {
  const kinds = [hooks.prestart, hooks.createRuntime, hooks.createContainer];
  return kinds.some((list) => (list ?? []).length > 0);
}

/** The state document (runtime.md) for hooks that the runtime runs itself. */
export function hookState(subject: HookSubject, status: string, pid: number): string {
  const { id, bundle, spec } = subject;
  const { ociVersion, annotations = {} } = spec;
  return JSON.stringify({ ociVersion, id, status, pid, bundle, annotations });
}

/** What a stage says of a hook that failed, in the words for those of the runtime. */
export function hookError(error: unknown): DomainError | undefined {
  if (!isKernelError(error) || error.call !== 'hook') return undefined;
  const kind = error.code === 'ETIMEDOUT' ? 'timeout' : 'invalid';
  const words = error.text ?? `failed: ${error.code}`;
  return new DomainError(kind, `Hook "${error.path ?? ''}" ${words}`);
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

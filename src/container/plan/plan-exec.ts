import { DomainError } from '../../base/error.ts';
import { operation, type Operation } from '../../kernel/operation.ts';
import { capabilityNames } from '../../kernel/capability.ts';
import type { ExecRequest } from '../container-engine.ts';
import { PlanBuilder } from './plan-builder.ts';
import type { HookSubject } from './plan-hooks.ts';
import { planListener } from './plan-listener.ts';
import { joinFlags } from './plan-namespaces.ts';
import { checkProcess, planIdentity, planLimits, type ProcessContext } from './plan-process.ts';
import { planAffinity, planMachine } from './plan-scheduling.ts';
import type { Process, Spec, User } from '../spec.ts';

/**
 * A further program in a running container: its namespaces by the pidfd of its first process (slot
 * 0), its limits, and no more rights than that one has, unless the exec is privileged.
 */
export function planExec(
  spec: Spec,
  request: ExecRequest,
  context: ExecContext & { readonly user: User },
): readonly Operation[] {
  const process = execProcess(spec, request, context.user);
  const { seccomp, ...unfiltered } = context;
  const own = request.privileged === true || seccomp === undefined ? unfiltered : context;
  return planExecProcess(spec, process, own);
}

export interface ExecContext extends ProcessContext {
  /** The container, for who is told of the calls that its filter hands on. */
  readonly subject: HookSubject;
}

/**
 * The same for a process that is described in full. After the pidfd may come descriptors that the
 * program shall have from 3 on.
 */
export function planExecProcess(
  spec: Spec,
  process: Process,
  context: ExecContext & { readonly preserved?: number; readonly noNewKeyring?: boolean },
): readonly Operation[] {
  checkProcess(process);
  const { preserved = 0, noNewKeyring = false } = context;
  const builder = new PlanBuilder(1 + preserved);
  planAffinity(builder, process, 'initial');
  // By the host's procfs, which is out of reach once the container's mounts are joined.
  builder.add(operation.oomScoreAdj(process.oomScoreAdj ?? 0));
  const { seccomp, subject } = context;
  const listener = seccomp && planListener(builder, subject, 'running');
  if (listener !== undefined) builder.add(operation.rememberPid());
  builder.add(operation.join(0, joinFlags(spec.linux ?? {})));
  if (process.terminal === true) {
    const { height: rows = 0, width: columns = 0 } = process.consoleSize ?? {};
    builder.add(operation.terminal(builder.slot(), { rows, columns }));
  }
  if (!noNewKeyring) builder.add(operation.keyring(subject.id));
  planMachine(builder, spec.linux ?? {});
  planLimits(builder, process);
  planAffinity(builder, process, 'final');
  if (preserved > 0) builder.add(operation.preserve(1, preserved));
  planIdentity(builder, process, { ...context, ...(listener && { listener }) });
  return builder.operations;
}

/** The container's own process but for what is asked otherwise. */
export function execProcess(spec: Spec, request: ExecRequest, user: User): Process {
  if (spec.process === undefined) throw new DomainError('invalid', 'The spec has no process');
  const all = [...capabilityNames];
  const privileged = { bounding: all, effective: all, permitted: all };
  return {
    ...spec.process,
    user,
    args: request.args,
    env: [...(spec.process.env ?? []), ...(request.env ?? [])],
    cwd: request.cwd ?? spec.process.cwd,
    terminal: request.terminal,
    consoleSize: { height: request.size?.rows ?? 0, width: request.size?.columns ?? 0 },
    ...(request.privileged === true ? { capabilities: privileged, noNewPrivileges: false } : {}),
  };
}

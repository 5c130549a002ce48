import { DomainError } from '../base/error.ts';
import { operation, type Operation } from '../kernel/operation.ts';
import { capabilityNames } from '../kernel/capability.ts';
import type { ExecRequest } from './container-engine.ts';
import { PlanBuilder } from './plan-builder.ts';
import { joinFlags } from './plan-namespaces.ts';
import { checkProcess, planIdentity, planLimits, type ProcessContext } from './plan-process.ts';
import { planMachine } from './plan-scheduling.ts';
import type { Process, Spec, User } from './spec.ts';

/**
 * A further program in a running container: its namespaces by the pidfd of its first process (slot
 * 0), its limits, and no more rights than that one has, unless the exec is privileged.
 */
export function planExec(
  spec: Spec,
  request: ExecRequest,
  context: ProcessContext & { readonly user: User },
): readonly Operation[] {
  const process = execProcess(spec, request, context.user);
  checkProcess(process);
  const builder = new PlanBuilder(1);
  // By the host's procfs, which is out of reach once the container's mounts are joined.
  builder.add(operation.oomScoreAdj(process.oomScoreAdj ?? 0));
  builder.add(operation.join(0, joinFlags(spec.linux ?? {})));
  if (request.terminal) {
    builder.add(operation.terminal(builder.slot(), request.size ?? { rows: 0, columns: 0 }));
  }
  planMachine(builder, spec.linux ?? {});
  planLimits(builder, process);
  const { seccomp, ...unfiltered } = context;
  const own = request.privileged === true || seccomp === undefined ? unfiltered : context;
  planIdentity(builder, process, own);
  return builder.operations;
}

function execProcess(spec: Spec, request: ExecRequest, user: User): Process {
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
    ...(request.privileged === true ? { capabilities: privileged, noNewPrivileges: false } : {}),
  };
}

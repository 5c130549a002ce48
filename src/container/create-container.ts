import { DomainError, messageOf } from '../base/error.ts';
import { fault } from '../base/fault.ts';
import { isChrooted } from '../kernel/chroot.ts';
import { encodePlan, operation, type Operation } from '../kernel/operation.ts';
import type { Launch } from '../kernel/launch.ts';
import { bundleOf, writeBundle } from './bundle.ts';
import type { ContainerRequest } from './container-engine.ts';
import { type ContainerRecord, newRecord } from './container-record.ts';
import { Container } from './container.ts';
import { discardContainer } from './discard-container.ts';
import type { EngineContext } from './engine-context.ts';
import { launchForeign } from './foreign-runtime.ts';
import { makeCgroup } from './limit-cgroup.ts';
import { moveNetDevices } from './net-devices.ts';
import { makeRestorePlace, planRestored } from './checkpoint/restore-container.ts';
import { planContainer, type ContainerPlan } from './plan/plan-container.ts';
import { hookError } from './plan/plan-hooks.ts';
import { runHooks } from './run-hooks.ts';

/**
 * The container's first process, waiting: all it will see is made. On failure nothing is left, or,
 * where its shim does not answer, what is removed with the pod. The container is handed to `known`
 * as soon as its record is on disk.
 */
export async function createContainer(
  context: EngineContext,
  request: ContainerRequest,
  known: (container: Container) => void,
): Promise<Container> {
  const plan = request.runtime === undefined ? await planFor(context, request) : undefined;
  const record = { ...newRecord, createdAtMs: Date.now() };
  context.store.add(request, record);
  const container = new Container({ request, record }, context.store);
  known(container);
  try {
    fault('container.create.after-record');
    const launched = await launch(context, container, plan);
    fault('container.create.after-launch');
    if (plan?.held === true) {
      container.save(launched);
      await passHooks(context, container);
    }
    // It may have been killed meanwhile; then it has exited, and says so.
    container.save({ ...launched, ...(container.phase === 'creating' && { phase: 'created' }) });
    fault('container.create.after-created');
    return container;
  } catch (error) {
    await discardContainer(context, container).catch((cause: unknown) =>
      context.warn(`Cannot undo container "${request.id}" yet: ${messageOf(cause)}`),
    );
    throw createError(request.id, error);
  }
}

/** Hooks of the runtime see devices and mounts in place, and the root not yet entered. */
async function passHooks(context: EngineContext, container: Container): Promise<void> {
  await moveNetDevices(container.request.spec, container.record.pid);
  await runHooks(context, container, 'prestart');
  await runHooks(context, container, 'createRuntime');
  fault('container.create.after-hooks');
  const shim = await context.shims.open(container.request.podId);
  await shim.goOn(container.id);
}

async function planFor(context: EngineContext, request: ContainerRequest): Promise<ContainerPlan> {
  const { spec, snapshot, id } = request;
  if (request.restore !== undefined) return planRestored(context, request, request.restore);
  const { seccomp } = spec.linux ?? {};
  return planContainer({
    id,
    spec,
    capabilities: context.capabilities,
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(seccomp === undefined ? {} : { seccomp: await context.compileSeccomp(seccomp) }),
    ...(request.init === true ? { init: true } : {}),
    fills: request.fills ?? [],
    bundle: bundleOf(context.store, request),
    chrooted: await isChrooted(),
    cgroupMountPoint: context.hierarchy.mountPoint,
  });
}

/** What its record has to say of it from now on. */
async function launch(
  context: EngineContext,
  container: Container,
  plan: ContainerPlan | undefined,
): Promise<Partial<ContainerRecord>> {
  if (plan !== undefined) return await launchContainer(context, container, plan);
  await launchForeign(context, container);
  return {};
}

async function launchContainer(
  context: EngineContext,
  container: Container,
  plan: ContainerPlan,
): Promise<Pick<ContainerRecord, 'pid' | 'notEnforced'>> {
  const { request } = container;
  writeBundle(context.store, request);
  makeRestorePlace(context, request);
  const [cgroup, shim] = await Promise.all([
    makeCgroup(context, request),
    context.shims.open(request.podId),
  ]);
  using _place = cgroup;
  fault('container.create.after-cgroup');
  const order: Launch = {
    container: request.id,
    name: '',
    cloneFlags: plan.cloneFlags,
    relay: plan.relay,
    cgroup: cgroup.folder,
    folder: context.store.folderOf(request.id),
    log: request.logPath ?? '',
    stdio: 'log',
    input: request.stdin !== 'none',
    terminal: plan.terminal,
    join: false,
    fds: [],
    plan: encodePlan(traced(context, request.id, plan.operations)),
  };
  const { pid } = await shim.launch(order);
  return { pid, notEnforced: cgroup.notEnforced };
}

function traced(
  { traces }: EngineContext,
  id: string,
  operations: readonly Operation[],
): readonly Operation[] {
  return traces.has(id) ? [operation.trace(), ...operations] : operations;
}

function createError(id: string, cause: unknown): unknown {
  if (cause instanceof DomainError) return cause;
  const failedHook = hookError(cause);
  if (failedHook !== undefined) return failedHook;
  return new DomainError('invalid', `Cannot create container "${id}": ${messageOf(cause)}`, {
    cause,
  });
}

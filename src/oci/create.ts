import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DomainError } from '../base/error.ts';
import { fault } from '../base/fault.ts';
import { expandCgroupsPath } from '../cgroup/path.ts';
import { makeCgroup, removeCgroup } from '../container/limit-cgroup.ts';
import { moveNetDevices } from '../container/net-devices.ts';
import { planContainer, type ContainerPlan } from '../container/plan/plan-container.ts';
import { scopeOf } from '../container/scope.ts';
import type { Spec } from '../container/spec.ts';
import { addon } from '../kernel/addon.ts';
import { isChrooted } from '../kernel/chroot.ts';
import { Descriptor } from '../kernel/descriptor.ts';
import type { Call } from './call.ts';
import { checkTerminal, listenVariables, preservedCount } from './descriptors.ts';
import { runOciHooks, runPoststart } from './hooks.ts';
import { readStat } from './process.ts';
import { readSpec } from './read-spec.ts';
import type { OciRecord } from './record.ts';
import { startSocket } from './status.ts';

/** `create`: the first process waits for `start`. */
export async function create(call: Call): Promise<void> {
  await makeContainer(call, { start: 'socket', detached: true });
  call.client.exit(0);
}

/** `run`: without `--detach` the client stays, and removes the container afterwards. */
export async function run(call: Call): Promise<void> {
  const detached = call.line.flags.on('detach');
  await makeContainer(call, { start: 'now', detached });
  if (detached) return call.client.exit(0);
  const cleanup = ['--root', call.root, 'delete', '--force', call.id()];
  call.client.foreground(call.line.flags.on('keep') ? [] : cleanup);
}

interface Manner {
  readonly start: 'socket' | 'now';
  readonly detached: boolean;
}

/** On failure nothing is left. */
async function makeContainer(call: Call, manner: Manner): Promise<void> {
  const { records } = call;
  const id = call.id();
  records.folderOf(id);
  const bundle = resolve(call.request.cwd, call.line.flags.text('bundle') ?? '.');
  const spec = withListenVariables(call, readSpec(bundle));
  checkTerminal(call, spec.process?.terminal === true, manner.detached);
  const plan = await planFor(call, { spec, bundle, start: manner.start });
  await using undo = new AsyncDisposableStack();
  const record = newRecord(call, { id, bundle, spec });
  records.add(record, spec);
  undo.defer(() => records.remove(id));
  fault('oci.create.after-record');
  const made = await launch(call, { record, spec, plan, undo }, manner);
  writePidFile(call, made.pid);
  if (manner.start === 'now') {
    await runPoststart(call, { record: made, spec }, () =>
      runOciHooks(call, { record: made, spec }, 'poststop'),
    );
  }
  undo.move();
}

interface Making {
  readonly record: OciRecord;
  readonly spec: Spec;
  readonly plan: ContainerPlan;
  readonly undo: AsyncDisposableStack;
}

async function launch(call: Call, making: Making, manner: Manner): Promise<OciRecord> {
  const { plan, undo, spec } = making;
  const { cgroupPath } = making.record;
  refuseOccupied(call, cgroupPath);
  // Whatever of the container runs by then ends with its cgroup.
  const cgroups = call.cgroups(making.record.unit);
  undo.defer(() => removeCgroup(cgroups, cgroupPath));
  using cgroup = await makeCgroup(cgroups, { spec, cgroupPath });
  const { folder, notEnforced } = cgroup;
  for (const limit of notEnforced) call.warn(`${limit}; it is not enforced`);
  fault('oci.create.after-cgroup');
  const place = call.records.folderOf(making.record.id);
  using listener = manner.start === 'socket' ? listenIn(place) : undefined;
  const { operations, cloneFlags, relay } = plan;
  const started = await call.client.launch({
    operations,
    cloneFlags,
    cgroup: folder,
    relay: relay === true,
    join: false,
    preserved: preservedCount(call),
    console: socketPath(call, 'console-socket'),
    pidfdSocket: socketPath(call, 'pidfd-socket'),
    // Orphans of a container without a PID namespace come to who stays, not to the host's init.
    adopt: !manner.detached && !call.line.flags.on('no-subreaper'),
    fds: listener === undefined ? [] : [listener.fd],
  });
  const startTime = readStat(started.pid)?.startTime ?? 0;
  const record = { ...making.record, pid: started.pid, startTime, notEnforced };
  call.records.write(record);
  fault('oci.create.after-launch');
  if (started.held) {
    await moveNetDevices(spec, record.pid);
    await runOciHooks(call, { record, spec }, 'prestart');
    await runOciHooks(call, { record, spec }, 'createRuntime');
    await call.client.goOn();
  }
  return record;
}

function listenIn(folder: string): Descriptor {
  return new Descriptor(addon.socketListen(folder, startSocket, 16));
}

async function planFor(
  call: Call,
  { spec, bundle, start }: { spec: Spec; bundle: string; start: 'socket' | 'now' },
): Promise<ContainerPlan> {
  const { seccomp } = spec.linux ?? {};
  return planContainer({
    id: call.id(),
    spec,
    bundle,
    chrooted: await isChrooted(),
    capabilities: call.request.capabilities,
    ...(seccomp === undefined ? {} : { seccomp: await call.context.compileSeccomp(seccomp) }),
    cgroupMountPoint: call.context.hierarchy.mountPoint,
    noPivot: call.line.flags.on('no-pivot'),
    noNewKeyring: call.line.flags.on('no-new-keyring'),
    alone: { start, preserved: preservedCount(call) },
  });
}

function withListenVariables(call: Call, spec: Spec): Spec {
  const variables = listenVariables(call);
  if (spec.process === undefined || variables.length === 0) return spec;
  const env = [...(spec.process.env ?? []), ...variables];
  return { ...spec, process: { ...spec.process, env } };
}

function newRecord(
  call: Call,
  { id, bundle, spec }: { id: string; bundle: string; spec: Spec },
): OciRecord {
  const { annotations, ociVersion, root, linux } = spec;
  const usual = call.usesSystemd ? `system.slice:keelson:${id}` : `/keelson-oci/${id}`;
  const cgroupPath = expandCgroupsPath(linux?.cgroupsPath ?? usual);
  return {
    ociVersion,
    id,
    bundle,
    rootfs: root?.path ?? '',
    created: new Date().toISOString(),
    ...(annotations === undefined ? {} : { annotations }),
    cgroupPath,
    unit: call.usesSystemd ? scopeOf(cgroupPath).unit : '',
    pid: 0,
    startTime: 0,
    maker: call.request.pid,
    makerStartTime: readStat(call.request.pid)?.startTime ?? 0,
    notEnforced: [],
    noNewKeyring: call.line.flags.on('no-new-keyring'),
  };
}

/** Limits, freezing and killing are for the whole cgroup: it is one container's. */
function refuseOccupied(call: Call, path: string): void {
  if (call.usesSystemd) return;
  using cgroup = call.context.hierarchy.create(path);
  if (cgroup.frozen()) throw new DomainError('conflict', `cgroup ${path} is frozen`);
  if (cgroup.processes({ recursive: true }).length === 0) return;
  throw new DomainError('conflict', `container's cgroup is not empty: ${path}`);
}

export function socketPath(call: Call, flag: 'console-socket' | 'pidfd-socket'): string {
  const path = call.line.flags.text(flag) ?? '';
  return path === '' ? '' : resolve(call.request.cwd, path);
}

/** Whole or not at all, for its readers wait for it to appear. */
export function writePidFile(call: Call, pid: number): void {
  const path = call.line.flags.text('pid-file') ?? '';
  if (path === '') return;
  const target = resolve(call.request.cwd, path);
  const temporary = join(target, `../.${process.pid}-${pid}.pid`);
  try {
    mkdirSync(resolve(target, '..'), { recursive: true });
    writeFileSync(temporary, String(pid), { mode: 0o644, flag: 'wx' });
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

import { resolve } from 'node:path';
import { DomainError } from '../base/error.ts';
import { planExecProcess } from '../container/plan/plan-exec.ts';
import type { CapabilitySets, Process, Spec } from '../container/spec.ts';
import type { Call } from './call.ts';
import { socketPath, writePidFile } from './create.ts';
import { checkTerminal, preservedCount } from './descriptors.ts';
import { openAlive } from './process.ts';
import { readProcess } from './read-spec.ts';
import type { OciRecord } from './record.ts';

/** `exec ID PROGRAM…` or `exec --process FILE ID`: a further program in a running container. */
export async function exec(call: Call): Promise<void> {
  const { flags } = call.line;
  const { record, status } = call.container();
  if (status === 'stopped') throw new DomainError('conflict', 'cannot exec in a stopped container');
  if (status === 'paused' && !flags.on('ignore-paused')) {
    throw new DomainError(
      'conflict',
      'cannot exec in a paused container (use --ignore-paused to override)',
    );
  }
  if (status === 'creating') throw new DomainError('conflict', 'container is being created');
  const spec = call.records.spec(record.id);
  const process = processOf(call, spec);
  const detached = flags.on('detach');
  checkTerminal(call, process.terminal === true, detached);
  const pid = await launch(call, { record, spec, process });
  writePidFile(call, pid);
  if (detached) call.client.exit(0);
  else call.client.foreground([]);
}

interface Executing {
  readonly record: OciRecord;
  readonly spec: Spec;
  readonly process: Process;
}

async function launch(call: Call, { record, spec, process }: Executing): Promise<number> {
  const { seccomp } = spec.linux ?? {};
  const { hierarchy } = call.context;
  const preserved = preservedCount(call);
  const operations = planExecProcess(spec, process, {
    capabilities: call.request.capabilities,
    preserved,
    noNewKeyring: record.noNewKeyring === true,
    subject: { id: record.id, bundle: record.bundle, spec },
    ...(seccomp === undefined ? {} : { seccomp: await call.context.compileSeccomp(seccomp) }),
  });
  using target = openAlive(record.pid, record.startTime);
  const { pid } = await call.client.launch({
    operations,
    cloneFlags: 0,
    cgroup: `${hierarchy.mountPoint}${cgroupOf(call, record)}`,
    relay: false,
    join: true,
    preserved,
    console: socketPath(call, 'console-socket'),
    pidfdSocket: socketPath(call, 'pidfd-socket'),
    adopt: false,
    fds: [target.fd],
  });
  return pid;
}

/** `--cgroup SUB`, below the container's; runc's `CONTROLLER:SUB` is of version 1. */
function cgroupOf(call: Call, record: OciRecord): string {
  const sub = call.line.flags.text('cgroup') ?? '';
  if (sub === '') return record.cgroupPath;
  if (sub.includes(':')) throw new DomainError('unsupported', `Controllers in --cgroup "${sub}"`);
  using cgroup = call.context.hierarchy.open(`${record.cgroupPath}/${sub}`);
  return cgroup.path;
}

function processOf(call: Call, spec: Spec): Process {
  const { flags, args } = call.line;
  const path = flags.text('process') ?? '';
  if (path !== '') return readProcess(resolve(call.request.cwd, path));
  if (spec.process === undefined) throw new DomainError('invalid', 'The spec has no process');
  const program = args.slice(1);
  if (program.length === 0) throw new DomainError('invalid', 'process args cannot be empty');
  const { process } = spec;
  const noNewPrivileges = flags.on('no-new-privs') || process.noNewPrivileges === true;
  return {
    ...process,
    args: program,
    terminal: flags.on('tty'),
    env: [...(process.env ?? []), ...flags.list('env')],
    cwd: flags.text('cwd') ?? process.cwd,
    user: userOf(call, process),
    noNewPrivileges,
    ...capabilitiesOf(process.capabilities, flags.list('cap')),
    ...labelsOf(call),
  };
}

/** `--user UID[:GID]`: numbers alone, for a runtime reads nobody's passwd. */
function userOf(call: Call, process: Process): Process['user'] {
  const { flags } = call.line;
  const text = flags.text('user');
  const additional = flags.list('additional-gids').map(numberOf);
  if (text === undefined && additional.length === 0) return process.user;
  const [uid, gid] = (text ?? `${process.user.uid}:${process.user.gid}`).split(':');
  return {
    ...process.user,
    uid: numberOf(uid ?? ''),
    gid: gid === undefined ? process.user.gid : numberOf(gid),
    ...(additional.length > 0 ? { additionalGids: additional } : {}),
  };
}

function numberOf(text: string): number {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text);
  throw new DomainError('invalid', `"${text}" is no number of a user or group`);
}

/** Added to all sets but the ambient one, unless they can be inherited (CVE-2022-29162). */
function capabilitiesOf(
  sets: CapabilitySets | undefined,
  added: readonly string[],
): { readonly capabilities?: CapabilitySets } {
  if (added.length === 0) return {};
  const inheritable = new Set(sets?.inheritable ?? []);
  return {
    capabilities: {
      ...sets,
      bounding: [...(sets?.bounding ?? []), ...added],
      effective: [...(sets?.effective ?? []), ...added],
      permitted: [...(sets?.permitted ?? []), ...added],
      ambient: [
        ...(sets?.ambient ?? []),
        ...added.filter((capability) => inheritable.has(capability)),
      ],
    },
  };
}

function labelsOf(call: Call): Partial<Process> {
  const apparmorProfile = call.line.flags.text('apparmor') ?? '';
  const selinuxLabel = call.line.flags.text('process-label') ?? '';
  return {
    ...(apparmorProfile === '' ? {} : { apparmorProfile }),
    ...(selinuxLabel === '' ? {} : { selinuxLabel }),
  };
}

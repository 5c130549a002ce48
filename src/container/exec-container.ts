import { randomBytes } from 'node:crypto';
import { DomainError, hasCode, messageOf } from '../base/error.ts';
import { encodePlan } from '../kernel/operation.ts';
import type { Launch } from '../kernel/launch.ts';
import type { ProcessExit } from '../kernel/supervised-process.ts';
import type { Supervisor } from '../kernel/supervisor.ts';
import { bundleOf } from './bundle.ts';
import type { ExecRequest, Session } from './container-engine.ts';
import type { Container } from './container.ts';
import type { EngineContext } from './engine-context.ts';
import { endExec } from './end-exec.ts';
import { foreignError, forgetForeignExec, launchForeignExec } from './foreign-runtime.ts';
import { execProcess, planExec } from './plan/plan-exec.ts';
import { sessionOf } from './session.ts';
import type { User } from './spec.ts';
import { userInContainer } from './user.ts';

/** Unlike another runtime's on this machine, or an earlier one's, whose execs may still run. */
const origin = randomBytes(4).toString('hex');
let count = 0;

/** Starts a program in a running container; its streams come here without another hand. */
export async function execContainer(
  context: EngineContext,
  container: Container,
  request: ExecRequest,
): Promise<Session> {
  const { id, podId } = container.request;
  if (container.phase !== 'running') {
    throw new DomainError('conflict', `Container "${id}" is not running`);
  }
  const shim = await context.shims.find(podId);
  if (shim === undefined) throw new DomainError('unavailable', `Pod "${podId}" has no shim`);
  const name = `exec-${origin}-${++count}`;
  const launch = await launchOf(context, container, { name, request });
  shim.hold();
  const exited = context.execs.expect(id, name).finally(() => shim.release());
  try {
    const { fds, pid } = await shim.launch(launch);
    return session({ context, container, shim }, { name, pid, fds, exited }, request);
  } catch (error) {
    context.execs.forget(id, name);
    if (container.request.runtime !== undefined) throw foreignError(context, container, error);
    if (hasCode(error, 'ESRCH')) {
      throw new DomainError('conflict', `Container "${id}" is not running`, { cause: error });
    }
    const text = `Cannot execute "${request.args[0]}" in container "${id}": ${messageOf(error)}`;
    throw new DomainError(hasCode(error, 'ENOENT') ? 'notFound' : 'invalid', text, {
      cause: error,
    });
  } finally {
    if (container.request.runtime !== undefined) forgetForeignExec(context, container, name);
  }
}

async function launchOf(
  context: EngineContext,
  container: Container,
  { name, request }: { name: string; request: ExecRequest },
): Promise<Launch> {
  const { spec, id, cgroupPath, runtime } = container.request;
  if (runtime !== undefined) {
    const process = execProcess(spec, request, execUser(container, request));
    return launchForeignExec(context, container, { name, process, input: request.stdin });
  }
  const filter = spec.linux?.seccomp;
  const seccomp = filter === undefined ? undefined : await context.compileSeccomp(filter);
  const operations = planExec(spec, request, {
    capabilities: context.capabilities,
    user: execUser(container, request),
    subject: { id, spec, bundle: bundleOf(context.store, container.request) },
    ...(seccomp === undefined ? {} : { seccomp }),
  });
  return {
    container: id,
    name,
    cloneFlags: 0,
    cgroup: `${context.hierarchy.mountPoint}${cgroupPath}`,
    group: true,
    folder: '',
    log: '',
    stdio: 'pass',
    input: request.stdin && !request.terminal,
    terminal: request.terminal,
    relay: false,
    join: true,
    plan: encodePlan(operations),
    fds: [],
  };
}

/** Without a user, the container's own; with one, as the container's files name it. */
function execUser(container: Container, request: ExecRequest): User {
  const own = container.request.spec.process?.user ?? { uid: 0, gid: 0 };
  if (request.user === undefined || request.user === '') return own;
  return { ...userInContainer(container.record.pid, request.user), umask: own.umask ?? 0o022 };
}

interface Place {
  readonly context: EngineContext;
  readonly container: Container;
  readonly shim: Supervisor;
}

interface Started {
  readonly name: string;
  readonly pid: number;
  readonly fds: readonly number[];
  readonly exited: Promise<ProcessExit | undefined>;
}

function session(place: Place, { name, pid, fds, exited }: Started, request: ExecRequest): Session {
  const { container, shim, context } = place;
  let running = true;
  const code = exited.then((exit) => {
    running = false;
    return exit?.exitCode ?? 137;
  });
  return sessionOf(fds, {
    terminal: request.terminal,
    input: request.stdin,
    exited: code,
    resize: ({ rows, columns }) => shim.resize({ container: container.id, name }, rows, columns),
    close: async (ended) => {
      if (running || !ended) await endExec(context, container, { name, pid, running });
    },
  });
}

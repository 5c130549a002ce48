import { DomainError } from '../../base/error.ts';
import { SpanRecorder } from '../../base/span.ts';
import type { ExecRequest, Session } from '../../container/container-engine.ts';
import { removeContainer, startContainer, statusOfContainer } from './container-life.ts';
import { configOf, type ContainerRecord, optionsOf } from './container-record.ts';
import { specOf } from './cri-containers.ts';
import type {
  AttachSession,
  Containers,
  CreateRequest,
  ExecSession,
  SessionInput,
  SessionOutput,
} from '../generated/keelson.ts';
import type { Call, Handlers } from '../grpc/grpc-server.ts';
import { makeContainer } from './make-container.ts';
import type { Draft } from '../../grpc/message.ts';
import type { Node } from '../node.ts';
import { startFailureCode, startFailureMessage } from './start-failure.ts';
import { sessionOutput } from './session-stream.ts';
import { signalName } from '../plan/stop-signal.ts';

type Outputs = AsyncGenerator<Draft<SessionOutput>>;

/** Run, exec and attach: one exchange for input, output, window size and the exit code. */
export function sessionCalls(node: Node): Handlers<typeof Containers> {
  return {
    Run: async function* (requests, call) {
      const inputs = requests[Symbol.asyncIterator]();
      const { create } = await firstOf(inputs);
      if (create === undefined) throw new DomainError('invalid', 'Run begins with a container');
      yield* run(node, { create, inputs, call });
    },
    Exec: async function* (requests, call) {
      const inputs = requests[Symbol.asyncIterator]();
      const { exec } = await firstOf(inputs);
      if (exec === undefined) throw new DomainError('invalid', 'Exec begins with a command');
      yield* execute(node, { exec, inputs, call });
    },
    Attach: async function* (requests, call) {
      const inputs = requests[Symbol.asyncIterator]();
      const { attach } = await firstOf(inputs);
      if (attach === undefined) throw new DomainError('invalid', 'Attach begins with a container');
      yield* attachTo(node, { attach, inputs, call });
    },
  };
}

async function firstOf(inputs: AsyncIterator<SessionInput>): Promise<SessionInput> {
  const { done, value } = await inputs.next();
  if (done === true) throw new DomainError('invalid', 'The session ended before it began');
  return value;
}

interface Flow {
  readonly inputs: AsyncIterator<SessionInput>;
  readonly call: Call;
}

async function* run(node: Node, flow: Flow & { readonly create: CreateRequest }): Outputs {
  const { create, inputs, call } = flow;
  const spans = new SpanRecorder(create.options?.trace === true);
  const context = { signal: call.signal, spans };
  const { record, warnings } = await makeContainer(node, create, context);
  const removes = optionsOf(record)?.remove === true;
  node.attended.add(record.id);
  try {
    const { stdin } = configOf(record);
    const session = await spans.step('attach', () => node.engine.attach(record.id, { stdin }));
    yield { started: { id: record.id, terminal: configOf(record).tty, warnings } };
    await startOrRemove(node, { record, session, spans });
    const kill = (signal: string): Promise<void> =>
      node.engine.signal(record.id, signalName(signal));
    let exit: Draft<SessionOutput> = {};
    for await (const output of sessionOutput({ session, inputs, signal: call.signal, kill })) {
      if (output.exit_code === undefined) yield output;
      else exit = output;
    }
    if (removes && exit.exit_code !== undefined) {
      await removeContainer(node, record, { volumes: true });
    }
    yield { trace: { spans: spans.spans.map(spanMessage) } };
    yield exit;
  } catch (error) {
    // Nothing of a container that never ran is worth keeping where it was to be removed anyway.
    const program = specOf(node, record)?.process?.args[0] ?? '';
    if (removes && node.containers.has(record.id)) {
      await removeContainer(node, record, { volumes: true });
    }
    yield failureOf(error, program);
  } finally {
    node.attended.delete(record.id);
  }
}

async function startOrRemove(
  node: Node,
  parts: { record: ContainerRecord; session: Session; spans: SpanRecorder },
): Promise<void> {
  try {
    await startContainer(node, parts.record, parts.spans);
  } catch (error) {
    await parts.session.close();
    throw error;
  }
}

function spanMessage(span: SpanRecorder['spans'][number]): {
  name: string;
  start_ms: number;
  duration_ms: number;
  depth: number;
} {
  const { name, startMs, durationMs, depth } = span;
  return { name, start_ms: startMs, duration_ms: durationMs, depth };
}

async function* execute(node: Node, flow: Flow & { readonly exec: ExecSession }): Outputs {
  const { exec, inputs, call } = flow;
  const record = node.containers.find(exec.container);
  refuseUnlessRunning(node, record);
  let session: Session;
  try {
    session = await node.engine.exec(record.id, requestOf(exec));
  } catch (error) {
    yield failureOf(error, exec.args[0] ?? '');
    return;
  }
  yield { started: { id: record.id, terminal: exec.terminal } };
  if (exec.detach) {
    letRun(session);
    yield { exit_code: 0 };
    return;
  }
  // Signals go to the terminal as keys; without one the exec ends with its client.
  const kill = (): Promise<void> => session.close();
  yield* sessionOutput({ session, inputs, signal: call.signal, kill });
}

function failureOf(error: unknown, program: string): Draft<SessionOutput> {
  const message = startFailureMessage(error, program);
  return { failure: { message, exit_code: startFailureCode(error) } };
}

function requestOf(exec: ExecSession): ExecRequest {
  return {
    args: exec.args,
    terminal: exec.terminal,
    stdin: exec.stdin,
    env: exec.env,
    privileged: exec.privileged,
    ...(exec.working_dir === '' ? {} : { cwd: exec.working_dir }),
    ...(exec.user === '' ? {} : { user: exec.user }),
    ...(exec.size === undefined ? {} : { size: exec.size }),
  };
}

/** Nobody listens any more, but a program whose output is not read would block. */
function letRun(session: Session): void {
  session.stdin?.end();
  session.stdout.resume();
  session.stderr?.resume();
  session.exited.catch(() => undefined);
}

async function* attachTo(node: Node, flow: Flow & { readonly attach: AttachSession }): Outputs {
  const { attach, inputs, call } = flow;
  const record = node.containers.find(attach.container);
  refuseUnlessRunning(node, record);
  const { tty } = configOf(record);
  const session = await node.engine.attach(record.id, { stdin: attach.stdin });
  if (tty && attach.size !== undefined) await session.resize(attach.size);
  yield { started: { id: record.id, terminal: tty } };
  const kill = (signal: string): Promise<void> => node.engine.signal(record.id, signalName(signal));
  yield* sessionOutput({ session, inputs, signal: call.signal, kill });
}

function refuseUnlessRunning(node: Node, record: ContainerRecord): void {
  const { state } = statusOfContainer(node, record);
  if (state === 'running') return;
  throw new DomainError('conflict', `Container "${record.name}" is not running (${state})`);
}

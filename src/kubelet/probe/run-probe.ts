import type {
  Container,
  HTTPGetAction,
  LifecycleHandler,
  Probe,
} from '../../api/types/generated/core-v1.ts';
import { DomainError, isDomainError } from '../../base/error.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import { longestOutput, type Outcome } from './outcome.ts';
import { probeGrpc } from './probe-grpc.ts';
import { probeHttp } from './probe-http.ts';
import { probeTcp } from './probe-tcp.ts';

/** Where a container is reached. */
export interface ProbePlace {
  readonly runtime: ContainerRuntime;
  readonly container: Container;
  readonly containerId: string;
  /** The pod's address; the node's where it has none of its own. */
  readonly address: string;
}

/**
 * Tries once. Throws what is no answer: a runtime that cannot be reached says nothing.
 * `isUnhurried` for who is known to be well: nobody waits for the answer.
 */
export async function runProbe(
  place: ProbePlace,
  probe: Probe,
  isUnhurried = false,
): Promise<Outcome> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.exec !== undefined) return probeExec(place, probe.exec.command ?? [], timeoutMs);
  if (probe.httpGet !== undefined) {
    return probeHttp({ ...httpTarget(place, probe.httpGet), isUnhurried }, timeoutMs);
  }
  if (probe.tcpSocket !== undefined) {
    const { host = '', port } = probe.tcpSocket;
    const address = host === '' ? place.address : host;
    return probeTcp(address, portOf(place.container, port), timeoutMs);
  }
  if (probe.grpc !== undefined) {
    const { port, service = '' } = probe.grpc;
    return probeGrpc({ host: place.address, port, service }, timeoutMs);
  }
  throw new DomainError('invalid', 'a probe without a handler');
}

/** A hook's handler, which knows no gRPC but may sleep. Throws the words of its failure. */
export async function runHook(
  place: ProbePlace,
  handler: LifecycleHandler,
  timeoutMs: number,
): Promise<void> {
  const { sleep, exec, httpGet, tcpSocket } = handler;
  if (sleep !== undefined) {
    await new Promise((resolve) => {
      setTimeout(resolve, Math.min(sleep.seconds * 1000, timeoutMs));
    });
    return;
  }
  const outcome = await hookOutcome(place, { exec, httpGet, tcpSocket }, timeoutMs);
  if (!outcome.ok) throw new DomainError('unavailable', outcome.output);
}

function hookOutcome(
  place: ProbePlace,
  { exec, httpGet, tcpSocket }: LifecycleHandler,
  timeoutMs: number,
): Promise<Outcome> | Outcome {
  if (exec !== undefined) return probeExec(place, exec.command ?? [], timeoutMs);
  if (httpGet !== undefined) return probeHttp(httpTarget(place, httpGet), timeoutMs);
  if (tcpSocket !== undefined) {
    const { host = '', port } = tcpSocket;
    const address = host === '' ? place.address : host;
    return probeTcp(address, portOf(place.container, port), timeoutMs);
  }
  return { ok: false, output: 'invalid handler' };
}

async function probeExec(
  { runtime, containerId }: ProbePlace,
  command: readonly string[],
  timeoutMs: number,
): Promise<Outcome> {
  const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
  try {
    const answer = await runtime.execSync(containerId, command, seconds);
    const output = Buffer.concat([answer.stdout, answer.stderr]).toString('utf8');
    return { ok: answer.exit_code === 0, output: output.slice(0, longestOutput) };
  } catch (error) {
    if (!isDomainError(error, 'timeout')) throw error;
    const text = `command timed out: "${command.join(' ')}" timed out after ${seconds}s`;
    return { ok: false, output: text };
  }
}

function httpTarget(place: ProbePlace, action: HTTPGetAction) {
  const { path = '/', scheme = 'HTTP', host = '', httpHeaders = [] } = action;
  const headers = httpHeaders.map(({ name, value }) => [name, value] as const);
  return {
    scheme: scheme === 'HTTPS' ? ('HTTPS' as const) : ('HTTP' as const),
    host: host === '' ? place.address : host,
    port: portOf(place.container, action.port),
    path: path.startsWith('/') ? path : `/${path}`,
    headers,
  };
}

/** A number, or the name of one of the container's ports. */
function portOf(container: Container, port: number | string): number {
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const number = named ?? Number(port);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  throw new DomainError('invalid', `couldn't find port: ${JSON.stringify(port)}`);
}

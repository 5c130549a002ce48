import type { Duplex } from 'node:stream';
import { DomainError, messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { dialPod } from '../../sandbox/dial-pod.ts';
import { acceptCommand } from '../../stream/accept-command.ts';
import { acceptForward } from '../../stream/accept-forward.ts';
import type { CommandRequest } from '../../stream/command-streams.ts';
import type { Upgrade } from '../../stream/upgrade.ts';
import type { Session, TerminalSize } from '../../container/container-engine.ts';
import { statusOfContainer } from '../container/container-life.ts';
import { configOf, type ContainerRecord } from '../container/container-record.ts';
import type { RuntimeService } from '../generated/runtime.ts';
import type { Handlers } from '../grpc/grpc-server.ts';
import type { Node } from '../node.ts';
import { carry, type Carried } from './carry.ts';

/** The CRI's streaming calls: each answers with a URL that connects one client. */
export function streamingHandlers(node: Node): Handlers<typeof RuntimeService> {
  return {
    Exec: async ({ container_id, cmd, tty, stdin, stdout, stderr }) => {
      const request = commandRequest({ tty, stdin, stdout, stderr });
      const record = running(node, container_id);
      const start = (size?: TerminalSize): Promise<Session> => {
        const sized = size === undefined ? {} : { size };
        return node.engine.exec(record.id, { args: cmd, terminal: tty, stdin, ...sized });
      };
      const work = (upgrade: Upgrade): Promise<void> =>
        command(upgrade, { request, start, terminal: tty, untilExit: true });
      return { url: node.streaming.offer('exec', work) };
    },
    Attach: async ({ container_id, tty, stdin, stdout, stderr }) => {
      const request = commandRequest({ tty, stdin, stdout, stderr });
      const record = running(node, container_id);
      const start = (): Promise<Session> => node.engine.attach(record.id, { stdin });
      const terminal = configOf(record).tty;
      const work = (upgrade: Upgrade): Promise<void> =>
        command(upgrade, { request, start, terminal, untilExit: false });
      return { url: node.streaming.offer('attach', work) };
    },
    PortForward: async ({ pod_sandbox_id, port }) => {
      const { id } = node.pods.find(pod_sandbox_id);
      if (port.length > limits.forwardPorts) {
        throw new DomainError('invalid', `${port.length} ports (${limits.forwardPorts} allowed)`);
      }
      const wrong = port.find((each) => each < 1 || each > 65_535);
      if (wrong !== undefined) throw new DomainError('invalid', `Port ${wrong} is none`);
      if (node.sandboxes.status(id).state !== 'ready') {
        throw new DomainError('conflict', `Pod "${pod_sandbox_id}" is not ready`);
      }
      const dial = (each: number): Promise<Duplex> => dialFor(node, id, each);
      const work = (upgrade: Upgrade): Promise<void> =>
        acceptForward(upgrade, { ports: port, dial });
      return { url: node.streaming.offer('portforward', work) };
    },
  };
}

interface Asked {
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

function commandRequest({ tty, stdin, stdout, stderr }: Asked): CommandRequest {
  if (tty && stderr) throw new DomainError('invalid', 'tty and stderr cannot both be true');
  if (!stdin && !stdout && !stderr) {
    throw new DomainError('invalid', 'One of stdin, stdout and stderr must be set');
  }
  return { stdin, stdout, stderr, terminal: tty };
}

function running(node: Node, id: string): ContainerRecord {
  const record = node.containers.find(id);
  const { state } = statusOfContainer(node, record);
  if (state === 'running') return record;
  throw new DomainError('conflict', `Container "${record.id}" is not running (${state})`);
}

interface Command {
  readonly request: CommandRequest;
  readonly terminal: boolean;
  readonly untilExit: boolean;
  readonly start: Carried['start'];
}

async function command(upgrade: Upgrade, parts: Command): Promise<void> {
  const { request, ...how } = parts;
  const streams = await acceptCommand(upgrade, request);
  if (streams !== undefined) await carry({ ...how, streams });
}

/** In the words of kubelets and CRI runtimes, which clients look for. */
async function dialFor(node: Node, podId: string, port: number): Promise<Duplex> {
  try {
    return await dialPod(node.sandboxes.status(podId), port);
  } catch (cause) {
    const text = `error forwarding port ${port} to pod ${podId}, uid : ${messageOf(cause)}`;
    throw new DomainError('unavailable', text);
  }
}

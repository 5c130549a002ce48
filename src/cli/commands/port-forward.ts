import type { Command } from 'commander';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { DomainError, isDomainError, messageOf } from '../../base/error.ts';
import { Containers } from '../../cri/generated/keelson.ts';
import { RuntimeService } from '../../cri/generated/runtime.ts';
import { dialSpdy } from '../../stream/dial-spdy.ts';
import { openForward } from '../../stream/forward-client.ts';
import { forwardProtocol } from '../../stream/protocol.ts';
import type { SpdyConnection } from '../../stream/spdy/connection.ts';
import type { Cli } from '../cli.ts';

interface Flags {
  readonly address: string;
}

interface Mapping {
  /** 0: any that is free. */
  readonly local: number;
  readonly remote: number;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('--address <address>', 'where to listen', '127.0.0.1')
    .argument('<container>', 'a container or a pod, whose loopback is reached')
    .argument('<port...>', '[LOCAL:]REMOTE; with nothing before the colon, any local port')
    .action(async (name: string, ports: readonly string[], { address }: Flags) => {
      const mappings = ports.map((text) => parseMapping(text));
      const { url } = await cli.client.call(RuntimeService.PortForward, {
        pod_sandbox_id: await podOf(cli, name),
      });
      const { connection } = await dialSpdy({ url, protocols: [forwardProtocol] });
      for (const mapping of mappings) await listen(cli, connection, { ...mapping, address });
      await ended(connection);
    });
}

function parseMapping(text: string): Mapping {
  const match = /^(?:(\d{0,5}):)?(\d{1,5})$/.exec(text);
  const remote = Number(match?.[2]);
  const local = match?.[1] === undefined ? remote : Number(match[1]);
  if (match !== null && remote > 0 && remote < 65_536 && local < 65_536) return { local, remote };
  throw new DomainError('invalid', `"${text}" is not [LOCAL:]REMOTE, such as 8080:80`);
}

/** A container's pod; what is no container may be a pod itself. */
async function podOf(cli: Cli, name: string): Promise<string> {
  try {
    const { json } = await cli.client.call(Containers.Inspect, { container: name });
    const document: unknown = JSON.parse(Buffer.from(json).toString());
    return (document as { readonly Pod: string }).Pod;
  } catch (error) {
    if (isDomainError(error, 'notFound')) return name;
    throw error;
  }
}

async function listen(
  cli: Cli,
  connection: SpdyConnection,
  { address, local, remote }: Mapping & Flags,
): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    carry(socket, connection, remote).catch(async (error: unknown) => {
      socket.destroy();
      await cli.printError(`keelson: port ${remote}: ${messageOf(error)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(local, address, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const place = address.includes(':') ? `[${address}]` : address;
  await cli.print(`Forwarding from ${place}:${port} -> ${remote}\n`);
}

async function carry(socket: Socket, connection: SpdyConnection, port: number): Promise<void> {
  socket.on('error', () => undefined);
  const { data, failure } = await openForward(connection, port);
  await Promise.allSettled([pipeline(socket, data), pipeline(data, socket)]);
  socket.destroy();
  data.destroy();
  const said = await failure;
  if (said !== '') throw new DomainError('unavailable', said);
}

/** Until a signal, or until the runtime or the pod is gone, which is a failure. */
async function ended(connection: SpdyConnection): Promise<void> {
  const stop = Promise.withResolvers<'stopped'>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stop.resolve('stopped'));
  }
  if ((await Promise.race([stop.promise, connection.closed])) === 'stopped') process.exit(0);
  throw new DomainError('unavailable', 'The connection to the pod is lost');
}

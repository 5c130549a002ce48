import type { Duplex } from 'node:stream';
import { limits } from '../base/limits.ts';
import { type CommandRequest, type CommandStreams, commandStreamsOf } from './command-streams.ts';
import { socketCommandProtocols } from './protocol.ts';
import { agree, type Upgrade } from './upgrade.ts';
import { acceptWebSocket } from './websocket/accept.ts';
import { ChannelSocket } from './websocket/channel-socket.ts';

/** The channels' numbers. */
export const channelNumber = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

/** A channel for each of stdin, stdout, stderr, error and resize. */
export async function acceptSocketCommand(
  upgrade: Upgrade,
  request: CommandRequest,
): Promise<CommandStreams | undefined> {
  const protocol = agree(upgrade, socketCommandProtocols);
  if (protocol === undefined) return undefined;
  const accepted = await acceptWebSocket(upgrade, protocol.name);
  const socket = new ChannelSocket(accepted, upgrade.socket, {
    encoding: protocol.encoding,
    channels: 5,
    endSignals: protocol.version >= 5,
  });
  const [stdin, stdout, stderr] = (['stdin', 'stdout', 'stderr'] as const).map((name) =>
    request[name] ? socket.channel(channelNumber[name]) : undefined,
  );
  const error = socket.channel(channelNumber.error);
  const resize = request.terminal ? socket.channel(channelNumber.resize) : undefined;
  // What a client sends against the direction, or unasked, is dropped.
  for (const number of Object.values(channelNumber)) {
    const channel = socket.channel(number);
    if (channel !== stdin && channel !== resize) channel.resume();
  }
  // kubectl drops what comes before it has made its channels, and makes them when it is let in.
  if (protocol.version >= 5) hold(upgrade.socket);
  socket.greet(lowestOutput(request));
  const { version } = protocol;
  return commandStreamsOf({ stdin, stdout, stderr, error, resize, version, connection: socket });
}

/** Nothing is sent for a moment; then all that was written. */
function hold(socket: Duplex): void {
  socket.cork();
  setTimeout(() => socket.uncork(), limits.streamGreetMs).unref();
}

function lowestOutput({ stdout, stderr }: CommandRequest): number {
  if (stdout) return channelNumber.stdout;
  return stderr ? channelNumber.stderr : channelNumber.error;
}

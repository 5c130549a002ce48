import {
  abortedBy,
  type CommandRequest,
  type CommandStreams,
  ended,
  noSizes,
} from './command-streams.ts';
import { negotiate, socketCommandProtocols } from './protocol.ts';
import { resultText } from './status.ts';
import { askedProtocols, refuseProtocols, type Upgrade } from './upgrade.ts';
import { acceptWebSocket } from './websocket/accept.ts';
import { ChannelSocket } from './websocket/channel-socket.ts';
import { windowSizes } from './window-size.ts';

/** The channels' numbers. */
export const channelNumber = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

/** A channel for each of stdin, stdout, stderr, error and resize. */
export async function acceptSocketCommand(
  upgrade: Upgrade,
  request: CommandRequest,
): Promise<CommandStreams | undefined> {
  const protocol = negotiate(askedProtocols(upgrade), socketCommandProtocols);
  if (protocol === undefined) {
    refuseProtocols(upgrade, socketCommandProtocols);
    return undefined;
  }
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
  socket.greet(lowestOutput(request));
  return {
    stdin,
    stdout,
    stderr,
    sizes: resize === undefined ? noSizes() : windowSizes(resize),
    gone: abortedBy(socket.closed),
    finish: async (result) => {
      await Promise.all([ended(stdout), ended(stderr)]);
      await ended(error, resultText(result, protocol.version));
      await socket.close();
    },
  };
}

function lowestOutput({ stdout, stderr }: CommandRequest): number {
  if (stdout) return channelNumber.stdout;
  return stderr ? channelNumber.stderr : channelNumber.error;
}

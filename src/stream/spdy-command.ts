import { limits } from '../base/limits.ts';
import { type CommandRequest, type CommandStreams, commandStreamsOf } from './command-streams.ts';
import { spdyCommandProtocols } from './protocol.ts';
import { SpdyConnection } from './spdy/connection.ts';
import type { SpdyStream } from './spdy/stream.ts';
import { agree, switchToSpdy, type Upgrade } from './upgrade.ts';

/** A stream for each of stdin, stdout, stderr, error and resize, all opened by the client. */
export async function acceptSpdyCommand(
  upgrade: Upgrade,
  request: CommandRequest,
): Promise<CommandStreams | undefined> {
  const protocol = agree(upgrade, spdyCommandProtocols);
  if (protocol === undefined) return undefined;
  switchToSpdy(upgrade, protocol.name);
  const { connection, streams } = await gather(upgrade, namesOf(request, protocol.version));
  if (streams === undefined) return undefined;
  const [stdin, stdout, stderr] = ['stdin', 'stdout', 'stderr'].map((name) => streams.get(name));
  const [error, resize] = [streams.get('error'), streams.get('resize')];
  // What a client sends against the direction is dropped, or it would hold back the rest.
  for (const stream of [stdout, stderr, error]) stream?.resume();
  const { version } = protocol;
  return commandStreamsOf({ stdin, stdout, stderr, error, resize, version, connection });
}

function namesOf(request: CommandRequest, version: number): Set<string> {
  const { stdin, stdout, stderr, terminal } = request;
  const wanted = { error: true, stdin, stdout, stderr, resize: terminal && version >= 3 };
  return new Set(Object.entries(wanted).flatMap(([name, is]) => (is ? [name] : [])));
}

interface Gathered {
  readonly connection: SpdyConnection;
  /** Undefined when the client did not open all of them in time. */
  readonly streams: ReadonlyMap<string, SpdyStream> | undefined;
}

async function gather({ socket }: Upgrade, wanted: ReadonlySet<string>): Promise<Gathered> {
  const streams = new Map<string, SpdyStream>();
  const { promise: complete, resolve } = Promise.withResolvers<void>();
  const connection = new SpdyConnection(socket, {
    side: 'server',
    onStream: (stream) => {
      const name = stream.headers.get('streamtype') ?? '';
      if (!wanted.has(name) || streams.has(name)) return false;
      streams.set(name, stream);
      if (streams.size === wanted.size) resolve();
      return true;
    },
  });
  const late = setTimeout(() => connection.destroy(), limits.streamCreateMs);
  await Promise.race([complete, connection.closed]);
  clearTimeout(late);
  return { connection, streams: streams.size === wanted.size ? streams : undefined };
}

import type { Duplex } from 'node:stream';
import { createWebSocketStream } from 'ws';
import { forwardProtocol, negotiate, socketForwardProtocols, tunnelProtocol } from './protocol.ts';
import { type Dial, forwardChannels } from './forward-channels.ts';
import { forwardStreams } from './forward-streams.ts';
import {
  askedProtocols,
  agree,
  refuseProtocols,
  refuseUpgrade,
  switchToSpdy,
  type Upgrade,
  upgradeKind,
} from './upgrade.ts';
import { acceptWebSocket } from './websocket/accept.ts';

export interface ForwardRequest {
  /** What a client that names no ports itself (WebSocket channels) may reach. */
  readonly ports: readonly number[];
  readonly dial: Dial;
}

/**
 * Answers a client that wants to reach ports, by SPDY/3.1, by the same through a WebSocket, or by
 * channels of a WebSocket. Resolves when the client is gone, or has been refused.
 */
export async function acceptForward(upgrade: Upgrade, request: ForwardRequest): Promise<void> {
  switch (upgradeKind(upgrade)) {
    case 'spdy':
      return acceptSpdy(upgrade, request);
    case 'websocket':
      return acceptSocket(upgrade, request);
    default:
      refuseUpgrade(upgrade, { code: 400, message: 'unable to upgrade: SPDY/3.1 or websocket' });
  }
}

async function acceptSpdy(upgrade: Upgrade, { dial }: ForwardRequest): Promise<void> {
  const offered = [{ name: forwardProtocol }, { name: '' }];
  const protocol = agree(upgrade, offered);
  if (protocol === undefined) return;
  switchToSpdy(upgrade, protocol.name);
  await forwardStreams(upgrade.socket, dial);
}

async function acceptSocket(upgrade: Upgrade, { ports, dial }: ForwardRequest): Promise<void> {
  const asked = askedProtocols(upgrade);
  if (asked.includes(tunnelProtocol)) {
    const socket = await acceptWebSocket(upgrade, tunnelProtocol);
    const tunnel: Duplex = createWebSocketStream(socket);
    // A paused WebSocket keeps its `close` to itself.
    upgrade.socket.once('close', () => tunnel.destroy());
    return forwardStreams(tunnel, dial);
  }
  const protocol = negotiate(asked, socketForwardProtocols);
  if (protocol === undefined) {
    return refuseProtocols(upgrade, [{ name: tunnelProtocol }, ...socketForwardProtocols]);
  }
  if (ports.length === 0) {
    return refuseUpgrade(upgrade, { code: 400, message: 'Must specify at least one port' });
  }
  const socket = await acceptWebSocket(upgrade, protocol.name);
  const { encoding } = protocol;
  await forwardChannels({ socket, transport: upgrade.socket, encoding, ports }, dial);
}

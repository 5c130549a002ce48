import type { CommandRequest, CommandStreams } from './command-streams.ts';
import { acceptSocketCommand } from './socket-command.ts';
import { acceptSpdyCommand } from './spdy-command.ts';
import { refuseUpgrade, type Upgrade, upgradeKind } from './upgrade.ts';

/**
 * Answers a client that wants to be connected to a command, by SPDY/3.1 or WebSocket. Undefined
 * when it cannot be, or went away; it has been told and its connection is over.
 */
export async function acceptCommand(
  upgrade: Upgrade,
  request: CommandRequest,
): Promise<CommandStreams | undefined> {
  switch (upgradeKind(upgrade)) {
    case 'spdy':
      return acceptSpdyCommand(upgrade, request);
    case 'websocket':
      return acceptSocketCommand(upgrade, request);
    default:
      refuseUpgrade(upgrade, { code: 400, message: 'unable to upgrade: SPDY/3.1 or websocket' });
      return undefined;
  }
}

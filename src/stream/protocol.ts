/**
 * The versions of Kubernetes' remote commands. 1 knows no half-close and 1 to 3 say how a program
 * ended in words; 3 brought the terminal's size, 4 the exit code, 5 half-close over WebSocket.
 */
export interface CommandProtocol {
  readonly name: string;
  readonly version: 1 | 2 | 3 | 4 | 5;
  /** Over WebSocket; base64 is for clients that cannot send bytes. */
  readonly encoding: 'binary' | 'base64';
}

const commands = (names: readonly [string, CommandProtocol['version']][]): CommandProtocol[] =>
  names.map(([name, version]) => ({
    name,
    version,
    encoding: name.includes('base64') ? 'base64' : 'binary',
  }));

export const spdyCommandProtocols = commands([
  ['v4.channel.k8s.io', 4],
  ['v3.channel.k8s.io', 3],
  ['v2.channel.k8s.io', 2],
  ['channel.k8s.io', 1],
  // A client older than negotiation.
  ['', 1],
]);

export const socketCommandProtocols = commands([
  ['v5.channel.k8s.io', 5],
  ['v4.channel.k8s.io', 4],
  ['v4.base64.channel.k8s.io', 4],
  ['channel.k8s.io', 1],
  ['base64.channel.k8s.io', 1],
  ['', 1],
]);

/** Port-forward: streams of SPDY, alone or through a WebSocket, or channels of a WebSocket. */
export const forwardProtocol = 'portforward.k8s.io';
export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
export const socketForwardProtocols = commands([
  ['v4.channel.k8s.io', 4],
  ['v4.base64.channel.k8s.io', 4],
  ['', 4],
]);

/** The first that the client names and we have; one without a name when it names none. */
export function negotiate<Protocol extends { readonly name: string }>(
  asked: readonly string[],
  offered: readonly Protocol[],
): Protocol | undefined {
  for (const name of asked.length === 0 ? [''] : asked) {
    const found = offered.find((protocol) => protocol.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

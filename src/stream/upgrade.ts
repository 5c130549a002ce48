import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { negotiate } from './protocol.ts';

/** A request that asks for another protocol on its connection, which it brings along. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came after the request. */
  readonly head: Buffer;
}

const protocolHeader = 'x-stream-protocol-version';

/** What the client asks to be switched to. */
export function upgradeKind({ request }: Upgrade): 'spdy' | 'websocket' | undefined {
  const words = wordsOf(request, 'upgrade').map((word) => word.toLowerCase());
  if (words.includes('websocket')) return 'websocket';
  return words.includes('spdy/3.1') ? 'spdy' : undefined;
}

/** The stream protocols that the client can speak, its dearest first. */
export function askedProtocols({ request }: Upgrade): string[] {
  const kind = request.headers['sec-websocket-key'] === undefined ? protocolHeader : socketHeader;
  return wordsOf(request, kind);
}

const socketHeader = 'sec-websocket-protocol';

function wordsOf(request: IncomingMessage, header: string): string[] {
  return (request.headersDistinct[header] ?? [])
    .flatMap((value) => value.split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** Answers 101; from here on the connection speaks SPDY. */
export function switchToSpdy({ socket, head }: Upgrade, protocol: string): void {
  const chosen = protocol === '' ? [] : [`X-Stream-Protocol-Version: ${protocol}`];
  writeHead(socket, 101, ['Connection: Upgrade', 'Upgrade: SPDY/3.1', ...chosen]);
  if (head.length > 0) socket.unshift(head);
}

export interface Refusal {
  readonly code: number;
  readonly message: string;
  readonly headers?: readonly string[];
}

/** Answers with an error, and ends the connection. */
export function refuseUpgrade({ socket }: Upgrade, { code, message, headers = [] }: Refusal): void {
  const body = Buffer.from(`${message}\n`);
  writeHead(socket, code, [
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    'X-Content-Type-Options: nosniff',
    `Content-Length: ${body.length}`,
    ...headers,
  ]);
  socket.on('error', () => undefined);
  socket.end(body);
}

/** The protocol that both sides speak; undefined when there is none: the client has been told. */
export function agree<Protocol extends { readonly name: string }>(
  upgrade: Upgrade,
  offered: readonly Protocol[],
): Protocol | undefined {
  const protocol = negotiate(askedProtocols(upgrade), offered);
  if (protocol === undefined) refuseProtocols(upgrade, offered);
  return protocol;
}

/** 403, as kubelets answer it, with what we could have spoken. */
export function refuseProtocols(upgrade: Upgrade, offered: readonly { name: string }[]): void {
  const names = offered.map(({ name }) => name).filter((name) => name !== '');
  const asked = askedProtocols(upgrade).map((name) => JSON.stringify(name));
  refuseUpgrade(upgrade, {
    code: 403,
    message: `unable to upgrade: the client speaks ${asked.join(', ')}, not ${names.join(', ')}`,
    headers: [`X-Accepted-Stream-Protocol-Versions: ${names.join(', ')}`],
  });
}

function writeHead(socket: Duplex, code: number, headers: readonly string[]): void {
  const lines = [`HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}`, ...headers];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}

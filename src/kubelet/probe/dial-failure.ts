const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ECONNRESET: 'read: connection reset by peer',
};

/** As Go's network errors read: `dial tcp 10.88.0.4:80: connect: connection refused`. */
export function dialFailure(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = words[code] ?? (error instanceof Error ? error.message : String(error));
  return `dial tcp ${bracketed(host)}:${port}: ${text}`;
}

/** As a URL has it. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

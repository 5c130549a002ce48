/** Headers that are about one connection. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Also those that only the proxy may say. */
const own: ReadonlySet<string> = new Set([
  ...hopByHop,
  'http2-settings',
  'expect',
  'host',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-scheme',
  'x-real-ip',
]);

/** Of the way a request came. */
export interface Origin {
  readonly client: string;
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  readonly port: number;
}

/**
 * What a backend is sent of a request's headers, name after value. A client cannot have one of
 * ours removed by naming it in `Connection`, nor say one by underscores, which some servers take
 * for dashes. Undefined where the request has two hosts: others would choose the other one.
 */
export function forwardHeaders(
  raw: readonly string[],
  { client, authority, scheme, port }: Origin,
): string[] | undefined {
  const named = connectionHeaders(raw);
  const headers: string[] = ['host', authority];
  const cookies: string[] = [];
  let hosts = 0;
  let hasId = false;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = raw[i + 1] ?? '';
    if (name.startsWith(':')) continue;
    if (name === 'host') hosts += 1;
    if (name === 'cookie') {
      // HTTP/2 lets a client send them one by one, of which HTTP/1.1 knows nothing.
      cookies.push(value);
      continue;
    }
    if (own.has(name.replaceAll('_', '-')) || named?.has(name) === true) continue;
    if (name === 'x-request-id') hasId = true;
    headers.push(name, value);
  }
  if (hosts > 1) return undefined;
  if (cookies.length > 0) headers.push('cookie', cookies.join('; '));
  if (!hasId) headers.push('x-request-id', requestId());
  headers.push('x-real-ip', client, 'x-forwarded-for', client, 'x-forwarded-host', authority);
  headers.push('x-forwarded-port', String(port), 'x-forwarded-proto', scheme);
  headers.push('x-forwarded-scheme', scheme, 'x-scheme', scheme);
  return headers;
}

/** What `Connection` names is for this connection alone; most say `keep-alive` or nothing. */
function connectionHeaders(raw: readonly string[]): ReadonlySet<string> | undefined {
  let named: Set<string> | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if ((raw[i] ?? '').toLowerCase() !== 'connection') continue;
    const words = (raw[i + 1] ?? '').toLowerCase().split(',');
    for (const word of words) (named ??= new Set()).add(word.trim());
  }
  // Whatever they say, what a message is long is not a matter of one connection.
  named?.delete('content-length');
  return named;
}

/** 32 hexadecimal digits, as nginx has them. */
function requestId(): string {
  return crypto.randomUUID().replaceAll('-', '');
}

/** An answer's headers for the client: names in lower case. */
export function answerHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | string[]> {
  const named = String(headers['connection'] ?? '')
    .toLowerCase()
    .split(',')
    .map((word) => word.trim());
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hopByHop.has(name) || named.includes(name)) continue;
    kept[name] = value;
  }
  return kept;
}

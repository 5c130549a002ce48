/** Of a request, what decides where it goes. */
export interface RequestTarget {
  /** In lower case, without a port. */
  readonly host: string;
  /** As the client wrote it, with its port. */
  readonly authority: string;
  /** For matching: without `.` and `..`, and with letters, digits and `-._~` as themselves. */
  readonly path: string;
  /** What the backend is sent: path and query as the client wrote them. */
  readonly text: string;
}

const hostName = /^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])$/;
const absolute = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * Undefined for what is no request of a web client: a path that is none, or leads above its root;
 * a host that is no name. What the rules were matched with and what a backend makes of the path
 * would be two things.
 */
export function readTarget(url: string, hostHeader: string): RequestTarget | undefined {
  const whole = absolute.exec(url);
  // RFC 9112 3.2.2: a request that says the host itself overrides its header.
  const authority = whole?.[1] ?? hostHeader;
  const rest = whole?.[2] ?? url;
  const text = whole !== null && !rest.startsWith('/') ? `/${rest}` : rest;
  const host = hostOf(authority);
  const path = pathOf(text);
  if (host === undefined || path === undefined) return undefined;
  return { host, authority, path, text };
}

function hostOf(authority: string): string | undefined {
  const host = authority
    .toLowerCase()
    .replace(/:\d{0,5}$/, '')
    .replace(/\.$/, '');
  return host.length <= 253 && hostName.test(host) ? host : undefined;
}

function pathOf(text: string): string | undefined {
  if (!text.startsWith('/') || text.includes('#')) return undefined;
  const end = text.indexOf('?');
  const raw = end < 0 ? text : text.slice(0, end);
  if (!/%|\/\./.test(raw)) return raw;
  if (/%(?![0-9a-f]{2})|%00/i.test(raw)) return undefined;
  const decoded = raw.replace(/%([0-9a-f]{2})/gi, (escape, code: string) => {
    const letter = String.fromCharCode(Number.parseInt(code, 16));
    return /[\w.~-]/.test(letter) ? letter : escape;
  });
  return decoded.includes('/.') ? withoutDots(decoded) : decoded;
}

/** RFC 3986 5.2.4; undefined where it leads above the root. */
function withoutDots(path: string): string | undefined {
  const kept: string[] = [];
  const parts = path.split('/').slice(1);
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (part === '..') {
      if (kept.pop() === undefined) return undefined;
      if (isLast) kept.push('');
    } else if (part === '.') {
      if (isLast) kept.push('');
    } else {
      kept.push(part);
    }
  }
  return `/${kept.join('/')}`;
}

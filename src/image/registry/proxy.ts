import { isLoopback } from './endpoint.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in capitals or not, as other
 * clients read them. This machine's own servers are never asked through one.
 */
export function proxyFor(url: URL, environment: Environment = process.env): string | undefined {
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const proxy = environment[name] || environment[name.toUpperCase()];
  if (proxy === undefined || proxy === '' || isLoopback(url.host)) return undefined;
  const excluded = environment['no_proxy'] || environment['NO_PROXY'] || '';
  if (excluded.split(/[\s,]+/).some((entry) => isExcluded(url, entry.toLowerCase()))) {
    return undefined;
  }
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

/** `*`, `host`, `host:port`, `.domain` and `*.domain`; a domain stands for all below it. */
function isExcluded(url: URL, entry: string): boolean {
  if (entry === '*') return true;
  const [, name = '', port] = /^(?:\*?\.)?(.+?)(?::([0-9]+))?$/.exec(entry) ?? [];
  if (name === '' || (port !== undefined && port !== url.port)) return false;
  return url.hostname === name || url.hostname.endsWith(`.${name}`);
}

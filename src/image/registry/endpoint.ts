import type { ImageSettings } from '../settings.ts';

/** One server that may hold a registry's content. */
export interface Endpoint {
  /** `https://mirror.example:5000`. */
  readonly origin: string;
  /** What credentials and certificates are looked up by: `mirror.example:5000`. */
  readonly host: string;
  /** Stands before the repository's name; ends with a slash unless it is empty. */
  readonly pathPrefix: string;
  readonly isMirror: boolean;
  readonly dialTimeoutMs: number;
  /** No certificate is asked for. */
  readonly skipVerify: boolean;
}

/** Docker Hub answers under another name than the one in references. */
const hubHost = 'registry-1.docker.io';

/** The servers to ask for a domain, in order; the last ones are the registry itself. */
export function endpointsOf(domain: string, settings: ImageSettings): readonly Endpoint[] {
  const mirrors = settings.registries[domain]?.mirrors ?? [];
  return [
    ...mirrors.map((mirror) => mirrorEndpoint(mirror, settings)),
    ...ownEndpoints(domain, settings),
  ];
}

function mirrorEndpoint(mirror: string, settings: ImageSettings): Endpoint {
  const url = new URL(mirror);
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  return {
    origin: url.origin,
    host: url.host,
    pathPrefix: path === '' ? '' : `${path}/`,
    isMirror: true,
    dialTimeoutMs: settings.mirrorDialTimeoutMs,
    skipVerify: settings.registries[url.host]?.skipVerify ?? false,
  };
}

/** A registry on this machine may do without a certificate, and without TLS, as in Docker. */
function ownEndpoints(domain: string, settings: ImageSettings): Endpoint[] {
  const { plainHttp, skipVerify, caFile } = settings.registries[domain] ?? {};
  const host = domain === 'docker.io' ? hubHost : domain;
  const endpoint = (scheme: 'http' | 'https', skip: boolean): Endpoint => ({
    origin: `${scheme}://${host}`,
    host,
    pathPrefix: '',
    isMirror: false,
    dialTimeoutMs: settings.dialTimeoutMs,
    skipVerify: skip,
  });
  if (plainHttp === true) return [endpoint('http', false)];
  const isInsecure = isLoopback(domain) && plainHttp === undefined && caFile === undefined;
  if (!isInsecure) return [endpoint('https', skipVerify ?? false)];
  return [endpoint('https', skipVerify ?? true), endpoint('http', false)];
}

/** `localhost`, 127.0.0.0/8 and ::1, with any port. */
export function isLoopback(domain: string): boolean {
  const host = domain.replace(/:[0-9]+$/, '').toLowerCase();
  return host === 'localhost' || host === '[::1]' || /^127(?:\.[0-9]{1,3}){3}$/.test(host);
}

import { hostname, networkInterfaces } from 'node:os';
import type { ServerAddress } from '../apiserver/publish-address.ts';
import type { ServiceRanges } from '../apiserver/service-ranges.ts';
import type { CoordinatorConfig } from './coordinator-config.ts';

/** All that clients on this machine, in its pods and elsewhere may call the server. */
export function serverNames(config: CoordinatorConfig, ranges: ServiceRanges): string[] {
  const { names, advertiseAddress } = config;
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address.split('%')[0] ?? address),
  );
  const inside = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const all = [
    'localhost',
    hostname(),
    ...inside,
    'kubernetes.default.svc.cluster.local',
    '127.0.0.1',
    '::1',
    ...ranges.apiAddresses,
    ...addresses,
    ...(advertiseAddress === '' ? [] : [advertiseAddress]),
    ...names.split(',').filter((name) => name !== ''),
  ];
  return [...new Set(all)];
}

export function addressOf({ address }: CoordinatorConfig): {
  host: string | undefined;
  port: number;
} {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  return { host: host === '' ? undefined : host, port: Number(address.slice(at + 1)) };
}

/** On all addresses is on this machine's own, too. */
export function clientUrl(url: string): string {
  const { hostname: host, port } = new URL(url);
  return host === '[::]' || host === '0.0.0.0' ? `https://127.0.0.1:${port}` : url;
}

/** Endpoints are never on the loopback: a server on that alone is published nowhere. */
export function publishedAddress(
  url: string,
  config: CoordinatorConfig,
): ServerAddress | undefined {
  const { host } = addressOf(config);
  const given = config.advertiseAddress === '' ? host : config.advertiseAddress;
  const outside = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  const isOwn = given !== undefined && !/^(127\.|::1$|0\.0\.0\.0$|::$)/.test(given);
  const address = isOwn ? given : outside;
  return address === undefined ? undefined : { address, port: Number(new URL(url).port) };
}

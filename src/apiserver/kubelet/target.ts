import { BlockList, isIP } from 'node:net';

/** Where something is passed on to. */
export interface Target {
  readonly tls: boolean;
  /** Whose kubelet it is; absent for all others, which are told nothing of who this server is. */
  readonly node?: string;
  readonly host: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
}

/** `tcp 10.0.0.1:80`, as in `dial tcp 10.0.0.1:80: connect: connection refused`. */
export function addressText({ host, port }: Pick<Target, 'host' | 'port'>): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

const own = new BlockList();
own.addSubnet('0.0.0.0', 8);
own.addSubnet('127.0.0.0', 8);
own.addSubnet('169.254.0.0', 16);
own.addSubnet('224.0.0.0', 4);
own.addAddress('255.255.255.255');
own.addAddress('::', 'ipv6');
own.addAddress('::1', 'ipv6');
own.addSubnet('fe80::', 10, 'ipv6');
own.addSubnet('ff00::', 8, 'ipv6');

/**
 * Whether a pod, node or endpoint may have this address: whoever may write a status could else
 * have the server speak with itself, or with what only its own host can reach.
 */
export function mayBePassedTo(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return false;
  return !own.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

import { DomainError } from '../../src/base/error.ts';
import type { NetworkResult, ResultRoute } from '../../src/cni/result.ts';
import { formatIp } from '../../src/netlink/ip.ts';
import { networkOf } from '../prefix.ts';
import { type DhcpMessage, messageType, option, type Options } from './message.ts';

/** What a server gave, checked: its words decide routes of the pod. Times in milliseconds. */
export interface Lease {
  readonly address: string;
  readonly prefixLength: number;
  readonly server: string;
  /** The next hop to the server. */
  readonly serverMac: string;
  readonly gateway?: string;
  readonly routes: readonly ResultRoute[];
  readonly renewAt: number;
  readonly rebindAt: number;
  readonly expireAt: number;
}

const defaultSeconds = 3600;
/** A server that wants to be asked every second is not served better than that. */
const leastSeconds = 10;
const maximumRoutes = 128;
const linkScope = 253;

/** Throws DomainError `invalid` for an answer that no interface could be configured by. */
export function leaseIn(message: DhcpMessage, serverMac: string, now: number): Lease {
  const { options, yourAddress } = message;
  if (!isHost(yourAddress)) refuse(`the address ${yourAddress}`);
  const seconds = Math.max(numberIn(options, option.leaseSeconds) ?? defaultSeconds, leastSeconds);
  const rebind = numberIn(options, option.rebindingSeconds) ?? Math.floor(seconds * 0.85);
  const renew = numberIn(options, option.renewalSeconds) ?? Math.floor(seconds / 2);
  const [gateway] = addressesIn(options, option.router);
  if (gateway !== undefined && !isHost(gateway)) refuse(`the router ${gateway}`);
  return {
    address: yourAddress,
    prefixLength: prefixLengthIn(options),
    server: addressesIn(options, option.server)[0] ?? refuse('no server'),
    serverMac,
    ...(gateway !== undefined && { gateway }),
    routes: routesIn(options, gateway),
    // Out of their order they would never, or always, be due.
    renewAt: now + Math.min(renew, rebind, seconds) * 1000,
    rebindAt: now + Math.min(Math.max(rebind, renew), seconds) * 1000,
    expireAt: now + seconds * 1000,
  };
}

/** What an ADD answers with. */
export function resultOf(lease: Lease, priority: number): NetworkResult {
  const { address, prefixLength, gateway } = lease;
  return {
    interfaces: [],
    addresses: [
      { address: `${address}/${prefixLength}`, ...(gateway !== undefined && { gateway }) },
    ],
    routes: lease.routes.map((one) => (priority === 0 ? one : { ...one, priority })),
    dns: { nameservers: [], search: [], options: [] },
  };
}

export function typeIn({ options }: DhcpMessage): number | undefined {
  return options.get(option.messageType)?.[0];
}

export function isOffer(message: DhcpMessage): boolean {
  return typeIn(message) === messageType.offer;
}

/** Classless routes go before the old ones and before the router (RFC 3442). */
function routesIn(options: Options, gateway: string | undefined): readonly ResultRoute[] {
  const classless = options.get(option.classlessRoutes);
  if (classless !== undefined && classless.length > 0) return classlessRoutes(classless);
  const all = addressesIn(options, option.staticRoutes);
  const routes: ResultRoute[] = [];
  for (let i = 0; i + 1 < all.length && routes.length < maximumRoutes; i += 2) {
    const [to = '', via = ''] = all.slice(i, i + 2);
    routes.push({ destination: networkOf(`${to}/${classfulLength(to)}`), gateway: via });
  }
  if (gateway !== undefined) routes.push({ destination: '0.0.0.0/0', gateway });
  return routes;
}

/** { u8 prefix length; u8 network[as many as it needs]; be32 router } each. */
function classlessRoutes(bytes: Uint8Array): readonly ResultRoute[] {
  const routes: ResultRoute[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const length = bytes[offset] ?? 0;
    const used = Math.ceil(length / 8);
    const next = offset + 1 + used + 4;
    if (length > 32 || next > bytes.length) refuse('a classless route that is cut');
    if (routes.length >= maximumRoutes) refuse(`over ${maximumRoutes} routes`);
    const network = Buffer.alloc(4);
    network.set(bytes.subarray(offset + 1, offset + 1 + used));
    const destination = networkOf(`${formatIp(network)}/${length}`);
    const gateway = formatIp(bytes.subarray(offset + 1 + used, next));
    const onLink = gateway === '0.0.0.0';
    routes.push(onLink ? { destination, scope: linkScope } : { destination, gateway });
    offset = next;
  }
  return routes;
}

function classfulLength(address: string): number {
  const first = Number(address.split('.')[0]);
  if (first < 128) return 8;
  return first < 192 ? 16 : 24;
}

function prefixLengthIn(options: Options): number {
  const mask = options.get(option.subnetMask);
  if (mask?.length !== 4) refuse('no subnet mask');
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  if (!/^1+0*$/.test(bits)) refuse(`the subnet mask ${formatIp(mask)}`);
  return bits.lastIndexOf('1') + 1;
}

function addressesIn(options: Options, code: number): readonly string[] {
  const value = options.get(code) ?? new Uint8Array();
  if (value.length % 4 !== 0) refuse(`an option ${code} of ${value.length} bytes`);
  return Array.from({ length: value.length / 4 }, (_, i) =>
    formatIp(value.subarray(i * 4, i * 4 + 4)),
  );
}

function numberIn(options: Options, code: number): number | undefined {
  const value = options.get(code);
  if (value === undefined) return undefined;
  if (value.length !== 4) refuse(`an option ${code} of ${value.length} bytes`);
  return Buffer.from(value).readUInt32BE();
}

function isHost(address: string): boolean {
  const first = Number(address.split('.')[0]);
  return first > 0 && first !== 127 && first < 224;
}

function refuse(what: string): never {
  throw new DomainError('invalid', `A DHCP server offers ${what}`);
}

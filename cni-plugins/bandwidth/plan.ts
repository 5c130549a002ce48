import { createHash } from 'node:crypto';
import { filter, qdisc, type Request, trafficClass } from '../../src/netlink/index.ts';
import { parsePrefix } from '../../src/netlink/ip.ts';
import type { Owner } from '../owner.ts';
import type { Bucket } from './bucket.ts';
import type { Scope } from './configuration.ts';

const root = '1:';
const shapedClass = '1:1';
/** Of an htb qdisc itself: packets that belong to it are sent at once. */
const passing = '1:0';
const arrivals = 'ffff:';
/** linux/if_ether.h: ETH_P_*. */
const ethernetType = { all: 3, ipv4: 0x0800, ipv6: 0x86dd } as const;
/** Below the 60,000 from which the kernel warns, above one frame. */
const greatestQuantum = 60_000;

/**
 * The device that a pod's own packets go through: the name that the reference gives it, so that
 * each can delete what the other made; and one for a second interface in the same network.
 */
export function ifbNames(owner: Owner): readonly [usual: string, second: string] {
  const { networkName, containerId, interfaceName } = owner;
  const usual = networkName + containerId;
  return [hashedName(usual), hashedName(`${usual}/${interfaceName}`)];
}

function hashedName(text: string): string {
  return `bwp${createHash('sha512').update(text).digest('hex').slice(0, 12)}`;
}

/** Limits what an interface sends. With peers to leave out it takes a class for the rest. */
export function shapingRequests(
  device: number,
  bucket: Bucket,
  { scope, peer }: { scope: Scope; peer: 'source' | 'destination' },
): Request[] {
  if (scope.kind === 'all') {
    return [qdisc.replaceRequest({ device, handle: root, kind: 'tbf', options: bucket })];
  }
  const defaultClass = scope.kind === 'except' ? 1 : 0;
  const classId = scope.kind === 'except' ? passing : shapedClass;
  return [
    qdisc.addRequest({ device, handle: root, kind: 'htb', options: { defaultClass } }),
    ...classRequests(device, bucket),
    ...scope.prefixes.map((prefix) =>
      filter.addRequest({ device, parent: root, kind: 'u32', classId, ...match(prefix, peer) }),
    ),
  ];
}

/** The rate of a class that is there, and its queue. */
export function classRequests(device: number, bucket: Bucket): Request[] {
  const { rateBytes, burstBytes, limitBytes } = bucket;
  const quantum = Math.min(Math.max(Math.floor(rateBytes / 10), 1600), greatestQuantum);
  return [
    trafficClass.replaceRequest({
      device,
      parent: root,
      handle: shapedClass,
      rateBytes,
      burstBytes,
      ceilBurstBytes: burstBytes,
      quantum,
    }),
    qdisc.replaceRequest({
      device,
      parent: shapedClass,
      handle: '2:',
      kind: 'bfifo',
      options: { limitBytes },
    }),
  ];
}

/** Sends what arrives from the pod through the ifb; peers that are left out pass by it. */
export function redirectRequests(device: number, ifb: number, scope: Scope): Request[] {
  const action = { kind: 'mirred', mode: 'redirect', index: ifb } as const;
  const common = { device, parent: arrivals, kind: 'u32' } as const;
  const matches = scope.prefixes.map((prefix) => match(prefix, 'destination'));
  const everything = filter.addRequest({
    ...common,
    priority: priorities.rest,
    protocol: ethernetType.all,
    action,
  });
  const chosen = matches.map((one) =>
    scope.kind === 'only'
      ? filter.addRequest({ ...common, ...one, action })
      : filter.addRequest({ ...common, ...one, classId: passing }),
  );
  return [
    qdisc.addRequest({ device, kind: 'ingress' }),
    ...chosen,
    ...(scope.kind === 'only' ? [] : [everything]),
  ];
}

/** All filters of one priority have one protocol. */
const priorities = { ipv4: 1, ipv6: 2, rest: 3 } as const;

/** The 32-bit words of an address at its place in the header, as far as the prefix goes. */
function match(prefix: string, peer: 'source' | 'destination') {
  const { bytes, length } = parsePrefix(prefix);
  const family = bytes.length === 4 ? 'ipv4' : 'ipv6';
  const start = { ipv4: { source: 12, destination: 16 }, ipv6: { source: 8, destination: 24 } };
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const keys: filter.U32Key[] = [];
  for (let word = 0; word * 32 < Math.max(length, 1); word++) {
    const bits = Math.min(length - word * 32, 32);
    const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
    keys.push({ value: view.getUint32(word * 4), mask, offset: start[family][peer] + word * 4 });
  }
  return { priority: priorities[family], protocol: ethernetType[family], keys };
}

import { DomainError } from '../../src/base/error.ts';
import { type Connection, link, qdisc, trafficClass } from '../../src/netlink/index.ts';
import { commit } from '../commit.ts';
import { type Owner, tagOf } from '../owner.ts';
import { bucketFor, type Bucket } from './bucket.ts';
import type { BandwidthConfiguration, RateLimit, Scope } from './configuration.ts';
import { classRequests, ifbNames, redirectRequests, shapingRequests } from './plan.ts';

/** A pod's interface, and the host's end of it, where limits are set. */
export interface LimitedInterface {
  readonly owner: Owner;
  /** The host's end. */
  readonly host: link.Link;
}

/** The limits of one interface as the kernel has them. */
export interface Limits {
  readonly ingress?: Bucket;
  readonly egress?: Bucket;
  /** The device that the pod's packets go through. */
  readonly ifb?: link.Link;
}

/** The Ethernet header that buckets count with every frame. */
const headerBytes = 14;

/**
 * Finds the host's end of a pod's interface. Throws KernelError ENODEV when the pod has no such
 * interface, DomainError `notFound` when that has no end in the host's namespace.
 */
export async function findHostInterface(
  host: Connection,
  pod: Connection,
  interfaceName: string,
): Promise<link.Link> {
  const own = await link.get(pod, interfaceName);
  const peer = own.kind === 'veth' && own.link ? own.link : undefined;
  const found = peer === undefined ? undefined : await link.find(host, peer);
  if (found?.kind === 'veth' && found.link === own.index) return found;
  throw new DomainError('notFound', `container interface ${interfaceName} has no veth peer`);
}

/** Makes limits so, from whatever they are. `tc qdisc replace` on the host's veth and an ifb. */
export async function setLimits(
  host: Connection,
  target: LimitedInterface,
  wanted: BandwidthConfiguration,
): Promise<Limits> {
  const present = await readLimits(host, target);
  const frameBytes = target.host.mtu + headerBytes;
  const bucket = (limit: RateLimit) => bucketFor(limit, frameBytes, wanted.latencyMs);
  const { index } = target.host;
  if (wanted.ingress !== undefined) {
    const part = { scope: wanted.scope, peer: 'source' } as const;
    await shape(host, { index, bucket: bucket(wanted.ingress), ...part });
  } else if (present.ingress !== undefined) {
    await qdisc.remove(host, index, 'root');
  }
  if (wanted.egress === undefined) {
    await removeEgress(host, index, present);
    return await readLimits(host, target);
  }
  const ifb = present.ifb ?? (await createIfb(host, target));
  const part = { scope: { kind: 'all', prefixes: [] }, peer: 'destination' } as const;
  await shape(host, { index: ifb.index, bucket: bucket(wanted.egress), ...part });
  if (present.egress === undefined) await redirect(host, { index, ifb, scope: wanted.scope });
  return await readLimits(host, target);
}

/** What limits there are; absent where there is none of this plugin's. */
export async function readLimits(host: Connection, target: LimitedInterface): Promise<Limits> {
  const ingress = await readBucket(host, target.host.index);
  const ifb = await findIfb(host, target.owner);
  if (ifb === undefined) return { ...(ingress && { ingress }) };
  const egress = await readBucket(host, ifb.index);
  return { ...(ingress && { ingress }), ...(egress && { egress }), ifb };
}

/** The ifb of an attachment, by its alias; or by name alone, as the reference leaves it. */
export async function findIfb(host: Connection, owner: Owner): Promise<link.Link | undefined> {
  const tag = tagOf(owner);
  for (const name of ifbNames(owner)) {
    const found = await link.find(host, name);
    if (found?.kind === 'ifb' && (found.alias ?? tag) === tag) return found;
  }
  return undefined;
}

async function createIfb(host: Connection, target: LimitedInterface): Promise<link.Link> {
  const [usual, second] = ifbNames(target.owner);
  const name = (await link.find(host, usual)) === undefined ? usual : second;
  const { mtu } = target.host;
  // Together in one system call: a device without its owner's name could not be collected.
  await commit(host, [
    link.createRequest({ kind: 'ifb', name, up: true, mtu, transmitQueueLength: 0 }),
    link.setRequest(name, { alias: tagOf(target.owner) }),
  ]);
  return await link.get(host, name);
}

interface Shaping {
  readonly index: number;
  readonly bucket: Bucket;
  readonly scope: Scope;
  readonly peer: 'source' | 'destination';
}

/** Changes what is there, for its queue and tokens to survive; else makes it anew. */
async function shape(host: Connection, { index, bucket, ...part }: Shaping): Promise<void> {
  const present = await rootOf(host, index);
  if (present?.kind === 'htb') return await commit(host, classRequests(index, bucket));
  if (present !== undefined && part.scope.kind !== 'all') await qdisc.remove(host, index, 'root');
  await commit(host, shapingRequests(index, bucket, part));
}

async function redirect(
  host: Connection,
  { index, ifb, scope }: { index: number; ifb: link.Link; scope: Scope },
): Promise<void> {
  // What an ADD that was killed left would redirect to a device that is gone.
  await qdisc.remove(host, index, 'ingress');
  await commit(host, redirectRequests(index, ifb.index, scope));
}

async function removeEgress(host: Connection, index: number, present: Limits): Promise<void> {
  if (present.ifb === undefined) return;
  await qdisc.remove(host, index, 'ingress');
  await link.remove(host, present.ifb.index);
}

async function rootOf(host: Connection, index: number): Promise<qdisc.Qdisc | undefined> {
  const all = await qdisc.list(host, index);
  return all.find(({ parent, kind }) => parent === 'root' && (kind === 'tbf' || kind === 'htb'));
}

async function readBucket(host: Connection, index: number): Promise<Bucket | undefined> {
  const all = await qdisc.list(host, index);
  const tbf = all.find(({ parent, kind }) => parent === 'root' && kind === 'tbf')?.tbf;
  if (tbf !== undefined) return tbf;
  const limitBytes = all.find(({ kind }) => kind === 'bfifo')?.bfifo?.limitBytes;
  if (limitBytes === undefined) return undefined;
  const [shaped] = await trafficClass.list(host, index);
  return shaped?.htb && { ...shaped.htb, limitBytes };
}

import { addressType, readAddress, type Address } from './address.ts';
import { readClass, type TcClass } from './class.ts';
import { type AnyEventOf, type Decode, decodersOf } from './event.ts';
import { type FdbEntry, readFdbEntry } from './fdb.ts';
import { type Filter, readFilter } from './filter.ts';
import { linkType, readLink, type Link } from './link-message.ts';
import type { Message } from './message.ts';
import { namespaceIdType, readNamespaceId } from './namespace-id.ts';
import { neighbourType, readNeighbour, type Neighbour } from './neighbour.ts';
import { protocol } from './open-socket.ts';
import { type Qdisc, readQdisc } from './qdisc.ts';
import { readRoute, routeType, type Route } from './route-message.ts';
import { readRule, ruleType, type Rule } from './rule.ts';
import { Subscription, type SubscriptionOptions } from './subscription.ts';
import { tcTypes } from './tc-message.ts';

/** linux/rtnetlink.h: RTNLGRP_*, by the subject they are about. */
const groups = {
  link: [1],
  neighbour: [3],
  address: [5, 9],
  route: [7, 11],
  rule: [8, 19],
  /** Entries of bridges and vxlans: `bridge monitor fdb`. */
  fdb: [3],
  /** Qdiscs, classes and filters: `tc monitor`. */
  trafficControl: [4],
  /** `ip monitor nsid`. */
  namespaceId: [28],
} as const;

export type RouteSubject = keyof typeof groups;

/** What is told of, by the kind of its event. */
interface Told {
  readonly link: Link;
  readonly address: Address;
  readonly route: Route;
  readonly rule: Rule;
  readonly neighbour: Neighbour;
  readonly fdb: FdbEntry;
  readonly qdisc: Qdisc;
  readonly class: TcClass;
  readonly filter: Filter;
  readonly namespaceId: number;
}

/** `new` is an addition or a change; the kernel does not say which. */
export type RouteEvent = AnyEventOf<Told>;

const subjectOf: Readonly<Record<keyof Told, RouteSubject>> = {
  link: 'link',
  address: 'address',
  route: 'route',
  rule: 'rule',
  neighbour: 'neighbour',
  fdb: 'fdb',
  qdisc: 'trafficControl',
  class: 'trafficControl',
  filter: 'trafficControl',
  namespaceId: 'namespaceId',
};

/**
 * Follows changes of these subjects from the moment it resolves: list after that, and nothing falls
 * between. After `{ kind: 'resync' }` events were lost and the consumer lists again.
 * `ip monitor link address ...`.
 */
export function subscribe(
  subjects: readonly RouteSubject[],
  options: SubscriptionOptions = {},
): Promise<Subscription<RouteEvent>> {
  const wanted = new Set(subjects);
  const plan = {
    protocol: protocol.route,
    groups: [...new Set(subjects.flatMap((subject) => [...groups[subject]]))],
    decode: (message: Message): RouteEvent | undefined => {
      const event = readEvent(message);
      return event !== undefined && wanted.has(subjectOf[event.kind]) ? event : undefined;
    },
  };
  return Subscription.open(plan, options);
}

const bridgeFamily = 7;

const both = decodersOf<Told>();
const decoders = new Map<number, Decode<RouteEvent>>([
  ...both(linkType, 'link', readLink),
  ...both(addressType, 'address', readAddress),
  ...both(routeType, 'route', readRoute),
  ...both(ruleType, 'rule', readRule),
  ...both(neighbourType, 'neighbour', readNeighbour),
  ...both(tcTypes.QDISC, 'qdisc', readQdisc),
  ...both(tcTypes.TCLASS, 'class', readClass),
  ...both(tcTypes.TFILTER, 'filter', readFilter),
  ...both(namespaceIdType, 'namespaceId', readNamespaceId),
]);

/** Of a bridge's ports the links' own messages say the same, in another form. */
function readEvent(message: Message): RouteEvent | undefined {
  const family = message.source.bytes[message.start];
  if (family !== bridgeFamily) return decoders.get(message.type)?.(message);
  const removed = message.type === neighbourType.remove;
  if (message.type !== neighbourType.new && !removed) return undefined;
  return { kind: 'fdb', action: removed ? 'removed' : 'new', fdb: readFdbEntry(message) };
}

import { addressType, readAddress, type Address } from './address.ts';
import { linkType, readLink, type Link } from './link-message.ts';
import type { Message } from './message.ts';
import { neighbourType, readNeighbour, type Neighbour } from './neighbour.ts';
import { protocol } from './open-socket.ts';
import { readRoute, routeType, type Route } from './route-message.ts';
import { readRule, ruleType, type Rule } from './rule.ts';
import { Subscription, type SubscriptionOptions } from './subscription.ts';

/** linux/rtnetlink.h: RTNLGRP_*, by the subject they are about. */
const groups = {
  link: [1],
  neighbour: [3],
  address: [5, 9],
  route: [7, 11],
  rule: [8, 19],
} as const;

export type RouteSubject = keyof typeof groups;

/** `new` is an addition or a change; the kernel does not say which. */
export type RouteEvent =
  | { readonly kind: 'link'; readonly action: 'new' | 'removed'; readonly link: Link }
  | { readonly kind: 'address'; readonly action: 'new' | 'removed'; readonly address: Address }
  | { readonly kind: 'route'; readonly action: 'new' | 'removed'; readonly route: Route }
  | { readonly kind: 'rule'; readonly action: 'new' | 'removed'; readonly rule: Rule }
  | {
      readonly kind: 'neighbour';
      readonly action: 'new' | 'removed';
      readonly neighbour: Neighbour;
    };

/**
 * Follows changes of interfaces, addresses, routes, rules or neighbours from the moment it
 * resolves: list after that, and nothing falls between. After `{ kind: 'resync' }` events were
 * lost and the consumer lists again. `ip monitor link address ...`.
 */
export function subscribe(
  subjects: readonly RouteSubject[],
  options: SubscriptionOptions = {},
): Promise<Subscription<RouteEvent>> {
  const plan = {
    protocol: protocol.route,
    groups: subjects.flatMap((subject) => groups[subject]),
    decode: readEvent,
  };
  return Subscription.open(plan, options);
}

/** AF_BRIDGE: a port's own messages repeat what the link's say, in another form. */
const bridgeFamily = 7;

function readEvent(message: Message): RouteEvent | undefined {
  const family = message.source.bytes[message.start];
  if (family === bridgeFamily) return undefined;
  switch (message.type) {
    case linkType.new:
    case linkType.remove:
      return { kind: 'link', action: actionOf(message, linkType.remove), link: readLink(message) };
    case addressType.new:
    case addressType.remove: {
      const action = actionOf(message, addressType.remove);
      return { kind: 'address', action, address: readAddress(message) };
    }
    case routeType.new:
    case routeType.remove:
      return {
        kind: 'route',
        action: actionOf(message, routeType.remove),
        route: readRoute(message),
      };
    case neighbourType.new:
    case neighbourType.remove: {
      const action = actionOf(message, neighbourType.remove);
      return { kind: 'neighbour', action, neighbour: readNeighbour(message) };
    }
    case ruleType.new:
    case ruleType.remove:
      return { kind: 'rule', action: actionOf(message, ruleType.remove), rule: readRule(message) };
    default:
      return undefined;
  }
}

function actionOf(message: Message, removal: number): 'new' | 'removed' {
  return message.type === removal ? 'removed' : 'new';
}

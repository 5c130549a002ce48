import { readLink } from '../../netlink/link-message.ts';
import { hostIsLittle, type Message } from '../../netlink/message.ts';
import { protocol } from '../../netlink/open-socket.ts';
import { readRoute } from '../../netlink/route-message.ts';
import { Subscription } from '../../netlink/subscription.ts';
import { deviceName, routeProtocol } from './overlay-settings.ts';

/** Something happened to what the overlay made, or stands on. */
export interface Disturbance {
  readonly what: 'link' | 'address' | 'neighbour' | 'route';
}

/** By what events are known to concern the overlay; it changes as devices come and go. */
export interface Concern {
  readonly vxlan?: number;
  readonly underlay?: number;
  /** The underlay's device: it may come back with another number. */
  readonly underlayName?: string;
}

/** linux/rtnetlink.h: RTNLGRP_LINK, NEIGH, and the addresses and routes of both families. */
const groups = [1, 3, 5, 7, 9, 11];
/** RTM_NEWLINK and RTM_DELLINK; RTM_*ADDR, RTM_*ROUTE, RTM_*NEIGH likewise. */
const types = { link: [16, 17], address: [20, 21], route: [24, 25], neighbour: [28, 29] } as const;
/** struct ifaddrmsg and struct ndmsg have the interface's number at the same place. */
const indexAt = 4;

/**
 * Follows the kernel, telling only what concerns the overlay: a node's pods come and go all the
 * time. Entries of the forwarding database are among the neighbours, which `netlink.subscribe`
 * leaves out.
 */
export function followOverlay(concern: () => Concern): Promise<Subscription<Disturbance>> {
  return Subscription.open(
    {
      protocol: protocol.route,
      groups,
      decode: (message) => disturbanceIn(message, concern()),
    },
    {},
  );
}

function disturbanceIn(message: Message, concern: Concern): Disturbance | undefined {
  const { type, start } = message;
  const isOurs = (index = 0) => index === concern.vxlan || index === concern.underlay;
  if (isOf('link', type)) {
    const { name } = readLink(message);
    return name === deviceName || name === concern.underlayName ? { what: 'link' } : undefined;
  }
  if (isOf('route', type)) {
    const { protocol: by, index } = readRoute(message);
    return by === routeProtocol || isOurs(index) ? { what: 'route' } : undefined;
  }
  const index = message.source.view.getInt32(start + indexAt, hostIsLittle);
  if (isOf('address', type)) return isOurs(index) ? { what: 'address' } : undefined;
  // Of the underlay's own neighbours there is word all the time.
  return isOf('neighbour', type) && index === concern.vxlan ? { what: 'neighbour' } : undefined;
}

function isOf(what: Disturbance['what'], type: number): boolean {
  return types[what].some((one) => one === type);
}

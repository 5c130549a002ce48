/** How pods of different nodes reach each other. */
export interface OverlaySettings {
  /**
   * `vxlan`: in packets between the nodes. `routed`: by routes through the nodes' own network,
   * where nodes are neighbours.
   */
  readonly mode: 'vxlan' | 'routed';
  /** With `routed`, nodes of other subnets are reached by VXLAN; else not at all. */
  readonly crossSubnet: boolean;
  /** The VXLAN network's number, 1 to 16,777,215. */
  readonly vni: number;
  readonly port: number;
  /** Of pods; worked out from the underlay's when it is 0. */
  readonly mtu: number;
  /** Pods reach the world in their node's address. */
  readonly masquerade: boolean;
}

export const defaultSettings: OverlaySettings = {
  mode: 'vxlan',
  crossSubnet: true,
  vni: 4097,
  port: 4789,
  mtu: 0,
  masquerade: true,
};

/** The VXLAN device. Its alias says that it is ours. */
export const deviceName = 'keelson.vx';
export const deviceAlias = 'keelson/overlay';

/** By this number in `rtm_protocol` our routes are known from everybody else's. */
export const routeProtocol = 117;

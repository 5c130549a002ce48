import type { CniRig, Side } from './rig.ts';

/** The network that most nodes have: a bridge with addresses of the host's range and NAT. */
export function configureBridge(rig: CniRig): void {
  for (const side of ['ours', 'reference'] as const) {
    rig.configure(side, {
      cniVersion: '1.0.0',
      name: `bench-${side}`,
      type: 'bridge',
      bridge: bridgeOf(side),
      isGateway: true,
      ipMasq: true,
      ipam: {
        type: 'host-local',
        dataDir: rig.leases(side),
        ranges: [[{ subnet: side === 'ours' ? '10.201.0.0/16' : '10.202.0.0/16' }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    });
  }
}

export function bridgeOf(side: Side): string {
  return side === 'ours' ? 'kbours' : 'kbref';
}

export const peerName = "Debian's reference plugins";

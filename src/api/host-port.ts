import type { Pod } from './types/generated/core-v1.ts';

/** A port of the node that a pod takes for itself. */
export interface HostPort {
  /** `TCP/80` */
  readonly port: string;
  /** `0.0.0.0` for all addresses of the node. */
  readonly address: string;
}

const anyAddress = '0.0.0.0';

/** Whether addresses of one port are the same, or one of them stands for all. */
export function collides(left: string, right: string): boolean {
  return left === right || left === anyAddress || right === anyAddress;
}

/** Sidecars keep their ports for good, other init containers only while nothing else runs. */
export function hostPortsOf({ spec }: Pod): readonly HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter((one) => one.restartPolicy === 'Always');
  return [...spec.containers, ...sidecars].flatMap(({ ports }) =>
    (ports ?? [])
      .filter(({ hostPort = 0 }) => hostPort > 0)
      .map(({ hostPort, hostIP, protocol = 'TCP' }) => ({
        port: `${protocol}/${hostPort}`,
        address: hostIP === undefined || hostIP === '' ? anyAddress : hostIP,
      })),
  );
}

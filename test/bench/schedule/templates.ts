import type { Node, Pod } from '../../../src/api/types/generated/core-v1.ts';

/** The nodes and pods of scheduler_perf's workloads, by its names and numbers. */

const zone = 'topology.kubernetes.io/zone';
const hostname = 'kubernetes.io/hostname';

/** node-default: 4 CPU, 32 Gi, 110 pods; in one of the zones. */
export function node(index: number, zones: readonly string[]): Node {
  const name = `node-${index}`;
  const labels = { [hostname]: name, [zone]: zones[index % zones.length] ?? '' };
  return {
    metadata: { name, labels },
    spec: {},
    status: { allocatable: { cpu: '4', memory: '32Gi', pods: '110' } },
  };
}

type MakePod = (name: string, namespace: string) => Pod;

function pod(at: Partial<Pod['spec']> & { cpu?: string; color?: string }): MakePod {
  const { cpu = '100m', color, ...spec } = at;
  const requests = { cpu, memory: '500Mi' };
  return (name, namespace) => ({
    metadata: {
      name,
      namespace,
      uid: name,
      ...(color !== undefined && { labels: { color, name: 'test' } }),
    },
    spec: {
      containers: [{ name: 'pause', image: 'registry.k8s.io/pause:3.9', resources: { requests } }],
      ...spec,
    },
  });
}

const like = (color: string) => ({ labelSelector: { matchLabels: { color } } });
const namespaces = ['sched-1', 'sched-0'];

const spreading = (whenUnsatisfiable: string) =>
  pod({
    color: 'blue',
    topologySpreadConstraints: [
      { maxSkew: 5, topologyKey: zone, whenUnsatisfiable, ...like('blue') },
    ],
  });

export const templates = {
  plain: pod({}),
  spread: spreading('DoNotSchedule'),
  preferredSpread: spreading('ScheduleAnyway'),
  affinity: pod({
    color: 'blue',
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: zone, namespaces, ...like('blue') },
        ],
      },
    },
  }),
  nodeAffinity: pod({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: zone, operator: 'In', values: ['zone1', 'zone2'] }] },
          ],
        },
      },
    },
  }),
  antiAffinity: pod({
    color: 'green',
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: hostname, namespaces, ...like('green') },
        ],
      },
    },
  }),
  preferredAntiAffinity: pod({
    color: 'yellow',
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 1,
            podAffinityTerm: { topologyKey: hostname, namespaces, ...like('yellow') },
          },
        ],
      },
    },
  }),
  low: pod({ cpu: '900m' }),
  high: pod({ cpu: '3000m', priority: 10 }),
} satisfies Readonly<Record<string, MakePod>>;

export type Template = keyof typeof templates;

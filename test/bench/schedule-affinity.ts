import { decisions } from './schedule/workload.ts';

/** SchedulingPodAffinity and SchedulingNodeAffinity. */
export default decisions('How many pods a second find a node near others, or of a kind?', [
  {
    case: 'pods',
    init: { template: 'affinity', pods: 5000 },
    measured: { template: 'affinity', pods: 5000 },
  },
  {
    case: 'nodes',
    init: { template: 'plain', pods: 5000 },
    measured: { template: 'nodeAffinity', pods: 10_000 },
  },
]);

import { decisions } from './schedule/workload.ts';

const load = {
  init: { template: 'plain', pods: 1000 },
  measured: { template: 'plain', pods: 10_000 },
} as const;

/** SchedulingBasic: as many nodes looked at as Kubernetes looks at, and all of them. */
export default decisions('How many plain pods a second find a node, of 5,000?', [
  { case: 'sampled', ...load },
  { case: 'all', ...load, percentageOfNodesToScore: 100 },
]);

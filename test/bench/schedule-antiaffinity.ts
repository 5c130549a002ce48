import { decisions } from './schedule/workload.ts';

/** SchedulingPodAntiAffinity and SchedulingPreferredPodAntiAffinity. */
export default decisions('How many pods a second find a node of their own, of 5,000?', [
  {
    case: 'required',
    init: { template: 'antiAffinity', pods: 1000 },
    measured: { template: 'antiAffinity', pods: 2000 },
  },
  {
    case: 'preferred',
    init: { template: 'preferredAntiAffinity', pods: 5000 },
    measured: { template: 'preferredAntiAffinity', pods: 5000 },
  },
]);

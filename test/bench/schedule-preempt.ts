import { decisions } from './schedule/workload.ts';

/** PreemptionBasic: each node is full with four pods, of which three make room for a new one. */
export default decisions('How many important pods a second find a node, of 5,000 full ones?', [
  {
    case: '',
    init: { template: 'low', pods: 20_000 },
    measured: { template: 'high', pods: 5000 },
  },
]);

import { decisions } from './schedule/workload.ts';

const init = { template: 'plain', pods: 5000 } as const;
const zones = ['moon-1', 'moon-2', 'moon-3'];

/** TopologySpreading and PreferredTopologySpreading. */
export default decisions('How many pods a second are spread over the zones of 5,000 nodes?', [
  { case: 'required', zones, init, measured: { template: 'spread', pods: 5000 } },
  { case: 'preferred', zones, init, measured: { template: 'preferredSpread', pods: 5000 } },
]);

/** Below this the coordinator answers with the last decision about a pod: `NAMESPACE/NAME`. */
export const decisionsPath = '/debug/scheduler/decisions/';

import { inSpan } from '../base/trace.ts';
import { type Invoke, isVerb } from '../cni/invocation.ts';
import type { RuntimeMetrics } from '../cri/monitor/metrics.ts';

/** The same calls of plugins, counted and traced. */
export function measuredInvoke(invoke: Invoke, metrics: RuntimeMetrics): Invoke {
  return async (invocation, signal) => {
    const { verb: operation, type: plugin } = invocation;
    const startedAt = performance.now();
    let failed = true;
    try {
      const result = await inSpan(`cni ${operation} ${plugin}`, {}, () =>
        invoke(invocation, signal),
      );
      failed = false;
      return result;
    } finally {
      metrics.cniEnded({ operation, plugin, startedAt, failed });
    }
  };
}

/** The word of somebody else's call, for a label: whatever is none of the specification is one. */
export function operationOf(command: string | undefined): string {
  return command !== undefined && isVerb(command) ? command : 'other';
}

import { milliValue, wholeValue } from '../../api/quantity.ts';
import { podAmounts } from '../../api/quota/pod-amounts.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { quotaOfMilliCpu, sharesOfMilliCpu } from '../../cgroup/kubelet.ts';
import type { Resources } from '../../cgroup/resources.ts';

/** What a pod's containers may use together; a limit only where each of them has one. */
export function podResources(pod: Pod, pidsLimit: number): Resources {
  const requests = podAmounts(pod, 'requests');
  const limits = podAmounts(pod, 'limits');
  const bounded = (name: string) =>
    pod.spec.resources?.limits?.[name] !== undefined ||
    pod.spec.containers.every(({ resources }) => resources?.limits?.[name] !== undefined);
  const [request, cpu, memory] = [requests.get('cpu'), limits.get('cpu'), limits.get('memory')];
  const quota = cpu === undefined || !bounded('cpu') ? 0 : quotaOfMilliCpu(milliValue(cpu));
  return {
    cpu: {
      shares: sharesOfMilliCpu(request === undefined ? 0 : milliValue(request)),
      ...(quota > 0 && { quota, period: 100_000 }),
    },
    ...(memory !== undefined && bounded('memory') && { memory: { limit: wholeValue(memory) } }),
    ...(pidsLimit > 0 && { pids: { limit: pidsLimit } }),
  };
}

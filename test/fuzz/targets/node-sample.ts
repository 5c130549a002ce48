import { parseQuantity } from '../../../src/api/quantity.ts';
import { readNodeSample } from '../../../src/apiserver/metrics/node-sample.ts';
import { usageOf } from '../../../src/apiserver/metrics/usage.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

const labels = '{container="a",namespace="default",pod="web"}';

/** What a kubelet says that its node and pods have used. */
export const target: FuzzTarget = {
  run(input) {
    const { node, pods } = readNodeSample(input.toString(), 100_000);
    for (const reading of [node, ...[...pods.values()].flatMap((pod) => [...pod.values()])]) {
      const before = { ...reading, atMs: reading.atMs - 1000, cpuSeconds: 0 };
      const usage = usageOf([before, reading]);
      if (usage === undefined) continue;
      hold(usage.windowMs > 0, 'a share is one of some time');
      hold(parseQuantity(usage.cpu).nano >= 0n, 'nothing uses less than nothing');
      hold(parseQuantity(usage.memory).nano >= 0n, 'nor takes less');
    }
  },
  seeds: [
    'node_cpu_usage_seconds_total 100 1700000000000\nnode_memory_working_set_bytes 2048\n',
    `container_cpu_usage_seconds_total${labels} 12.5 1700000000500\n`,
    `container_memory_working_set_bytes${labels} 1.048576e+06\n`,
    `container_start_time_seconds${labels} 1.69999999e+09\n`,
  ],
  words: ['NaN', '+Inf', '1e308', '-0', '"', '\\', '}', ' 0', ',pod="', '9007199254740993'],
};

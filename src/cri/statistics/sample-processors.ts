import { specOf } from '../container/cri-containers.ts';
import type { Node } from '../node.ts';
import { sandboxOf } from '../pod/sandbox-of.ts';

/** As often as the kubelet's own statistics are taken. */
const intervalMs = 10_000;

/** Reads the CPU time of pods and containers in the background until `signal` aborts. */
export function sampleProcessors(node: Node, signal: AbortSignal): void {
  const sample = (): void => {
    try {
      node.sampler.sample(cgroupsOf(node), (path) => node.statistics.cpu(path));
    } catch (error) {
      node.log.error({ err: error }, 'CPU time cannot be read');
    }
  };
  sample();
  const timer = setInterval(sample, intervalMs);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

function cgroupsOf(node: Node): string[] {
  const containers = node.containers
    .list()
    .map((record) => specOf(node, record)?.linux?.cgroupsPath);
  const pods = node.pods.list().map((pod) => sandboxOf(node, pod)?.request?.cgroupPath);
  return [...containers, ...pods].filter((path) => path !== undefined);
}

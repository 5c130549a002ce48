import { ContainerState, PodSandboxState } from '../../cri/generated/runtime.ts';
import { kubeletVersion } from '../node/version.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import { familyText } from '../statistics/exposition.ts';

const states: Readonly<Record<number, string>> = {
  [ContainerState.CONTAINER_CREATED]: 'created',
  [ContainerState.CONTAINER_RUNNING]: 'running',
  [ContainerState.CONTAINER_EXITED]: 'exited',
  [ContainerState.CONTAINER_UNKNOWN]: 'unknown',
};

/** `/metrics`: the kubelet's own process, and how much it looks after. */
export async function ownMetrics(nodeName: string, runtime: ContainerRuntime): Promise<string> {
  const [sandboxes, containers] = await Promise.all([
    runtime.listPods({ state: { state: PodSandboxState.SANDBOX_READY } }),
    runtime.listContainers(),
  ]);
  const counts = Object.entries(states).map(([state, word]) => ({
    labels: { container_state: word },
    value: containers.filter((container) => container.state === Number(state)).length,
  }));
  const { user, system } = process.cpuUsage();
  const gauge = 'gauge' as const;
  return [
    familyText({ name: 'kubelet_node_name', help: 'The node', type: gauge }, [
      { labels: { node: nodeName }, value: 1 },
    ]),
    familyText({ name: 'kubernetes_build_info', help: 'The version', type: gauge }, [
      { labels: { git_version: kubeletVersion }, value: 1 },
    ]),
    familyText({ name: 'kubelet_running_pods', help: 'Pods with a running sandbox', type: gauge }, [
      { value: sandboxes.length },
    ]),
    familyText(
      { name: 'kubelet_running_containers', help: 'Containers by their state', type: gauge },
      counts,
    ),
    familyText(
      { name: 'process_cpu_seconds_total', help: 'Cpu time of the kubelet', type: 'counter' },
      [{ value: (user + system) / 1e6 }],
    ),
    familyText(
      { name: 'process_resident_memory_bytes', help: 'Memory of the kubelet', type: gauge },
      [{ value: process.memoryUsage.rss() }],
    ),
    familyText({ name: 'process_start_time_seconds', help: 'Start of the kubelet', type: gauge }, [
      { value: Date.now() / 1000 - process.uptime() },
    ]),
  ].join('');
}

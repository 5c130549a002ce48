import { randomUUID } from 'node:crypto';
import { RuntimeService } from '../../../src/cri/generated/runtime.ts';
import { NamespaceMode } from '../../../src/cri/generated/runtime.ts';
import type { Daemon } from './daemon.ts';
import { image } from './runtimes.ts';

export interface BenchPod {
  readonly id: string;
  readonly config: ReturnType<typeof podConfig>;
}

export function podConfig(network: 'pod' | 'host' = 'pod') {
  const uid = randomUUID();
  return {
    metadata: { name: `bench-${uid.slice(0, 8)}`, uid, namespace: 'default', attempt: 0 },
    labels: { 'io.kubernetes.pod.uid': uid, app: 'bench' },
    annotations: { 'kubernetes.io/config.source': 'api' },
    // runc refuses a name on the host's network.
    hostname: network === 'host' ? '' : 'bench',
    linux: {
      security_context: {
        namespace_options: {
          network: network === 'host' ? NamespaceMode.NODE : NamespaceMode.POD,
          pid: NamespaceMode.CONTAINER,
        },
      },
    },
  };
}

export function containerConfig(command: readonly string[] = ['/bin/sleep', '1000000']) {
  return {
    metadata: { name: 'main', attempt: 0 },
    image: { image },
    command,
    labels: { 'io.kubernetes.container.name': 'main' },
    annotations: { 'io.kubernetes.container.restartCount': '0' },
    envs: Array.from({ length: 10 }, (_, index) => ({
      key: `VARIABLE_${index}`,
      value: Buffer.from('value'),
    })),
  };
}

export async function runPod({ client }: Daemon, network?: 'pod' | 'host'): Promise<BenchPod> {
  const config = podConfig(network);
  const { pod_sandbox_id } = await client.call(RuntimeService.RunPodSandbox, { config });
  return { id: pod_sandbox_id, config };
}

/** Creates a container in a pod and starts it. */
export async function runContainer(
  { client }: Daemon,
  pod: BenchPod,
  command?: readonly string[],
): Promise<string> {
  const { container_id } = await client.call(RuntimeService.CreateContainer, {
    pod_sandbox_id: pod.id,
    config: containerConfig(command),
    sandbox_config: pod.config,
  });
  await client.call(RuntimeService.StartContainer, { container_id });
  return container_id;
}

export async function removePod({ client }: Daemon, pod: BenchPod): Promise<void> {
  await client.call(RuntimeService.StopPodSandbox, { pod_sandbox_id: pod.id });
  await client.call(RuntimeService.RemovePodSandbox, { pod_sandbox_id: pod.id });
}

import { CgroupDriver, type RuntimeCondition, type RuntimeService } from './generated/runtime.ts';
import type { Handlers } from './grpc/grpc-server.ts';
import { documents } from './info.ts';
import { Health } from './monitor/health.ts';
import { storeChecks } from './monitor/node-checks.ts';
import type { Draft } from '../grpc/message.ts';
import type { Node } from './node.ts';
import { builtInHandlers } from './runtime-handlers.ts';

/** Version, Status, RuntimeConfig: what the runtime is. */
export function statusHandlers(node: Node): Handlers<typeof RuntimeService> {
  const { version, rootFolder, stateFolder, cgroupParent } = node.settings;
  const stores = new Health(storeChecks([rootFolder, stateFolder]));
  const systemd = node.settings.cgroupDriver === 'systemd';
  const cgroup_driver = systemd ? CgroupDriver.SYSTEMD : CgroupDriver.CGROUPFS;
  return {
    // The first is the kubelet's own interface version, which has been 0.1.0 for all of v1.
    Version: async () => ({
      version: '0.1.0',
      runtime_name: 'keelson',
      runtime_version: version,
      runtime_api_version: 'v1',
    }),
    Status: async ({ verbose }) => ({
      status: {
        conditions: [
          await runtimeCondition(stores),
          networkCondition(await node.network.problem()),
        ],
      },
      info: verbose ? documents({ rootFolder, cgroupParent, machine: node.machine }) : {},
      runtime_handlers: [
        ...builtInHandlers.map((name) => ({
          name,
          features: { recursive_read_only_mounts: true, user_namespaces: true },
        })),
        ...Object.entries(node.handlers).map(([name, { features }]) => ({
          name,
          features: {
            recursive_read_only_mounts: features.recursiveReadOnlyMounts,
            user_namespaces: features.userNamespaces,
          },
        })),
      ],
      features: { supplemental_groups_policy: true, mount_options: true },
    }),
    RuntimeConfig: async () => ({ linux: { cgroup_driver } }),
    // Nothing here depends on the pod CIDR: no CNI configuration is made from it.
    UpdateRuntimeConfig: async () => ({}),
  };
}

/** False while nothing can be recorded: what a kubelet would begin now could not be finished. */
async function runtimeCondition(stores: Health): Promise<Draft<RuntimeCondition>> {
  const { healthy, checks } = await stores.report();
  if (healthy) return { type: 'RuntimeReady', status: true };
  const problems = Object.entries(checks).filter(([, result]) => result !== 'ok');
  const message = problems.map(([folder, result]) => `"${folder}": ${result}`).join('; ');
  return { type: 'RuntimeReady', status: false, reason: 'StateNotWritable', message };
}

/** The kubelet keeps a node NotReady, and gives pods its message, while this is false. */
function networkCondition(problem: string | undefined): Draft<RuntimeCondition> {
  if (problem === undefined) return { type: 'NetworkReady', status: true };
  return { type: 'NetworkReady', status: false, reason: 'NetworkPluginNotReady', message: problem };
}

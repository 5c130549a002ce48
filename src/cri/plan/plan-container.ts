import { maskedPaths, readonlyPaths } from '../../base/hidden-paths.ts';
import type { Linux } from '../../container/spec-linux.ts';
import type { Process, Spec } from '../../container/spec.ts';
import { planMounts, planPropagation } from './plan-mounts.ts';
import { planNamespaces } from './plan-namespaces.ts';
import { planProcess } from './plan-process.ts';
import type { PlanInput } from './plan-input.ts';
import { defaultDeviceRules, planResources } from './plan-resources.ts';
import { checkAppArmor, planSeccomp } from './plan-seccomp.ts';

/**
 * The OCI specification of one container, from the request, its image's configuration and its pod.
 * Pure: everything that had to be looked up is in `facts`. Throws DomainError `invalid` and
 * `unsupported`.
 */
export function planContainer(input: PlanInput): Spec {
  const { config, options } = input;
  checkAppArmor(input);
  const process = planProcess(input);
  return {
    ociVersion: '1.3.0',
    process,
    // The snapshot is the root; only the flag is the request's.
    root: {
      path: 'rootfs',
      readonly: config.linux?.security_context?.readonly_rootfs === true,
    },
    mounts: planMounts(input),
    annotations: config.annotations,
    linux: planLinux(input, process),
    ...((options?.domainname ?? '') === '' ? {} : { domainname: options?.domainname ?? '' }),
  };
}

function planLinux(input: PlanInput, process: Process): Linux {
  const { config, options, facts, cgroupPath, sandbox } = input;
  const privileged = config.linux?.security_context?.privileged === true;
  const seccomp = planSeccomp(input, process.capabilities?.bounding ?? []);
  const resources = planResources(config.linux?.resources, options);
  const uidMappings = sandbox.request?.uidMappings ?? [];
  const gidMappings = sandbox.request?.gidMappings ?? [];
  return {
    namespaces: planNamespaces(input),
    ...(uidMappings.length === 0 ? {} : { uidMappings, gidMappings }),
    devices: facts.devices.map(({ device }) => device),
    cgroupsPath: cgroupPath,
    resources: { ...resources, devices: planDeviceRules(input, privileged) },
    rootfsPropagation: planPropagation(input) ?? 'private',
    ...(seccomp === undefined ? {} : { seccomp }),
    ...planPaths(input, privileged),
  };
}

function planDeviceRules({ facts }: PlanInput, privileged: boolean): typeof defaultDeviceRules {
  if (privileged) return [{ allow: true, access: 'rwm' }];
  const own = facts.devices.map(({ device, access }) => ({
    allow: true,
    type: device.type === 'b' ? 'b' : 'c',
    ...(device.major === undefined ? {} : { major: device.major }),
    ...(device.minor === undefined ? {} : { minor: device.minor }),
    access,
  }));
  return [...defaultDeviceRules, ...own];
}

/**
 * A security context's lists count as they are, because "nothing masked" is sent as an empty list;
 * where there is no context, and for the command line, the usual ones apply.
 */
function planPaths(
  { config, options }: PlanInput,
  privileged: boolean,
): { maskedPaths: readonly string[]; readonlyPaths: readonly string[] } {
  if (privileged) return { maskedPaths: [], readonlyPaths: [] };
  const security = config.linux?.security_context;
  if (options !== undefined || security === undefined) return { maskedPaths, readonlyPaths };
  return { maskedPaths: security.masked_paths, readonlyPaths: security.readonly_paths };
}

import { maskedPaths, readonlyPaths } from '../../base/hidden-paths.ts';
import { DomainError } from '../../base/error.ts';
import type { Container, Pod, SeccompProfile } from '../../api/types/generated/core-v1.ts';
import {
  type Image,
  type LinuxContainerSecurityContext,
  type LinuxSandboxSecurityContext,
  NamespaceMode,
  type NamespaceOption,
  ProfileType,
  type SecurityProfile,
  SupplementalGroupsPolicy,
  type UserNamespace,
} from '../../cri/generated/runtime.ts';
import type { Draft } from '../../grpc/message.ts';
import { describePod } from './pod-containers.ts';

export interface SecuritySettings {
  /** Where profiles of type Localhost lie. */
  readonly seccompFolder: string;
  /** Whether a pod that says nothing gets the runtime's seccomp profile. */
  readonly seccompDefault: boolean;
}

/** Whom a container runs as, with what rights: its own words before its pod's. */
export function containerSecurity(
  { pod, container, image }: { pod: Pod; container: Container; image: Image | undefined },
  namespaces: NamespaceOption,
  settings: SecuritySettings,
): Draft<LinuxContainerSecurityContext> {
  const own = container.securityContext ?? {};
  const shared = pod.spec.securityContext ?? {};
  const privileged = own.privileged === true;
  const group = own.runAsGroup ?? shared.runAsGroup;
  const { add = [], drop = [] } = own.capabilities ?? {};
  const profile = own.seccompProfile ?? shared.seccompProfile;
  checkAppArmor(own.appArmorProfile?.type ?? shared.appArmorProfile?.type);
  const unmasked = privileged || own.procMount === 'Unmasked';
  return {
    ...userOf({ pod, container, image }),
    ...(group !== undefined && { run_as_group: { value: group } }),
    ...groupsOf(pod),
    privileged,
    readonly_rootfs: own.readOnlyRootFilesystem === true,
    no_new_privs: own.allowPrivilegeEscalation === false,
    capabilities: { add_capabilities: [...add], drop_capabilities: [...drop] },
    namespace_options: namespaces,
    masked_paths: unmasked ? [] : maskedPaths,
    readonly_paths: unmasked ? [] : readonlyPaths,
    seccomp: privileged ? unconfined : seccompOf(profile, settings),
    selinux_options: own.seLinuxOptions ?? shared.seLinuxOptions,
  };
}

/** The sandbox's own process needs little: it runs as the pod says, under the default profile. */
export function sandboxSecurity(
  pod: Pod,
  namespaces: NamespaceOption,
): Draft<LinuxSandboxSecurityContext> {
  const { runAsUser, runAsGroup, seLinuxOptions } = pod.spec.securityContext ?? {};
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const privileged = containers.some(({ securityContext }) => securityContext?.privileged === true);
  return {
    namespace_options: namespaces,
    privileged,
    ...(runAsUser !== undefined && { run_as_user: { value: runAsUser } }),
    ...(runAsGroup !== undefined && { run_as_group: { value: runAsGroup } }),
    ...groupsOf(pod),
    seccomp: privileged ? unconfined : { profile_type: ProfileType.RuntimeDefault },
    selinux_options: seLinuxOptions,
  };
}

/** Which namespaces are the pod's, the container's, the node's, or another container's. */
export function namespacesOf(pod: Pod, target = '', users?: UserNamespace): NamespaceOption {
  const { spec } = pod;
  const { NODE, POD, CONTAINER, TARGET } = NamespaceMode;
  const pid = spec.hostPID === true ? NODE : spec.shareProcessNamespace === true ? POD : CONTAINER;
  return {
    network: spec.hostNetwork === true ? NODE : POD,
    ipc: spec.hostIPC === true ? NODE : POD,
    pid: target === '' || pid !== CONTAINER ? pid : TARGET,
    target_id: pid === CONTAINER ? target : '',
    ...(users !== undefined && { userns_options: users }),
  };
}

interface Whom {
  readonly pod: Pod;
  readonly container: Container;
  readonly image: Image | undefined;
}

function userOf({ pod, container, image }: Whom): Draft<LinuxContainerSecurityContext> {
  const own = container.securityContext ?? {};
  const shared = pod.spec.securityContext ?? {};
  const user = own.runAsUser ?? shared.runAsUser;
  const mustNotBeRoot = own.runAsNonRoot ?? shared.runAsNonRoot ?? false;
  const about = `(pod: "${describePod(pod)}", container: ${container.name})`;
  if (user !== undefined) {
    if (mustNotBeRoot && user === 0) {
      throw refused(`container's runAsUser breaks non-root policy ${about}`);
    }
    return { run_as_user: { value: user } };
  }
  const { uid, username = '' } = image ?? {};
  if (mustNotBeRoot) {
    if (uid === undefined && username !== '') {
      const why = 'cannot verify user is non-root';
      throw refused(
        `container has runAsNonRoot and image has non-numeric user (${username}), ${why} ${about}`,
      );
    }
    if (uid === undefined || uid.value === 0) {
      throw refused(`container has runAsNonRoot and image will run as root ${about}`);
    }
  }
  if (uid !== undefined) return { run_as_user: { value: uid.value } };
  return username === '' ? {} : { run_as_username: username };
}

function groupsOf(pod: Pod) {
  const {
    supplementalGroups = [],
    fsGroup,
    supplementalGroupsPolicy,
  } = pod.spec.securityContext ?? {};
  const strict = supplementalGroupsPolicy === 'Strict';
  return {
    supplemental_groups: [...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])],
    supplemental_groups_policy: strict
      ? SupplementalGroupsPolicy.Strict
      : SupplementalGroupsPolicy.Merge,
  };
}

const unconfined: SecurityProfile = { profile_type: ProfileType.Unconfined, localhost_ref: '' };

function seccompOf(
  profile: SeccompProfile | undefined,
  { seccompFolder, seccompDefault }: SecuritySettings,
): SecurityProfile {
  const type = profile?.type ?? (seccompDefault ? 'RuntimeDefault' : 'Unconfined');
  if (type === 'Localhost') {
    const path = profile?.localhostProfile ?? '';
    if (path === '' || path.startsWith('/') || path.split('/').includes('..')) {
      throw refused(`localhostProfile "${path}" is not a path below the profile folder`);
    }
    return { profile_type: ProfileType.Localhost, localhost_ref: `${seccompFolder}/${path}` };
  }
  return type === 'RuntimeDefault'
    ? { profile_type: ProfileType.RuntimeDefault, localhost_ref: '' }
    : unconfined;
}

function checkAppArmor(type: string | undefined): void {
  if (type === undefined || type === 'Unconfined' || type === 'RuntimeDefault') return;
  throw new DomainError('unsupported', `AppArmor profiles of type ${type} are not supported`);
}

function refused(words: string): DomainError {
  return new DomainError('invalid', words);
}

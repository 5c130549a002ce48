/** Made of src/cri/runtime.proto by scripts/generate-proto.ts; not to be edited. */
import type { Message, Method } from '../../grpc/message.ts';

export interface IDMapping {
  host_id: number;
  container_id: number;
  length: number;
}
export const IDMapping: Message<IDMapping> = {
  name: 'IDMapping',
  fields: () => [
    [1, 'host_id', 'uint32', 'plain'],
    [2, 'container_id', 'uint32', 'plain'],
    [3, 'length', 'uint32', 'plain'],
  ],
};

export const NamespaceMode = {
  POD: 0,
  CONTAINER: 1,
  NODE: 2,
  TARGET: 3,
} as const;

export interface UserNamespace {
  mode: number;
  uids: IDMapping[];
  gids: IDMapping[];
}
export const UserNamespace: Message<UserNamespace> = {
  name: 'UserNamespace',
  fields: () => [
    [1, 'mode', 'int32', 'plain'],
    [2, 'uids', 'message', 'repeated', IDMapping],
    [3, 'gids', 'message', 'repeated', IDMapping],
  ],
};

export interface NamespaceOption {
  network: number;
  pid: number;
  ipc: number;
  target_id: string;
  userns_options?: UserNamespace | undefined;
}
export const NamespaceOption: Message<NamespaceOption> = {
  name: 'NamespaceOption',
  fields: () => [
    [1, 'network', 'int32', 'plain'],
    [2, 'pid', 'int32', 'plain'],
    [3, 'ipc', 'int32', 'plain'],
    [4, 'target_id', 'string', 'plain'],
    [5, 'userns_options', 'message', 'optional', UserNamespace],
  ],
};

export const SupplementalGroupsPolicy = {
  Merge: 0,
  Strict: 1,
} as const;

export interface Int64Value {
  value: number;
}
export const Int64Value: Message<Int64Value> = {
  name: 'Int64Value',
  fields: () => [
    [1, 'value', 'int64', 'plain'],
  ],
};

export const ProfileType = {
  RuntimeDefault: 0,
  Unconfined: 1,
  Localhost: 2,
} as const;

export interface SecurityProfile {
  profile_type: number;
  localhost_ref: string;
}
export const SecurityProfile: Message<SecurityProfile> = {
  name: 'SecurityProfile',
  fields: () => [
    [1, 'profile_type', 'int32', 'plain'],
    [2, 'localhost_ref', 'string', 'plain'],
  ],
};

export interface Namespace {
  options?: NamespaceOption | undefined;
}
export const Namespace: Message<Namespace> = {
  name: 'Namespace',
  fields: () => [
    [2, 'options', 'message', 'optional', NamespaceOption],
  ],
};

export interface KeyValue {
  key: string;
  value: Uint8Array;
}
export const KeyValue: Message<KeyValue> = {
  name: 'KeyValue',
  fields: () => [
    [1, 'key', 'string', 'plain'],
    [2, 'value', 'bytes', 'plain'],
  ],
};

export interface SELinuxOption {
  user: string;
  role: string;
  type: string;
  level: string;
}
export const SELinuxOption: Message<SELinuxOption> = {
  name: 'SELinuxOption',
  fields: () => [
    [1, 'user', 'string', 'plain'],
    [2, 'role', 'string', 'plain'],
    [3, 'type', 'string', 'plain'],
    [4, 'level', 'string', 'plain'],
  ],
};

export interface Capability {
  add_capabilities: string[];
  drop_capabilities: string[];
  add_ambient_capabilities: string[];
}
export const Capability: Message<Capability> = {
  name: 'Capability',
  fields: () => [
    [1, 'add_capabilities', 'string', 'repeated'],
    [2, 'drop_capabilities', 'string', 'repeated'],
    [3, 'add_ambient_capabilities', 'string', 'repeated'],
  ],
};

export const Signal = {
  SIGNAL_RUNTIME_DEFAULT: 0,
  SIGNAL_SIGABRT: 1,
  SIGNAL_SIGALRM: 2,
  SIGNAL_SIGBUS: 3,
  SIGNAL_SIGCHLD: 4,
  SIGNAL_SIGCLD: 5,
  SIGNAL_SIGCONT: 6,
  SIGNAL_SIGFPE: 7,
  SIGNAL_SIGHUP: 8,
  SIGNAL_SIGILL: 9,
  SIGNAL_SIGINT: 10,
  SIGNAL_SIGIO: 11,
  SIGNAL_SIGIOT: 12,
  SIGNAL_SIGKILL: 13,
  SIGNAL_SIGPIPE: 14,
  SIGNAL_SIGPOLL: 15,
  SIGNAL_SIGPROF: 16,
  SIGNAL_SIGPWR: 17,
  SIGNAL_SIGQUIT: 18,
  SIGNAL_SIGSEGV: 19,
  SIGNAL_SIGSTKFLT: 20,
  SIGNAL_SIGSTOP: 21,
  SIGNAL_SIGSYS: 22,
  SIGNAL_SIGTERM: 23,
  SIGNAL_SIGTRAP: 24,
  SIGNAL_SIGTSTP: 25,
  SIGNAL_SIGTTIN: 26,
  SIGNAL_SIGTTOU: 27,
  SIGNAL_SIGURG: 28,
  SIGNAL_SIGUSR1: 29,
  SIGNAL_SIGUSR2: 30,
  SIGNAL_SIGVTALRM: 31,
  SIGNAL_SIGWINCH: 32,
  SIGNAL_SIGXCPU: 33,
  SIGNAL_SIGXFSZ: 34,
  SIGNAL_SIGRTMIN: 35,
  SIGNAL_SIGRTMINPLUS1: 36,
  SIGNAL_SIGRTMINPLUS2: 37,
  SIGNAL_SIGRTMINPLUS3: 38,
  SIGNAL_SIGRTMINPLUS4: 39,
  SIGNAL_SIGRTMINPLUS5: 40,
  SIGNAL_SIGRTMINPLUS6: 41,
  SIGNAL_SIGRTMINPLUS7: 42,
  SIGNAL_SIGRTMINPLUS8: 43,
  SIGNAL_SIGRTMINPLUS9: 44,
  SIGNAL_SIGRTMINPLUS10: 45,
  SIGNAL_SIGRTMINPLUS11: 46,
  SIGNAL_SIGRTMINPLUS12: 47,
  SIGNAL_SIGRTMINPLUS13: 48,
  SIGNAL_SIGRTMINPLUS14: 49,
  SIGNAL_SIGRTMINPLUS15: 50,
  SIGNAL_SIGRTMAXMINUS14: 51,
  SIGNAL_SIGRTMAXMINUS13: 52,
  SIGNAL_SIGRTMAXMINUS12: 53,
  SIGNAL_SIGRTMAXMINUS11: 54,
  SIGNAL_SIGRTMAXMINUS10: 55,
  SIGNAL_SIGRTMAXMINUS9: 56,
  SIGNAL_SIGRTMAXMINUS8: 57,
  SIGNAL_SIGRTMAXMINUS7: 58,
  SIGNAL_SIGRTMAXMINUS6: 59,
  SIGNAL_SIGRTMAXMINUS5: 60,
  SIGNAL_SIGRTMAXMINUS4: 61,
  SIGNAL_SIGRTMAXMINUS3: 62,
  SIGNAL_SIGRTMAXMINUS2: 63,
  SIGNAL_SIGRTMAXMINUS1: 64,
  SIGNAL_SIGRTMAX: 65,
} as const;

export interface UInt64Value {
  value: number;
}
export const UInt64Value: Message<UInt64Value> = {
  name: 'UInt64Value',
  fields: () => [
    [1, 'value', 'uint64', 'plain'],
  ],
};

export interface VersionRequest {
  version: string;
}
export const VersionRequest: Message<VersionRequest> = {
  name: 'VersionRequest',
  fields: () => [
    [1, 'version', 'string', 'plain'],
  ],
};

export interface VersionResponse {
  version: string;
  runtime_name: string;
  runtime_version: string;
  runtime_api_version: string;
}
export const VersionResponse: Message<VersionResponse> = {
  name: 'VersionResponse',
  fields: () => [
    [1, 'version', 'string', 'plain'],
    [2, 'runtime_name', 'string', 'plain'],
    [3, 'runtime_version', 'string', 'plain'],
    [4, 'runtime_api_version', 'string', 'plain'],
  ],
};

export interface NetworkConfig {
  pod_cidr: string;
}
export const NetworkConfig: Message<NetworkConfig> = {
  name: 'NetworkConfig',
  fields: () => [
    [1, 'pod_cidr', 'string', 'plain'],
  ],
};

export interface RuntimeConfig {
  network_config?: NetworkConfig | undefined;
}
export const RuntimeConfig: Message<RuntimeConfig> = {
  name: 'RuntimeConfig',
  fields: () => [
    [1, 'network_config', 'message', 'optional', NetworkConfig],
  ],
};

export interface UpdateRuntimeConfigRequest {
  runtime_config?: RuntimeConfig | undefined;
}
export const UpdateRuntimeConfigRequest: Message<UpdateRuntimeConfigRequest> = {
  name: 'UpdateRuntimeConfigRequest',
  fields: () => [
    [1, 'runtime_config', 'message', 'optional', RuntimeConfig],
  ],
};

export interface UpdateRuntimeConfigResponse {

}
export const UpdateRuntimeConfigResponse: Message<UpdateRuntimeConfigResponse> = {
  name: 'UpdateRuntimeConfigResponse',
  fields: () => [

  ],
};

export interface RuntimeCondition {
  type: string;
  status: boolean;
  reason: string;
  message: string;
}
export const RuntimeCondition: Message<RuntimeCondition> = {
  name: 'RuntimeCondition',
  fields: () => [
    [1, 'type', 'string', 'plain'],
    [2, 'status', 'bool', 'plain'],
    [3, 'reason', 'string', 'plain'],
    [4, 'message', 'string', 'plain'],
  ],
};

export interface RuntimeStatus {
  conditions: RuntimeCondition[];
}
export const RuntimeStatus: Message<RuntimeStatus> = {
  name: 'RuntimeStatus',
  fields: () => [
    [1, 'conditions', 'message', 'repeated', RuntimeCondition],
  ],
};

export interface StatusRequest {
  verbose: boolean;
}
export const StatusRequest: Message<StatusRequest> = {
  name: 'StatusRequest',
  fields: () => [
    [1, 'verbose', 'bool', 'plain'],
  ],
};

export interface RuntimeHandlerFeatures {
  recursive_read_only_mounts: boolean;
  user_namespaces: boolean;
}
export const RuntimeHandlerFeatures: Message<RuntimeHandlerFeatures> = {
  name: 'RuntimeHandlerFeatures',
  fields: () => [
    [1, 'recursive_read_only_mounts', 'bool', 'plain'],
    [2, 'user_namespaces', 'bool', 'plain'],
  ],
};

export interface RuntimeHandler {
  name: string;
  features?: RuntimeHandlerFeatures | undefined;
}
export const RuntimeHandler: Message<RuntimeHandler> = {
  name: 'RuntimeHandler',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'features', 'message', 'optional', RuntimeHandlerFeatures],
  ],
};

export interface RuntimeFeatures {
  supplemental_groups_policy: boolean;
  user_namespaces_host_network: boolean;
  mount_options: boolean;
}
export const RuntimeFeatures: Message<RuntimeFeatures> = {
  name: 'RuntimeFeatures',
  fields: () => [
    [1, 'supplemental_groups_policy', 'bool', 'plain'],
    [2, 'user_namespaces_host_network', 'bool', 'plain'],
    [3, 'mount_options', 'bool', 'plain'],
  ],
};

export interface StatusResponse {
  status?: RuntimeStatus | undefined;
  info: Record<string, string>;
  runtime_handlers: RuntimeHandler[];
  features?: RuntimeFeatures | undefined;
}
export const StatusResponse: Message<StatusResponse> = {
  name: 'StatusResponse',
  fields: () => [
    [1, 'status', 'message', 'optional', RuntimeStatus],
    [2, 'info', 'string', 'map'],
    [3, 'runtime_handlers', 'message', 'repeated', RuntimeHandler],
    [4, 'features', 'message', 'optional', RuntimeFeatures],
  ],
};

export interface RuntimeConfigRequest {

}
export const RuntimeConfigRequest: Message<RuntimeConfigRequest> = {
  name: 'RuntimeConfigRequest',
  fields: () => [

  ],
};

export interface RuntimeConfigResponse {
  linux?: LinuxRuntimeConfiguration | undefined;
}
export const RuntimeConfigResponse: Message<RuntimeConfigResponse> = {
  name: 'RuntimeConfigResponse',
  fields: () => [
    [1, 'linux', 'message', 'optional', LinuxRuntimeConfiguration],
  ],
};

export interface LinuxRuntimeConfiguration {
  cgroup_driver: number;
}
export const LinuxRuntimeConfiguration: Message<LinuxRuntimeConfiguration> = {
  name: 'LinuxRuntimeConfiguration',
  fields: () => [
    [1, 'cgroup_driver', 'int32', 'plain'],
  ],
};

export const CgroupDriver = {
  SYSTEMD: 0,
  CGROUPFS: 1,
} as const;

export interface LinuxContainerResources {
  cpu_period: number;
  cpu_quota: number;
  cpu_shares: number;
  memory_limit_in_bytes: number;
  oom_score_adj: number;
  cpuset_cpus: string;
  cpuset_mems: string;
  hugepage_limits: HugepageLimit[];
  unified: Record<string, string>;
  memory_swap_limit_in_bytes: number;
}
export const LinuxContainerResources: Message<LinuxContainerResources> = {
  name: 'LinuxContainerResources',
  fields: () => [
    [1, 'cpu_period', 'int64', 'plain'],
    [2, 'cpu_quota', 'int64', 'plain'],
    [3, 'cpu_shares', 'int64', 'plain'],
    [4, 'memory_limit_in_bytes', 'int64', 'plain'],
    [5, 'oom_score_adj', 'int64', 'plain'],
    [6, 'cpuset_cpus', 'string', 'plain'],
    [7, 'cpuset_mems', 'string', 'plain'],
    [8, 'hugepage_limits', 'message', 'repeated', HugepageLimit],
    [9, 'unified', 'string', 'map'],
    [10, 'memory_swap_limit_in_bytes', 'int64', 'plain'],
  ],
};

export interface HugepageLimit {
  page_size: string;
  limit: number;
}
export const HugepageLimit: Message<HugepageLimit> = {
  name: 'HugepageLimit',
  fields: () => [
    [1, 'page_size', 'string', 'plain'],
    [2, 'limit', 'uint64', 'plain'],
  ],
};

export interface ContainerResources {
  linux?: LinuxContainerResources | undefined;
  windows?: WindowsContainerResources | undefined;
}
export const ContainerResources: Message<ContainerResources> = {
  name: 'ContainerResources',
  fields: () => [
    [1, 'linux', 'message', 'optional', LinuxContainerResources],
    [2, 'windows', 'message', 'optional', WindowsContainerResources],
  ],
};

export interface UpdateContainerResourcesRequest {
  container_id: string;
  linux?: LinuxContainerResources | undefined;
  windows?: WindowsContainerResources | undefined;
  annotations: Record<string, string>;
}
export const UpdateContainerResourcesRequest: Message<UpdateContainerResourcesRequest> = {
  name: 'UpdateContainerResourcesRequest',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
    [2, 'linux', 'message', 'optional', LinuxContainerResources],
    [3, 'windows', 'message', 'optional', WindowsContainerResources],
    [4, 'annotations', 'string', 'map'],
  ],
};

export interface UpdateContainerResourcesResponse {

}
export const UpdateContainerResourcesResponse: Message<UpdateContainerResourcesResponse> = {
  name: 'UpdateContainerResourcesResponse',
  fields: () => [

  ],
};

export interface UpdatePodSandboxResourcesRequest {
  pod_sandbox_id: string;
  overhead?: LinuxContainerResources | undefined;
  resources?: LinuxContainerResources | undefined;
}
export const UpdatePodSandboxResourcesRequest: Message<UpdatePodSandboxResourcesRequest> = {
  name: 'UpdatePodSandboxResourcesRequest',
  fields: () => [
    [1, 'pod_sandbox_id', 'string', 'plain'],
    [2, 'overhead', 'message', 'optional', LinuxContainerResources],
    [3, 'resources', 'message', 'optional', LinuxContainerResources],
  ],
};

export interface UpdatePodSandboxResourcesResponse {

}
export const UpdatePodSandboxResourcesResponse: Message<UpdatePodSandboxResourcesResponse> = {
  name: 'UpdatePodSandboxResourcesResponse',
  fields: () => [

  ],
};

export interface DNSConfig {
  servers: string[];
  searches: string[];
  options: string[];
}
export const DNSConfig: Message<DNSConfig> = {
  name: 'DNSConfig',
  fields: () => [
    [1, 'servers', 'string', 'repeated'],
    [2, 'searches', 'string', 'repeated'],
    [3, 'options', 'string', 'repeated'],
  ],
};

export const Protocol = {
  TCP: 0,
  UDP: 1,
  SCTP: 2,
} as const;

export interface PortMapping {
  protocol: number;
  container_port: number;
  host_port: number;
  host_ip: string;
}
export const PortMapping: Message<PortMapping> = {
  name: 'PortMapping',
  fields: () => [
    [1, 'protocol', 'int32', 'plain'],
    [2, 'container_port', 'int32', 'plain'],
    [3, 'host_port', 'int32', 'plain'],
    [4, 'host_ip', 'string', 'plain'],
  ],
};

export interface LinuxSandboxSecurityContext {
  namespace_options?: NamespaceOption | undefined;
  selinux_options?: SELinuxOption | undefined;
  run_as_user?: Int64Value | undefined;
  readonly_rootfs: boolean;
  supplemental_groups: number[];
  privileged: boolean;
  seccomp_profile_path: string;
  run_as_group?: Int64Value | undefined;
  seccomp?: SecurityProfile | undefined;
  apparmor?: SecurityProfile | undefined;
  supplemental_groups_policy: number;
}
export const LinuxSandboxSecurityContext: Message<LinuxSandboxSecurityContext> = {
  name: 'LinuxSandboxSecurityContext',
  fields: () => [
    [1, 'namespace_options', 'message', 'optional', NamespaceOption],
    [2, 'selinux_options', 'message', 'optional', SELinuxOption],
    [3, 'run_as_user', 'message', 'optional', Int64Value],
    [4, 'readonly_rootfs', 'bool', 'plain'],
    [5, 'supplemental_groups', 'int64', 'repeated'],
    [6, 'privileged', 'bool', 'plain'],
    [7, 'seccomp_profile_path', 'string', 'plain'],
    [8, 'run_as_group', 'message', 'optional', Int64Value],
    [9, 'seccomp', 'message', 'optional', SecurityProfile],
    [10, 'apparmor', 'message', 'optional', SecurityProfile],
    [11, 'supplemental_groups_policy', 'int32', 'plain'],
  ],
};

export interface LinuxPodSandboxConfig {
  cgroup_parent: string;
  security_context?: LinuxSandboxSecurityContext | undefined;
  sysctls: Record<string, string>;
  overhead?: LinuxContainerResources | undefined;
  resources?: LinuxContainerResources | undefined;
}
export const LinuxPodSandboxConfig: Message<LinuxPodSandboxConfig> = {
  name: 'LinuxPodSandboxConfig',
  fields: () => [
    [1, 'cgroup_parent', 'string', 'plain'],
    [2, 'security_context', 'message', 'optional', LinuxSandboxSecurityContext],
    [3, 'sysctls', 'string', 'map'],
    [4, 'overhead', 'message', 'optional', LinuxContainerResources],
    [5, 'resources', 'message', 'optional', LinuxContainerResources],
  ],
};

export interface PodSandboxMetadata {
  name: string;
  uid: string;
  namespace: string;
  attempt: number;
}
export const PodSandboxMetadata: Message<PodSandboxMetadata> = {
  name: 'PodSandboxMetadata',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'uid', 'string', 'plain'],
    [3, 'namespace', 'string', 'plain'],
    [4, 'attempt', 'uint32', 'plain'],
  ],
};

export interface PodSandboxConfig {
  metadata?: PodSandboxMetadata | undefined;
  hostname: string;
  log_directory: string;
  dns_config?: DNSConfig | undefined;
  port_mappings: PortMapping[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  linux?: LinuxPodSandboxConfig | undefined;
  windows?: WindowsPodSandboxConfig | undefined;
}
export const PodSandboxConfig: Message<PodSandboxConfig> = {
  name: 'PodSandboxConfig',
  fields: () => [
    [1, 'metadata', 'message', 'optional', PodSandboxMetadata],
    [2, 'hostname', 'string', 'plain'],
    [3, 'log_directory', 'string', 'plain'],
    [4, 'dns_config', 'message', 'optional', DNSConfig],
    [5, 'port_mappings', 'message', 'repeated', PortMapping],
    [6, 'labels', 'string', 'map'],
    [7, 'annotations', 'string', 'map'],
    [8, 'linux', 'message', 'optional', LinuxPodSandboxConfig],
    [9, 'windows', 'message', 'optional', WindowsPodSandboxConfig],
  ],
};

export interface RunPodSandboxRequest {
  config?: PodSandboxConfig | undefined;
  runtime_handler: string;
}
export const RunPodSandboxRequest: Message<RunPodSandboxRequest> = {
  name: 'RunPodSandboxRequest',
  fields: () => [
    [1, 'config', 'message', 'optional', PodSandboxConfig],
    [2, 'runtime_handler', 'string', 'plain'],
  ],
};

export interface RunPodSandboxResponse {
  pod_sandbox_id: string;
}
export const RunPodSandboxResponse: Message<RunPodSandboxResponse> = {
  name: 'RunPodSandboxResponse',
  fields: () => [
    [1, 'pod_sandbox_id', 'string', 'plain'],
  ],
};

export interface StopPodSandboxRequest {
  pod_sandbox_id: string;
}
export const StopPodSandboxRequest: Message<StopPodSandboxRequest> = {
  name: 'StopPodSandboxRequest',
  fields: () => [
    [1, 'pod_sandbox_id', 'string', 'plain'],
  ],
};

export interface StopPodSandboxResponse {

}
export const StopPodSandboxResponse: Message<StopPodSandboxResponse> = {
  name: 'StopPodSandboxResponse',
  fields: () => [

  ],
};

export interface RemovePodSandboxRequest {
  pod_sandbox_id: string;
}
export const RemovePodSandboxRequest: Message<RemovePodSandboxRequest> = {
  name: 'RemovePodSandboxRequest',
  fields: () => [
    [1, 'pod_sandbox_id', 'string', 'plain'],
  ],
};

export interface RemovePodSandboxResponse {

}
export const RemovePodSandboxResponse: Message<RemovePodSandboxResponse> = {
  name: 'RemovePodSandboxResponse',
  fields: () => [

  ],
};

export interface PodSandboxStatusRequest {
  pod_sandbox_id: string;
  verbose: boolean;
}
export const PodSandboxStatusRequest: Message<PodSandboxStatusRequest> = {
  name: 'PodSandboxStatusRequest',
  fields: () => [
    [1, 'pod_sandbox_id', 'string', 'plain'],
    [2, 'verbose', 'bool', 'plain'],
  ],
};

export interface PodIP {
  ip: string;
}
export const PodIP: Message<PodIP> = {
  name: 'PodIP',
  fields: () => [
    [1, 'ip', 'string', 'plain'],
  ],
};

export interface PodSandboxNetworkStatus {
  ip: string;
  additional_ips: PodIP[];
}
export const PodSandboxNetworkStatus: Message<PodSandboxNetworkStatus> = {
  name: 'PodSandboxNetworkStatus',
  fields: () => [
    [1, 'ip', 'string', 'plain'],
    [2, 'additional_ips', 'message', 'repeated', PodIP],
  ],
};

export interface LinuxPodSandboxStatus {
  namespaces?: Namespace | undefined;
}
export const LinuxPodSandboxStatus: Message<LinuxPodSandboxStatus> = {
  name: 'LinuxPodSandboxStatus',
  fields: () => [
    [1, 'namespaces', 'message', 'optional', Namespace],
  ],
};

export const PodSandboxState = {
  SANDBOX_READY: 0,
  SANDBOX_NOTREADY: 1,
} as const;

export interface PodSandboxStatus {
  id: string;
  metadata?: PodSandboxMetadata | undefined;
  state: number;
  created_at: number;
  network?: PodSandboxNetworkStatus | undefined;
  linux?: LinuxPodSandboxStatus | undefined;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  runtime_handler: string;
}
export const PodSandboxStatus: Message<PodSandboxStatus> = {
  name: 'PodSandboxStatus',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'metadata', 'message', 'optional', PodSandboxMetadata],
    [3, 'state', 'int32', 'plain'],
    [4, 'created_at', 'int64', 'plain'],
    [5, 'network', 'message', 'optional', PodSandboxNetworkStatus],
    [6, 'linux', 'message', 'optional', LinuxPodSandboxStatus],
    [7, 'labels', 'string', 'map'],
    [8, 'annotations', 'string', 'map'],
    [9, 'runtime_handler', 'string', 'plain'],
  ],
};

export interface PodSandboxStatusResponse {
  status?: PodSandboxStatus | undefined;
  info: Record<string, string>;
  containers_statuses: ContainerStatus[];
  timestamp: number;
}
export const PodSandboxStatusResponse: Message<PodSandboxStatusResponse> = {
  name: 'PodSandboxStatusResponse',
  fields: () => [
    [1, 'status', 'message', 'optional', PodSandboxStatus],
    [2, 'info', 'string', 'map'],
    [3, 'containers_statuses', 'message', 'repeated', ContainerStatus],
    [4, 'timestamp', 'int64', 'plain'],
  ],
};

export interface PodSandboxStateValue {
  state: number;
}
export const PodSandboxStateValue: Message<PodSandboxStateValue> = {
  name: 'PodSandboxStateValue',
  fields: () => [
    [1, 'state', 'int32', 'plain'],
  ],
};

export interface PodSandboxFilter {
  id: string;
  state?: PodSandboxStateValue | undefined;
  label_selector: Record<string, string>;
}
export const PodSandboxFilter: Message<PodSandboxFilter> = {
  name: 'PodSandboxFilter',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'state', 'message', 'optional', PodSandboxStateValue],
    [3, 'label_selector', 'string', 'map'],
  ],
};

export interface ListPodSandboxRequest {
  filter?: PodSandboxFilter | undefined;
}
export const ListPodSandboxRequest: Message<ListPodSandboxRequest> = {
  name: 'ListPodSandboxRequest',
  fields: () => [
    [1, 'filter', 'message', 'optional', PodSandboxFilter],
  ],
};

export interface PodSandbox {
  id: string;
  metadata?: PodSandboxMetadata | undefined;
  state: number;
  created_at: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  runtime_handler: string;
}
export const PodSandbox: Message<PodSandbox> = {
  name: 'PodSandbox',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'metadata', 'message', 'optional', PodSandboxMetadata],
    [3, 'state', 'int32', 'plain'],
    [4, 'created_at', 'int64', 'plain'],
    [5, 'labels', 'string', 'map'],
    [6, 'annotations', 'string', 'map'],
    [7, 'runtime_handler', 'string', 'plain'],
  ],
};

export interface ListPodSandboxResponse {
  items: PodSandbox[];
}
export const ListPodSandboxResponse: Message<ListPodSandboxResponse> = {
  name: 'ListPodSandboxResponse',
  fields: () => [
    [1, 'items', 'message', 'repeated', PodSandbox],
  ],
};

export interface StreamPodSandboxesRequest {
  filter?: PodSandboxFilter | undefined;
}
export const StreamPodSandboxesRequest: Message<StreamPodSandboxesRequest> = {
  name: 'StreamPodSandboxesRequest',
  fields: () => [
    [1, 'filter', 'message', 'optional', PodSandboxFilter],
  ],
};

export interface StreamPodSandboxesResponse {
  pod_sandboxes: PodSandbox[];
}
export const StreamPodSandboxesResponse: Message<StreamPodSandboxesResponse> = {
  name: 'StreamPodSandboxesResponse',
  fields: () => [
    [1, 'pod_sandboxes', 'message', 'repeated', PodSandbox],
  ],
};

export const MountPropagation = {
  PROPAGATION_PRIVATE: 0,
  PROPAGATION_HOST_TO_CONTAINER: 1,
  PROPAGATION_BIDIRECTIONAL: 2,
} as const;

export interface Mount {
  container_path: string;
  host_path: string;
  readonly: boolean;
  selinux_relabel: boolean;
  propagation: number;
  uidMappings: IDMapping[];
  gidMappings: IDMapping[];
  recursive_read_only: boolean;
  image?: ImageSpec | undefined;
  image_sub_path: string;
  mount_options: string[];
}
export const Mount: Message<Mount> = {
  name: 'Mount',
  fields: () => [
    [1, 'container_path', 'string', 'plain'],
    [2, 'host_path', 'string', 'plain'],
    [3, 'readonly', 'bool', 'plain'],
    [4, 'selinux_relabel', 'bool', 'plain'],
    [5, 'propagation', 'int32', 'plain'],
    [6, 'uidMappings', 'message', 'repeated', IDMapping],
    [7, 'gidMappings', 'message', 'repeated', IDMapping],
    [8, 'recursive_read_only', 'bool', 'plain'],
    [9, 'image', 'message', 'optional', ImageSpec],
    [10, 'image_sub_path', 'string', 'plain'],
    [11, 'mount_options', 'string', 'repeated'],
  ],
};

export interface ImageSpec {
  image: string;
  annotations: Record<string, string>;
  user_specified_image: string;
  runtime_handler: string;
  image_ref: string;
}
export const ImageSpec: Message<ImageSpec> = {
  name: 'ImageSpec',
  fields: () => [
    [1, 'image', 'string', 'plain'],
    [2, 'annotations', 'string', 'map'],
    [18, 'user_specified_image', 'string', 'plain'],
    [19, 'runtime_handler', 'string', 'plain'],
    [20, 'image_ref', 'string', 'plain'],
  ],
};

export interface LinuxContainerSecurityContext {
  capabilities?: Capability | undefined;
  privileged: boolean;
  namespace_options?: NamespaceOption | undefined;
  selinux_options?: SELinuxOption | undefined;
  run_as_user?: Int64Value | undefined;
  run_as_username: string;
  readonly_rootfs: boolean;
  supplemental_groups: number[];
  apparmor_profile: string;
  seccomp_profile_path: string;
  no_new_privs: boolean;
  run_as_group?: Int64Value | undefined;
  masked_paths: string[];
  readonly_paths: string[];
  seccomp?: SecurityProfile | undefined;
  apparmor?: SecurityProfile | undefined;
  supplemental_groups_policy: number;
}
export const LinuxContainerSecurityContext: Message<LinuxContainerSecurityContext> = {
  name: 'LinuxContainerSecurityContext',
  fields: () => [
    [1, 'capabilities', 'message', 'optional', Capability],
    [2, 'privileged', 'bool', 'plain'],
    [3, 'namespace_options', 'message', 'optional', NamespaceOption],
    [4, 'selinux_options', 'message', 'optional', SELinuxOption],
    [5, 'run_as_user', 'message', 'optional', Int64Value],
    [6, 'run_as_username', 'string', 'plain'],
    [7, 'readonly_rootfs', 'bool', 'plain'],
    [8, 'supplemental_groups', 'int64', 'repeated'],
    [9, 'apparmor_profile', 'string', 'plain'],
    [10, 'seccomp_profile_path', 'string', 'plain'],
    [11, 'no_new_privs', 'bool', 'plain'],
    [12, 'run_as_group', 'message', 'optional', Int64Value],
    [13, 'masked_paths', 'string', 'repeated'],
    [14, 'readonly_paths', 'string', 'repeated'],
    [15, 'seccomp', 'message', 'optional', SecurityProfile],
    [16, 'apparmor', 'message', 'optional', SecurityProfile],
    [17, 'supplemental_groups_policy', 'int32', 'plain'],
  ],
};

export interface LinuxContainerConfig {
  resources?: LinuxContainerResources | undefined;
  security_context?: LinuxContainerSecurityContext | undefined;
}
export const LinuxContainerConfig: Message<LinuxContainerConfig> = {
  name: 'LinuxContainerConfig',
  fields: () => [
    [1, 'resources', 'message', 'optional', LinuxContainerResources],
    [2, 'security_context', 'message', 'optional', LinuxContainerSecurityContext],
  ],
};

export interface ContainerMetadata {
  name: string;
  attempt: number;
}
export const ContainerMetadata: Message<ContainerMetadata> = {
  name: 'ContainerMetadata',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'attempt', 'uint32', 'plain'],
  ],
};

export interface Device {
  container_path: string;
  host_path: string;
  permissions: string;
}
export const Device: Message<Device> = {
  name: 'Device',
  fields: () => [
    [1, 'container_path', 'string', 'plain'],
    [2, 'host_path', 'string', 'plain'],
    [3, 'permissions', 'string', 'plain'],
  ],
};

export interface CDIDevice {
  name: string;
}
export const CDIDevice: Message<CDIDevice> = {
  name: 'CDIDevice',
  fields: () => [
    [1, 'name', 'string', 'plain'],
  ],
};

export interface ContainerConfig {
  metadata?: ContainerMetadata | undefined;
  image?: ImageSpec | undefined;
  command: string[];
  args: string[];
  working_dir: string;
  envs: KeyValue[];
  mounts: Mount[];
  devices: Device[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  log_path: string;
  stdin: boolean;
  stdin_once: boolean;
  tty: boolean;
  linux?: LinuxContainerConfig | undefined;
  windows?: WindowsContainerConfig | undefined;
  CDI_devices: CDIDevice[];
  stop_signal: number;
}
export const ContainerConfig: Message<ContainerConfig> = {
  name: 'ContainerConfig',
  fields: () => [
    [1, 'metadata', 'message', 'optional', ContainerMetadata],
    [2, 'image', 'message', 'optional', ImageSpec],
    [3, 'command', 'string', 'repeated'],
    [4, 'args', 'string', 'repeated'],
    [5, 'working_dir', 'string', 'plain'],
    [6, 'envs', 'message', 'repeated', KeyValue],
    [7, 'mounts', 'message', 'repeated', Mount],
    [8, 'devices', 'message', 'repeated', Device],
    [9, 'labels', 'string', 'map'],
    [10, 'annotations', 'string', 'map'],
    [11, 'log_path', 'string', 'plain'],
    [12, 'stdin', 'bool', 'plain'],
    [13, 'stdin_once', 'bool', 'plain'],
    [14, 'tty', 'bool', 'plain'],
    [15, 'linux', 'message', 'optional', LinuxContainerConfig],
    [16, 'windows', 'message', 'optional', WindowsContainerConfig],
    [17, 'CDI_devices', 'message', 'repeated', CDIDevice],
    [18, 'stop_signal', 'int32', 'plain'],
  ],
};

export interface LinuxContainerUser {
  uid: number;
  gid: number;
  supplemental_groups: number[];
}
export const LinuxContainerUser: Message<LinuxContainerUser> = {
  name: 'LinuxContainerUser',
  fields: () => [
    [1, 'uid', 'int64', 'plain'],
    [2, 'gid', 'int64', 'plain'],
    [3, 'supplemental_groups', 'int64', 'repeated'],
  ],
};

export interface CreateContainerRequest {
  pod_sandbox_id: string;
  config?: ContainerConfig | undefined;
  sandbox_config?: PodSandboxConfig | undefined;
}
export const CreateContainerRequest: Message<CreateContainerRequest> = {
  name: 'CreateContainerRequest',
  fields: () => [
    [1, 'pod_sandbox_id', 'string', 'plain'],
    [2, 'config', 'message', 'optional', ContainerConfig],
    [3, 'sandbox_config', 'message', 'optional', PodSandboxConfig],
  ],
};

export interface CreateContainerResponse {
  container_id: string;
}
export const CreateContainerResponse: Message<CreateContainerResponse> = {
  name: 'CreateContainerResponse',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
  ],
};

export interface StartContainerRequest {
  container_id: string;
}
export const StartContainerRequest: Message<StartContainerRequest> = {
  name: 'StartContainerRequest',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
  ],
};

export interface StartContainerResponse {

}
export const StartContainerResponse: Message<StartContainerResponse> = {
  name: 'StartContainerResponse',
  fields: () => [

  ],
};

export interface StopContainerRequest {
  container_id: string;
  timeout: number;
}
export const StopContainerRequest: Message<StopContainerRequest> = {
  name: 'StopContainerRequest',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
    [2, 'timeout', 'int64', 'plain'],
  ],
};

export interface StopContainerResponse {

}
export const StopContainerResponse: Message<StopContainerResponse> = {
  name: 'StopContainerResponse',
  fields: () => [

  ],
};

export interface RemoveContainerRequest {
  container_id: string;
}
export const RemoveContainerRequest: Message<RemoveContainerRequest> = {
  name: 'RemoveContainerRequest',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
  ],
};

export interface RemoveContainerResponse {

}
export const RemoveContainerResponse: Message<RemoveContainerResponse> = {
  name: 'RemoveContainerResponse',
  fields: () => [

  ],
};

export const ContainerState = {
  CONTAINER_CREATED: 0,
  CONTAINER_RUNNING: 1,
  CONTAINER_EXITED: 2,
  CONTAINER_UNKNOWN: 3,
} as const;

export interface ContainerStateValue {
  state: number;
}
export const ContainerStateValue: Message<ContainerStateValue> = {
  name: 'ContainerStateValue',
  fields: () => [
    [1, 'state', 'int32', 'plain'],
  ],
};

export interface ContainerFilter {
  id: string;
  state?: ContainerStateValue | undefined;
  pod_sandbox_id: string;
  label_selector: Record<string, string>;
}
export const ContainerFilter: Message<ContainerFilter> = {
  name: 'ContainerFilter',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'state', 'message', 'optional', ContainerStateValue],
    [3, 'pod_sandbox_id', 'string', 'plain'],
    [4, 'label_selector', 'string', 'map'],
  ],
};

export interface ListContainersRequest {
  filter?: ContainerFilter | undefined;
}
export const ListContainersRequest: Message<ListContainersRequest> = {
  name: 'ListContainersRequest',
  fields: () => [
    [1, 'filter', 'message', 'optional', ContainerFilter],
  ],
};

export interface Container {
  id: string;
  pod_sandbox_id: string;
  metadata?: ContainerMetadata | undefined;
  image?: ImageSpec | undefined;
  image_ref: string;
  state: number;
  created_at: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  image_id: string;
}
export const Container: Message<Container> = {
  name: 'Container',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'pod_sandbox_id', 'string', 'plain'],
    [3, 'metadata', 'message', 'optional', ContainerMetadata],
    [4, 'image', 'message', 'optional', ImageSpec],
    [5, 'image_ref', 'string', 'plain'],
    [6, 'state', 'int32', 'plain'],
    [7, 'created_at', 'int64', 'plain'],
    [8, 'labels', 'string', 'map'],
    [9, 'annotations', 'string', 'map'],
    [10, 'image_id', 'string', 'plain'],
  ],
};

export interface ListContainersResponse {
  containers: Container[];
}
export const ListContainersResponse: Message<ListContainersResponse> = {
  name: 'ListContainersResponse',
  fields: () => [
    [1, 'containers', 'message', 'repeated', Container],
  ],
};

export interface StreamContainersRequest {
  filter?: ContainerFilter | undefined;
}
export const StreamContainersRequest: Message<StreamContainersRequest> = {
  name: 'StreamContainersRequest',
  fields: () => [
    [1, 'filter', 'message', 'optional', ContainerFilter],
  ],
};

export interface StreamContainersResponse {
  containers: Container[];
}
export const StreamContainersResponse: Message<StreamContainersResponse> = {
  name: 'StreamContainersResponse',
  fields: () => [
    [1, 'containers', 'message', 'repeated', Container],
  ],
};

export interface ContainerStatusRequest {
  container_id: string;
  verbose: boolean;
}
export const ContainerStatusRequest: Message<ContainerStatusRequest> = {
  name: 'ContainerStatusRequest',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
    [2, 'verbose', 'bool', 'plain'],
  ],
};

export interface ContainerStatus {
  id: string;
  metadata?: ContainerMetadata | undefined;
  state: number;
  created_at: number;
  started_at: number;
  finished_at: number;
  exit_code: number;
  image?: ImageSpec | undefined;
  image_ref: string;
  reason: string;
  message: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  mounts: Mount[];
  log_path: string;
  resources?: ContainerResources | undefined;
  image_id: string;
  user?: ContainerUser | undefined;
  stop_signal: number;
}
export const ContainerStatus: Message<ContainerStatus> = {
  name: 'ContainerStatus',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'metadata', 'message', 'optional', ContainerMetadata],
    [3, 'state', 'int32', 'plain'],
    [4, 'created_at', 'int64', 'plain'],
    [5, 'started_at', 'int64', 'plain'],
    [6, 'finished_at', 'int64', 'plain'],
    [7, 'exit_code', 'int32', 'plain'],
    [8, 'image', 'message', 'optional', ImageSpec],
    [9, 'image_ref', 'string', 'plain'],
    [10, 'reason', 'string', 'plain'],
    [11, 'message', 'string', 'plain'],
    [12, 'labels', 'string', 'map'],
    [13, 'annotations', 'string', 'map'],
    [14, 'mounts', 'message', 'repeated', Mount],
    [15, 'log_path', 'string', 'plain'],
    [16, 'resources', 'message', 'optional', ContainerResources],
    [17, 'image_id', 'string', 'plain'],
    [18, 'user', 'message', 'optional', ContainerUser],
    [19, 'stop_signal', 'int32', 'plain'],
  ],
};

export interface ContainerStatusResponse {
  status?: ContainerStatus | undefined;
  info: Record<string, string>;
}
export const ContainerStatusResponse: Message<ContainerStatusResponse> = {
  name: 'ContainerStatusResponse',
  fields: () => [
    [1, 'status', 'message', 'optional', ContainerStatus],
    [2, 'info', 'string', 'map'],
  ],
};

export interface ContainerUser {
  linux?: LinuxContainerUser | undefined;
}
export const ContainerUser: Message<ContainerUser> = {
  name: 'ContainerUser',
  fields: () => [
    [1, 'linux', 'message', 'optional', LinuxContainerUser],
  ],
};

export interface ReopenContainerLogRequest {
  container_id: string;
}
export const ReopenContainerLogRequest: Message<ReopenContainerLogRequest> = {
  name: 'ReopenContainerLogRequest',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
  ],
};

export interface ReopenContainerLogResponse {

}
export const ReopenContainerLogResponse: Message<ReopenContainerLogResponse> = {
  name: 'ReopenContainerLogResponse',
  fields: () => [

  ],
};

export interface ExecSyncRequest {
  container_id: string;
  cmd: string[];
  timeout: number;
}
export const ExecSyncRequest: Message<ExecSyncRequest> = {
  name: 'ExecSyncRequest',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
    [2, 'cmd', 'string', 'repeated'],
    [3, 'timeout', 'int64', 'plain'],
  ],
};

export interface ExecSyncResponse {
  stdout: Uint8Array;
  stderr: Uint8Array;
  exit_code: number;
}
export const ExecSyncResponse: Message<ExecSyncResponse> = {
  name: 'ExecSyncResponse',
  fields: () => [
    [1, 'stdout', 'bytes', 'plain'],
    [2, 'stderr', 'bytes', 'plain'],
    [3, 'exit_code', 'int32', 'plain'],
  ],
};

export interface ExecRequest {
  container_id: string;
  cmd: string[];
  tty: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}
export const ExecRequest: Message<ExecRequest> = {
  name: 'ExecRequest',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
    [2, 'cmd', 'string', 'repeated'],
    [3, 'tty', 'bool', 'plain'],
    [4, 'stdin', 'bool', 'plain'],
    [5, 'stdout', 'bool', 'plain'],
    [6, 'stderr', 'bool', 'plain'],
  ],
};

export interface ExecResponse {
  url: string;
}
export const ExecResponse: Message<ExecResponse> = {
  name: 'ExecResponse',
  fields: () => [
    [1, 'url', 'string', 'plain'],
  ],
};

export interface AttachRequest {
  container_id: string;
  stdin: boolean;
  tty: boolean;
  stdout: boolean;
  stderr: boolean;
}
export const AttachRequest: Message<AttachRequest> = {
  name: 'AttachRequest',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
    [2, 'stdin', 'bool', 'plain'],
    [3, 'tty', 'bool', 'plain'],
    [4, 'stdout', 'bool', 'plain'],
    [5, 'stderr', 'bool', 'plain'],
  ],
};

export interface AttachResponse {
  url: string;
}
export const AttachResponse: Message<AttachResponse> = {
  name: 'AttachResponse',
  fields: () => [
    [1, 'url', 'string', 'plain'],
  ],
};

export interface PortForwardRequest {
  pod_sandbox_id: string;
  port: number[];
}
export const PortForwardRequest: Message<PortForwardRequest> = {
  name: 'PortForwardRequest',
  fields: () => [
    [1, 'pod_sandbox_id', 'string', 'plain'],
    [2, 'port', 'int32', 'repeated'],
  ],
};

export interface PortForwardResponse {
  url: string;
}
export const PortForwardResponse: Message<PortForwardResponse> = {
  name: 'PortForwardResponse',
  fields: () => [
    [1, 'url', 'string', 'plain'],
  ],
};

export interface GetEventsRequest {

}
export const GetEventsRequest: Message<GetEventsRequest> = {
  name: 'GetEventsRequest',
  fields: () => [

  ],
};

export interface ContainerEventResponse {
  container_id: string;
  container_event_type: number;
  created_at: number;
  pod_sandbox_status?: PodSandboxStatus | undefined;
  containers_statuses: ContainerStatus[];
}
export const ContainerEventResponse: Message<ContainerEventResponse> = {
  name: 'ContainerEventResponse',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
    [2, 'container_event_type', 'int32', 'plain'],
    [3, 'created_at', 'int64', 'plain'],
    [4, 'pod_sandbox_status', 'message', 'optional', PodSandboxStatus],
    [5, 'containers_statuses', 'message', 'repeated', ContainerStatus],
  ],
};

export const ContainerEventType = {
  CONTAINER_CREATED_EVENT: 0,
  CONTAINER_STARTED_EVENT: 1,
  CONTAINER_STOPPED_EVENT: 2,
  CONTAINER_DELETED_EVENT: 3,
} as const;

export interface CheckpointContainerRequest {
  container_id: string;
  location: string;
  timeout: number;
}
export const CheckpointContainerRequest: Message<CheckpointContainerRequest> = {
  name: 'CheckpointContainerRequest',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
    [2, 'location', 'string', 'plain'],
    [3, 'timeout', 'int64', 'plain'],
  ],
};

export interface CheckpointContainerResponse {

}
export const CheckpointContainerResponse: Message<CheckpointContainerResponse> = {
  name: 'CheckpointContainerResponse',
  fields: () => [

  ],
};

export interface CheckpointPodRequest {
  pod_sandbox_id: string;
  output_path: string;
  container_ids: string[];
  options: Record<string, string>;
}
export const CheckpointPodRequest: Message<CheckpointPodRequest> = {
  name: 'CheckpointPodRequest',
  fields: () => [
    [1, 'pod_sandbox_id', 'string', 'plain'],
    [2, 'output_path', 'string', 'plain'],
    [3, 'container_ids', 'string', 'repeated'],
    [4, 'options', 'string', 'map'],
  ],
};

export interface CheckpointPodResponse {

}
export const CheckpointPodResponse: Message<CheckpointPodResponse> = {
  name: 'CheckpointPodResponse',
  fields: () => [

  ],
};

export interface RestorePodRequest {
  checkpoint_path: string;
  config?: PodSandboxConfig | undefined;
  runtime_handler: string;
  options: Record<string, string>;
  container_configs: ContainerConfig[];
}
export const RestorePodRequest: Message<RestorePodRequest> = {
  name: 'RestorePodRequest',
  fields: () => [
    [1, 'checkpoint_path', 'string', 'plain'],
    [2, 'config', 'message', 'optional', PodSandboxConfig],
    [3, 'runtime_handler', 'string', 'plain'],
    [4, 'options', 'string', 'map'],
    [5, 'container_configs', 'message', 'repeated', ContainerConfig],
  ],
};

export interface RestoredContainer {
  name: string;
  container_id: string;
}
export const RestoredContainer: Message<RestoredContainer> = {
  name: 'RestoredContainer',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'container_id', 'string', 'plain'],
  ],
};

export interface RestorePodResponse {
  pod_sandbox_id: string;
  restored_containers: RestoredContainer[];
}
export const RestorePodResponse: Message<RestorePodResponse> = {
  name: 'RestorePodResponse',
  fields: () => [
    [1, 'pod_sandbox_id', 'string', 'plain'],
    [2, 'restored_containers', 'message', 'repeated', RestoredContainer],
  ],
};

export interface ImageFilter {
  image?: ImageSpec | undefined;
}
export const ImageFilter: Message<ImageFilter> = {
  name: 'ImageFilter',
  fields: () => [
    [1, 'image', 'message', 'optional', ImageSpec],
  ],
};

export interface ListImagesRequest {
  filter?: ImageFilter | undefined;
}
export const ListImagesRequest: Message<ListImagesRequest> = {
  name: 'ListImagesRequest',
  fields: () => [
    [1, 'filter', 'message', 'optional', ImageFilter],
  ],
};

export interface Image {
  id: string;
  repo_tags: string[];
  repo_digests: string[];
  size: number;
  uid?: Int64Value | undefined;
  username: string;
  spec?: ImageSpec | undefined;
  pinned: boolean;
}
export const Image: Message<Image> = {
  name: 'Image',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'repo_tags', 'string', 'repeated'],
    [3, 'repo_digests', 'string', 'repeated'],
    [4, 'size', 'uint64', 'plain'],
    [5, 'uid', 'message', 'optional', Int64Value],
    [6, 'username', 'string', 'plain'],
    [7, 'spec', 'message', 'optional', ImageSpec],
    [8, 'pinned', 'bool', 'plain'],
  ],
};

export interface ListImagesResponse {
  images: Image[];
}
export const ListImagesResponse: Message<ListImagesResponse> = {
  name: 'ListImagesResponse',
  fields: () => [
    [1, 'images', 'message', 'repeated', Image],
  ],
};

export interface StreamImagesRequest {
  filter?: ImageFilter | undefined;
}
export const StreamImagesRequest: Message<StreamImagesRequest> = {
  name: 'StreamImagesRequest',
  fields: () => [
    [1, 'filter', 'message', 'optional', ImageFilter],
  ],
};

export interface StreamImagesResponse {
  images: Image[];
}
export const StreamImagesResponse: Message<StreamImagesResponse> = {
  name: 'StreamImagesResponse',
  fields: () => [
    [1, 'images', 'message', 'repeated', Image],
  ],
};

export interface ImageStatusRequest {
  image?: ImageSpec | undefined;
  verbose: boolean;
}
export const ImageStatusRequest: Message<ImageStatusRequest> = {
  name: 'ImageStatusRequest',
  fields: () => [
    [1, 'image', 'message', 'optional', ImageSpec],
    [2, 'verbose', 'bool', 'plain'],
  ],
};

export interface ImageStatusResponse {
  image?: Image | undefined;
  info: Record<string, string>;
}
export const ImageStatusResponse: Message<ImageStatusResponse> = {
  name: 'ImageStatusResponse',
  fields: () => [
    [1, 'image', 'message', 'optional', Image],
    [2, 'info', 'string', 'map'],
  ],
};

export interface AuthConfig {
  username: string;
  password: string;
  auth: string;
  server_address: string;
  identity_token: string;
  registry_token: string;
}
export const AuthConfig: Message<AuthConfig> = {
  name: 'AuthConfig',
  fields: () => [
    [1, 'username', 'string', 'plain'],
    [2, 'password', 'string', 'plain'],
    [3, 'auth', 'string', 'plain'],
    [4, 'server_address', 'string', 'plain'],
    [5, 'identity_token', 'string', 'plain'],
    [6, 'registry_token', 'string', 'plain'],
  ],
};

export interface PullImageRequest {
  image?: ImageSpec | undefined;
  auth?: AuthConfig | undefined;
  sandbox_config?: PodSandboxConfig | undefined;
}
export const PullImageRequest: Message<PullImageRequest> = {
  name: 'PullImageRequest',
  fields: () => [
    [1, 'image', 'message', 'optional', ImageSpec],
    [2, 'auth', 'message', 'optional', AuthConfig],
    [3, 'sandbox_config', 'message', 'optional', PodSandboxConfig],
  ],
};

export interface PullImageResponse {
  image_ref: string;
}
export const PullImageResponse: Message<PullImageResponse> = {
  name: 'PullImageResponse',
  fields: () => [
    [1, 'image_ref', 'string', 'plain'],
  ],
};

export interface RemoveImageRequest {
  image?: ImageSpec | undefined;
}
export const RemoveImageRequest: Message<RemoveImageRequest> = {
  name: 'RemoveImageRequest',
  fields: () => [
    [1, 'image', 'message', 'optional', ImageSpec],
  ],
};

export interface RemoveImageResponse {

}
export const RemoveImageResponse: Message<RemoveImageResponse> = {
  name: 'RemoveImageResponse',
  fields: () => [

  ],
};

export interface ImageFsInfoRequest {

}
export const ImageFsInfoRequest: Message<ImageFsInfoRequest> = {
  name: 'ImageFsInfoRequest',
  fields: () => [

  ],
};

export interface FilesystemIdentifier {
  mountpoint: string;
}
export const FilesystemIdentifier: Message<FilesystemIdentifier> = {
  name: 'FilesystemIdentifier',
  fields: () => [
    [1, 'mountpoint', 'string', 'plain'],
  ],
};

export interface FilesystemUsage {
  timestamp: number;
  fs_id?: FilesystemIdentifier | undefined;
  used_bytes?: UInt64Value | undefined;
  inodes_used?: UInt64Value | undefined;
}
export const FilesystemUsage: Message<FilesystemUsage> = {
  name: 'FilesystemUsage',
  fields: () => [
    [1, 'timestamp', 'int64', 'plain'],
    [2, 'fs_id', 'message', 'optional', FilesystemIdentifier],
    [3, 'used_bytes', 'message', 'optional', UInt64Value],
    [4, 'inodes_used', 'message', 'optional', UInt64Value],
  ],
};

export interface ImageFsInfoResponse {
  image_filesystems: FilesystemUsage[];
  container_filesystems: FilesystemUsage[];
}
export const ImageFsInfoResponse: Message<ImageFsInfoResponse> = {
  name: 'ImageFsInfoResponse',
  fields: () => [
    [1, 'image_filesystems', 'message', 'repeated', FilesystemUsage],
    [2, 'container_filesystems', 'message', 'repeated', FilesystemUsage],
  ],
};

export interface PodSandboxStatsRequest {
  pod_sandbox_id: string;
}
export const PodSandboxStatsRequest: Message<PodSandboxStatsRequest> = {
  name: 'PodSandboxStatsRequest',
  fields: () => [
    [1, 'pod_sandbox_id', 'string', 'plain'],
  ],
};

export interface PodSandboxStatsResponse {
  stats?: PodSandboxStats | undefined;
}
export const PodSandboxStatsResponse: Message<PodSandboxStatsResponse> = {
  name: 'PodSandboxStatsResponse',
  fields: () => [
    [1, 'stats', 'message', 'optional', PodSandboxStats],
  ],
};

export interface PodSandboxStatsFilter {
  id: string;
  label_selector: Record<string, string>;
}
export const PodSandboxStatsFilter: Message<PodSandboxStatsFilter> = {
  name: 'PodSandboxStatsFilter',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'label_selector', 'string', 'map'],
  ],
};

export interface ListPodSandboxStatsRequest {
  filter?: PodSandboxStatsFilter | undefined;
}
export const ListPodSandboxStatsRequest: Message<ListPodSandboxStatsRequest> = {
  name: 'ListPodSandboxStatsRequest',
  fields: () => [
    [1, 'filter', 'message', 'optional', PodSandboxStatsFilter],
  ],
};

export interface ListPodSandboxStatsResponse {
  stats: PodSandboxStats[];
}
export const ListPodSandboxStatsResponse: Message<ListPodSandboxStatsResponse> = {
  name: 'ListPodSandboxStatsResponse',
  fields: () => [
    [1, 'stats', 'message', 'repeated', PodSandboxStats],
  ],
};

export interface StreamPodSandboxStatsRequest {
  filter?: PodSandboxStatsFilter | undefined;
}
export const StreamPodSandboxStatsRequest: Message<StreamPodSandboxStatsRequest> = {
  name: 'StreamPodSandboxStatsRequest',
  fields: () => [
    [1, 'filter', 'message', 'optional', PodSandboxStatsFilter],
  ],
};

export interface StreamPodSandboxStatsResponse {
  pod_sandbox_stats: PodSandboxStats[];
}
export const StreamPodSandboxStatsResponse: Message<StreamPodSandboxStatsResponse> = {
  name: 'StreamPodSandboxStatsResponse',
  fields: () => [
    [1, 'pod_sandbox_stats', 'message', 'repeated', PodSandboxStats],
  ],
};

export interface PodSandboxAttributes {
  id: string;
  metadata?: PodSandboxMetadata | undefined;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
export const PodSandboxAttributes: Message<PodSandboxAttributes> = {
  name: 'PodSandboxAttributes',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'metadata', 'message', 'optional', PodSandboxMetadata],
    [3, 'labels', 'string', 'map'],
    [4, 'annotations', 'string', 'map'],
  ],
};

export interface PodSandboxStats {
  attributes?: PodSandboxAttributes | undefined;
  linux?: LinuxPodSandboxStats | undefined;
  windows?: WindowsPodSandboxStats | undefined;
}
export const PodSandboxStats: Message<PodSandboxStats> = {
  name: 'PodSandboxStats',
  fields: () => [
    [1, 'attributes', 'message', 'optional', PodSandboxAttributes],
    [2, 'linux', 'message', 'optional', LinuxPodSandboxStats],
    [3, 'windows', 'message', 'optional', WindowsPodSandboxStats],
  ],
};

export interface LinuxPodSandboxStats {
  cpu?: CpuUsage | undefined;
  memory?: MemoryUsage | undefined;
  network?: NetworkUsage | undefined;
  process?: ProcessUsage | undefined;
  containers: ContainerStats[];
  io?: IoUsage | undefined;
}
export const LinuxPodSandboxStats: Message<LinuxPodSandboxStats> = {
  name: 'LinuxPodSandboxStats',
  fields: () => [
    [1, 'cpu', 'message', 'optional', CpuUsage],
    [2, 'memory', 'message', 'optional', MemoryUsage],
    [3, 'network', 'message', 'optional', NetworkUsage],
    [4, 'process', 'message', 'optional', ProcessUsage],
    [5, 'containers', 'message', 'repeated', ContainerStats],
    [6, 'io', 'message', 'optional', IoUsage],
  ],
};

export interface NetworkUsage {
  timestamp: number;
  default_interface?: NetworkInterfaceUsage | undefined;
  interfaces: NetworkInterfaceUsage[];
}
export const NetworkUsage: Message<NetworkUsage> = {
  name: 'NetworkUsage',
  fields: () => [
    [1, 'timestamp', 'int64', 'plain'],
    [2, 'default_interface', 'message', 'optional', NetworkInterfaceUsage],
    [3, 'interfaces', 'message', 'repeated', NetworkInterfaceUsage],
  ],
};

export interface NetworkInterfaceUsage {
  name: string;
  rx_bytes?: UInt64Value | undefined;
  rx_errors?: UInt64Value | undefined;
  tx_bytes?: UInt64Value | undefined;
  tx_errors?: UInt64Value | undefined;
}
export const NetworkInterfaceUsage: Message<NetworkInterfaceUsage> = {
  name: 'NetworkInterfaceUsage',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'rx_bytes', 'message', 'optional', UInt64Value],
    [3, 'rx_errors', 'message', 'optional', UInt64Value],
    [4, 'tx_bytes', 'message', 'optional', UInt64Value],
    [5, 'tx_errors', 'message', 'optional', UInt64Value],
  ],
};

export interface ProcessUsage {
  timestamp: number;
  process_count?: UInt64Value | undefined;
}
export const ProcessUsage: Message<ProcessUsage> = {
  name: 'ProcessUsage',
  fields: () => [
    [1, 'timestamp', 'int64', 'plain'],
    [2, 'process_count', 'message', 'optional', UInt64Value],
  ],
};

export interface ContainerStatsRequest {
  container_id: string;
}
export const ContainerStatsRequest: Message<ContainerStatsRequest> = {
  name: 'ContainerStatsRequest',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
  ],
};

export interface ContainerStatsResponse {
  stats?: ContainerStats | undefined;
}
export const ContainerStatsResponse: Message<ContainerStatsResponse> = {
  name: 'ContainerStatsResponse',
  fields: () => [
    [1, 'stats', 'message', 'optional', ContainerStats],
  ],
};

export interface ListContainerStatsRequest {
  filter?: ContainerStatsFilter | undefined;
}
export const ListContainerStatsRequest: Message<ListContainerStatsRequest> = {
  name: 'ListContainerStatsRequest',
  fields: () => [
    [1, 'filter', 'message', 'optional', ContainerStatsFilter],
  ],
};

export interface ContainerStatsFilter {
  id: string;
  pod_sandbox_id: string;
  label_selector: Record<string, string>;
}
export const ContainerStatsFilter: Message<ContainerStatsFilter> = {
  name: 'ContainerStatsFilter',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'pod_sandbox_id', 'string', 'plain'],
    [3, 'label_selector', 'string', 'map'],
  ],
};

export interface ListContainerStatsResponse {
  stats: ContainerStats[];
}
export const ListContainerStatsResponse: Message<ListContainerStatsResponse> = {
  name: 'ListContainerStatsResponse',
  fields: () => [
    [1, 'stats', 'message', 'repeated', ContainerStats],
  ],
};

export interface StreamContainerStatsRequest {
  filter?: ContainerStatsFilter | undefined;
}
export const StreamContainerStatsRequest: Message<StreamContainerStatsRequest> = {
  name: 'StreamContainerStatsRequest',
  fields: () => [
    [1, 'filter', 'message', 'optional', ContainerStatsFilter],
  ],
};

export interface StreamContainerStatsResponse {
  container_stats: ContainerStats[];
}
export const StreamContainerStatsResponse: Message<StreamContainerStatsResponse> = {
  name: 'StreamContainerStatsResponse',
  fields: () => [
    [1, 'container_stats', 'message', 'repeated', ContainerStats],
  ],
};

export interface ContainerAttributes {
  id: string;
  metadata?: ContainerMetadata | undefined;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
export const ContainerAttributes: Message<ContainerAttributes> = {
  name: 'ContainerAttributes',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'metadata', 'message', 'optional', ContainerMetadata],
    [3, 'labels', 'string', 'map'],
    [4, 'annotations', 'string', 'map'],
  ],
};

export interface ContainerStats {
  attributes?: ContainerAttributes | undefined;
  cpu?: CpuUsage | undefined;
  memory?: MemoryUsage | undefined;
  writable_layer?: FilesystemUsage | undefined;
  swap?: SwapUsage | undefined;
  io?: IoUsage | undefined;
}
export const ContainerStats: Message<ContainerStats> = {
  name: 'ContainerStats',
  fields: () => [
    [1, 'attributes', 'message', 'optional', ContainerAttributes],
    [2, 'cpu', 'message', 'optional', CpuUsage],
    [3, 'memory', 'message', 'optional', MemoryUsage],
    [4, 'writable_layer', 'message', 'optional', FilesystemUsage],
    [5, 'swap', 'message', 'optional', SwapUsage],
    [6, 'io', 'message', 'optional', IoUsage],
  ],
};

export interface PsiStats {
  Full?: PsiData | undefined;
  Some?: PsiData | undefined;
}
export const PsiStats: Message<PsiStats> = {
  name: 'PsiStats',
  fields: () => [
    [1, 'Full', 'message', 'optional', PsiData],
    [2, 'Some', 'message', 'optional', PsiData],
  ],
};

export interface PsiData {
  Total: number;
  Avg10: number;
  Avg60: number;
  Avg300: number;
}
export const PsiData: Message<PsiData> = {
  name: 'PsiData',
  fields: () => [
    [1, 'Total', 'uint64', 'plain'],
    [2, 'Avg10', 'double', 'plain'],
    [3, 'Avg60', 'double', 'plain'],
    [4, 'Avg300', 'double', 'plain'],
  ],
};

export interface CpuUsage {
  timestamp: number;
  usage_core_nano_seconds?: UInt64Value | undefined;
  usage_nano_cores?: UInt64Value | undefined;
  psi?: PsiStats | undefined;
}
export const CpuUsage: Message<CpuUsage> = {
  name: 'CpuUsage',
  fields: () => [
    [1, 'timestamp', 'int64', 'plain'],
    [2, 'usage_core_nano_seconds', 'message', 'optional', UInt64Value],
    [3, 'usage_nano_cores', 'message', 'optional', UInt64Value],
    [4, 'psi', 'message', 'optional', PsiStats],
  ],
};

export interface MemoryUsage {
  timestamp: number;
  working_set_bytes?: UInt64Value | undefined;
  available_bytes?: UInt64Value | undefined;
  usage_bytes?: UInt64Value | undefined;
  rss_bytes?: UInt64Value | undefined;
  page_faults?: UInt64Value | undefined;
  major_page_faults?: UInt64Value | undefined;
  psi?: PsiStats | undefined;
}
export const MemoryUsage: Message<MemoryUsage> = {
  name: 'MemoryUsage',
  fields: () => [
    [1, 'timestamp', 'int64', 'plain'],
    [2, 'working_set_bytes', 'message', 'optional', UInt64Value],
    [3, 'available_bytes', 'message', 'optional', UInt64Value],
    [4, 'usage_bytes', 'message', 'optional', UInt64Value],
    [5, 'rss_bytes', 'message', 'optional', UInt64Value],
    [6, 'page_faults', 'message', 'optional', UInt64Value],
    [7, 'major_page_faults', 'message', 'optional', UInt64Value],
    [8, 'psi', 'message', 'optional', PsiStats],
  ],
};

export interface IoUsage {
  timestamp: number;
  psi?: PsiStats | undefined;
}
export const IoUsage: Message<IoUsage> = {
  name: 'IoUsage',
  fields: () => [
    [1, 'timestamp', 'int64', 'plain'],
    [2, 'psi', 'message', 'optional', PsiStats],
  ],
};

export interface SwapUsage {
  timestamp: number;
  swap_available_bytes?: UInt64Value | undefined;
  swap_usage_bytes?: UInt64Value | undefined;
}
export const SwapUsage: Message<SwapUsage> = {
  name: 'SwapUsage',
  fields: () => [
    [1, 'timestamp', 'int64', 'plain'],
    [2, 'swap_available_bytes', 'message', 'optional', UInt64Value],
    [3, 'swap_usage_bytes', 'message', 'optional', UInt64Value],
  ],
};

export interface ListMetricDescriptorsRequest {

}
export const ListMetricDescriptorsRequest: Message<ListMetricDescriptorsRequest> = {
  name: 'ListMetricDescriptorsRequest',
  fields: () => [

  ],
};

export interface ListMetricDescriptorsResponse {
  descriptors: MetricDescriptor[];
}
export const ListMetricDescriptorsResponse: Message<ListMetricDescriptorsResponse> = {
  name: 'ListMetricDescriptorsResponse',
  fields: () => [
    [1, 'descriptors', 'message', 'repeated', MetricDescriptor],
  ],
};

export interface MetricDescriptor {
  name: string;
  help: string;
  label_keys: string[];
}
export const MetricDescriptor: Message<MetricDescriptor> = {
  name: 'MetricDescriptor',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'help', 'string', 'plain'],
    [3, 'label_keys', 'string', 'repeated'],
  ],
};

export interface ListPodSandboxMetricsRequest {

}
export const ListPodSandboxMetricsRequest: Message<ListPodSandboxMetricsRequest> = {
  name: 'ListPodSandboxMetricsRequest',
  fields: () => [

  ],
};

export interface ListPodSandboxMetricsResponse {
  pod_metrics: PodSandboxMetrics[];
}
export const ListPodSandboxMetricsResponse: Message<ListPodSandboxMetricsResponse> = {
  name: 'ListPodSandboxMetricsResponse',
  fields: () => [
    [1, 'pod_metrics', 'message', 'repeated', PodSandboxMetrics],
  ],
};

export interface StreamPodSandboxMetricsRequest {

}
export const StreamPodSandboxMetricsRequest: Message<StreamPodSandboxMetricsRequest> = {
  name: 'StreamPodSandboxMetricsRequest',
  fields: () => [

  ],
};

export interface StreamPodSandboxMetricsResponse {
  pod_sandbox_metrics: PodSandboxMetrics[];
}
export const StreamPodSandboxMetricsResponse: Message<StreamPodSandboxMetricsResponse> = {
  name: 'StreamPodSandboxMetricsResponse',
  fields: () => [
    [1, 'pod_sandbox_metrics', 'message', 'repeated', PodSandboxMetrics],
  ],
};

export interface PodSandboxMetrics {
  pod_sandbox_id: string;
  metrics: Metric[];
  container_metrics: ContainerMetrics[];
}
export const PodSandboxMetrics: Message<PodSandboxMetrics> = {
  name: 'PodSandboxMetrics',
  fields: () => [
    [1, 'pod_sandbox_id', 'string', 'plain'],
    [2, 'metrics', 'message', 'repeated', Metric],
    [3, 'container_metrics', 'message', 'repeated', ContainerMetrics],
  ],
};

export interface ContainerMetrics {
  container_id: string;
  metrics: Metric[];
}
export const ContainerMetrics: Message<ContainerMetrics> = {
  name: 'ContainerMetrics',
  fields: () => [
    [1, 'container_id', 'string', 'plain'],
    [2, 'metrics', 'message', 'repeated', Metric],
  ],
};

export interface Metric {
  name: string;
  timestamp: number;
  metric_type: number;
  label_values: string[];
  value?: UInt64Value | undefined;
}
export const Metric: Message<Metric> = {
  name: 'Metric',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'timestamp', 'int64', 'plain'],
    [3, 'metric_type', 'int32', 'plain'],
    [4, 'label_values', 'string', 'repeated'],
    [5, 'value', 'message', 'optional', UInt64Value],
  ],
};

export const MetricType = {
  COUNTER: 0,
  GAUGE: 1,
} as const;

export interface WindowsPodSandboxStats {
  cpu?: WindowsCpuUsage | undefined;
  memory?: WindowsMemoryUsage | undefined;
  network?: WindowsNetworkUsage | undefined;
  process?: WindowsProcessUsage | undefined;
  containers: WindowsContainerStats[];
}
export const WindowsPodSandboxStats: Message<WindowsPodSandboxStats> = {
  name: 'WindowsPodSandboxStats',
  fields: () => [
    [1, 'cpu', 'message', 'optional', WindowsCpuUsage],
    [2, 'memory', 'message', 'optional', WindowsMemoryUsage],
    [3, 'network', 'message', 'optional', WindowsNetworkUsage],
    [4, 'process', 'message', 'optional', WindowsProcessUsage],
    [5, 'containers', 'message', 'repeated', WindowsContainerStats],
  ],
};

export interface WindowsNetworkUsage {
  timestamp: number;
  default_interface?: WindowsNetworkInterfaceUsage | undefined;
  interfaces: WindowsNetworkInterfaceUsage[];
}
export const WindowsNetworkUsage: Message<WindowsNetworkUsage> = {
  name: 'WindowsNetworkUsage',
  fields: () => [
    [1, 'timestamp', 'int64', 'plain'],
    [2, 'default_interface', 'message', 'optional', WindowsNetworkInterfaceUsage],
    [3, 'interfaces', 'message', 'repeated', WindowsNetworkInterfaceUsage],
  ],
};

export interface WindowsNetworkInterfaceUsage {
  name: string;
  rx_bytes?: UInt64Value | undefined;
  rx_packets_dropped?: UInt64Value | undefined;
  tx_bytes?: UInt64Value | undefined;
  tx_packets_dropped?: UInt64Value | undefined;
}
export const WindowsNetworkInterfaceUsage: Message<WindowsNetworkInterfaceUsage> = {
  name: 'WindowsNetworkInterfaceUsage',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'rx_bytes', 'message', 'optional', UInt64Value],
    [3, 'rx_packets_dropped', 'message', 'optional', UInt64Value],
    [4, 'tx_bytes', 'message', 'optional', UInt64Value],
    [5, 'tx_packets_dropped', 'message', 'optional', UInt64Value],
  ],
};

export interface WindowsProcessUsage {
  timestamp: number;
  process_count?: UInt64Value | undefined;
}
export const WindowsProcessUsage: Message<WindowsProcessUsage> = {
  name: 'WindowsProcessUsage',
  fields: () => [
    [1, 'timestamp', 'int64', 'plain'],
    [2, 'process_count', 'message', 'optional', UInt64Value],
  ],
};

export interface WindowsNamespaceOption {
  network: number;
}
export const WindowsNamespaceOption: Message<WindowsNamespaceOption> = {
  name: 'WindowsNamespaceOption',
  fields: () => [
    [1, 'network', 'int32', 'plain'],
  ],
};

export interface WindowsSandboxSecurityContext {
  run_as_username: string;
  credential_spec: string;
  host_process: boolean;
  namespace_options?: WindowsNamespaceOption | undefined;
}
export const WindowsSandboxSecurityContext: Message<WindowsSandboxSecurityContext> = {
  name: 'WindowsSandboxSecurityContext',
  fields: () => [
    [1, 'run_as_username', 'string', 'plain'],
    [2, 'credential_spec', 'string', 'plain'],
    [3, 'host_process', 'bool', 'plain'],
    [4, 'namespace_options', 'message', 'optional', WindowsNamespaceOption],
  ],
};

export interface WindowsPodSandboxConfig {
  security_context?: WindowsSandboxSecurityContext | undefined;
}
export const WindowsPodSandboxConfig: Message<WindowsPodSandboxConfig> = {
  name: 'WindowsPodSandboxConfig',
  fields: () => [
    [1, 'security_context', 'message', 'optional', WindowsSandboxSecurityContext],
  ],
};

export interface WindowsContainerSecurityContext {
  run_as_username: string;
  credential_spec: string;
  host_process: boolean;
}
export const WindowsContainerSecurityContext: Message<WindowsContainerSecurityContext> = {
  name: 'WindowsContainerSecurityContext',
  fields: () => [
    [1, 'run_as_username', 'string', 'plain'],
    [2, 'credential_spec', 'string', 'plain'],
    [3, 'host_process', 'bool', 'plain'],
  ],
};

export interface WindowsContainerConfig {
  resources?: WindowsContainerResources | undefined;
  security_context?: WindowsContainerSecurityContext | undefined;
}
export const WindowsContainerConfig: Message<WindowsContainerConfig> = {
  name: 'WindowsContainerConfig',
  fields: () => [
    [1, 'resources', 'message', 'optional', WindowsContainerResources],
    [2, 'security_context', 'message', 'optional', WindowsContainerSecurityContext],
  ],
};

export interface WindowsContainerResources {
  cpu_shares: number;
  cpu_count: number;
  cpu_maximum: number;
  memory_limit_in_bytes: number;
  rootfs_size_in_bytes: number;
  affinity_cpus: WindowsCpuGroupAffinity[];
}
export const WindowsContainerResources: Message<WindowsContainerResources> = {
  name: 'WindowsContainerResources',
  fields: () => [
    [1, 'cpu_shares', 'int64', 'plain'],
    [2, 'cpu_count', 'int64', 'plain'],
    [3, 'cpu_maximum', 'int64', 'plain'],
    [4, 'memory_limit_in_bytes', 'int64', 'plain'],
    [5, 'rootfs_size_in_bytes', 'int64', 'plain'],
    [6, 'affinity_cpus', 'message', 'repeated', WindowsCpuGroupAffinity],
  ],
};

export interface WindowsCpuGroupAffinity {
  cpu_mask: number;
  cpu_group: number;
}
export const WindowsCpuGroupAffinity: Message<WindowsCpuGroupAffinity> = {
  name: 'WindowsCpuGroupAffinity',
  fields: () => [
    [1, 'cpu_mask', 'uint64', 'plain'],
    [2, 'cpu_group', 'uint32', 'plain'],
  ],
};

export interface WindowsFilesystemUsage {
  timestamp: number;
  fs_id?: FilesystemIdentifier | undefined;
  used_bytes?: UInt64Value | undefined;
}
export const WindowsFilesystemUsage: Message<WindowsFilesystemUsage> = {
  name: 'WindowsFilesystemUsage',
  fields: () => [
    [1, 'timestamp', 'int64', 'plain'],
    [2, 'fs_id', 'message', 'optional', FilesystemIdentifier],
    [3, 'used_bytes', 'message', 'optional', UInt64Value],
  ],
};

export interface WindowsContainerStats {
  attributes?: ContainerAttributes | undefined;
  cpu?: WindowsCpuUsage | undefined;
  memory?: WindowsMemoryUsage | undefined;
  writable_layer?: WindowsFilesystemUsage | undefined;
}
export const WindowsContainerStats: Message<WindowsContainerStats> = {
  name: 'WindowsContainerStats',
  fields: () => [
    [1, 'attributes', 'message', 'optional', ContainerAttributes],
    [2, 'cpu', 'message', 'optional', WindowsCpuUsage],
    [3, 'memory', 'message', 'optional', WindowsMemoryUsage],
    [4, 'writable_layer', 'message', 'optional', WindowsFilesystemUsage],
  ],
};

export interface WindowsCpuUsage {
  timestamp: number;
  usage_core_nano_seconds?: UInt64Value | undefined;
  usage_nano_cores?: UInt64Value | undefined;
}
export const WindowsCpuUsage: Message<WindowsCpuUsage> = {
  name: 'WindowsCpuUsage',
  fields: () => [
    [1, 'timestamp', 'int64', 'plain'],
    [2, 'usage_core_nano_seconds', 'message', 'optional', UInt64Value],
    [3, 'usage_nano_cores', 'message', 'optional', UInt64Value],
  ],
};

export interface WindowsMemoryUsage {
  timestamp: number;
  working_set_bytes?: UInt64Value | undefined;
  available_bytes?: UInt64Value | undefined;
  page_faults?: UInt64Value | undefined;
  commit_memory_bytes?: UInt64Value | undefined;
}
export const WindowsMemoryUsage: Message<WindowsMemoryUsage> = {
  name: 'WindowsMemoryUsage',
  fields: () => [
    [1, 'timestamp', 'int64', 'plain'],
    [2, 'working_set_bytes', 'message', 'optional', UInt64Value],
    [3, 'available_bytes', 'message', 'optional', UInt64Value],
    [4, 'page_faults', 'message', 'optional', UInt64Value],
    [5, 'commit_memory_bytes', 'message', 'optional', UInt64Value],
  ],
};

export const RuntimeService = {
  Version: {
    path: '/runtime.v1.RuntimeService/Version',
    kind: 'unary',
    request: VersionRequest,
    response: VersionResponse,
  } as Method<'unary', VersionRequest, VersionResponse>,
  RunPodSandbox: {
    path: '/runtime.v1.RuntimeService/RunPodSandbox',
    kind: 'unary',
    request: RunPodSandboxRequest,
    response: RunPodSandboxResponse,
  } as Method<'unary', RunPodSandboxRequest, RunPodSandboxResponse>,
  StopPodSandbox: {
    path: '/runtime.v1.RuntimeService/StopPodSandbox',
    kind: 'unary',
    request: StopPodSandboxRequest,
    response: StopPodSandboxResponse,
  } as Method<'unary', StopPodSandboxRequest, StopPodSandboxResponse>,
  RemovePodSandbox: {
    path: '/runtime.v1.RuntimeService/RemovePodSandbox',
    kind: 'unary',
    request: RemovePodSandboxRequest,
    response: RemovePodSandboxResponse,
  } as Method<'unary', RemovePodSandboxRequest, RemovePodSandboxResponse>,
  PodSandboxStatus: {
    path: '/runtime.v1.RuntimeService/PodSandboxStatus',
    kind: 'unary',
    request: PodSandboxStatusRequest,
    response: PodSandboxStatusResponse,
  } as Method<'unary', PodSandboxStatusRequest, PodSandboxStatusResponse>,
  ListPodSandbox: {
    path: '/runtime.v1.RuntimeService/ListPodSandbox',
    kind: 'unary',
    request: ListPodSandboxRequest,
    response: ListPodSandboxResponse,
  } as Method<'unary', ListPodSandboxRequest, ListPodSandboxResponse>,
  StreamPodSandboxes: {
    path: '/runtime.v1.RuntimeService/StreamPodSandboxes',
    kind: 'answers',
    request: StreamPodSandboxesRequest,
    response: StreamPodSandboxesResponse,
  } as Method<'answers', StreamPodSandboxesRequest, StreamPodSandboxesResponse>,
  CreateContainer: {
    path: '/runtime.v1.RuntimeService/CreateContainer',
    kind: 'unary',
    request: CreateContainerRequest,
    response: CreateContainerResponse,
  } as Method<'unary', CreateContainerRequest, CreateContainerResponse>,
  StartContainer: {
    path: '/runtime.v1.RuntimeService/StartContainer',
    kind: 'unary',
    request: StartContainerRequest,
    response: StartContainerResponse,
  } as Method<'unary', StartContainerRequest, StartContainerResponse>,
  StopContainer: {
    path: '/runtime.v1.RuntimeService/StopContainer',
    kind: 'unary',
    request: StopContainerRequest,
    response: StopContainerResponse,
  } as Method<'unary', StopContainerRequest, StopContainerResponse>,
  RemoveContainer: {
    path: '/runtime.v1.RuntimeService/RemoveContainer',
    kind: 'unary',
    request: RemoveContainerRequest,
    response: RemoveContainerResponse,
  } as Method<'unary', RemoveContainerRequest, RemoveContainerResponse>,
  ListContainers: {
    path: '/runtime.v1.RuntimeService/ListContainers',
    kind: 'unary',
    request: ListContainersRequest,
    response: ListContainersResponse,
  } as Method<'unary', ListContainersRequest, ListContainersResponse>,
  StreamContainers: {
    path: '/runtime.v1.RuntimeService/StreamContainers',
    kind: 'answers',
    request: StreamContainersRequest,
    response: StreamContainersResponse,
  } as Method<'answers', StreamContainersRequest, StreamContainersResponse>,
  ContainerStatus: {
    path: '/runtime.v1.RuntimeService/ContainerStatus',
    kind: 'unary',
    request: ContainerStatusRequest,
    response: ContainerStatusResponse,
  } as Method<'unary', ContainerStatusRequest, ContainerStatusResponse>,
  UpdateContainerResources: {
    path: '/runtime.v1.RuntimeService/UpdateContainerResources',
    kind: 'unary',
    request: UpdateContainerResourcesRequest,
    response: UpdateContainerResourcesResponse,
  } as Method<'unary', UpdateContainerResourcesRequest, UpdateContainerResourcesResponse>,
  ReopenContainerLog: {
    path: '/runtime.v1.RuntimeService/ReopenContainerLog',
    kind: 'unary',
    request: ReopenContainerLogRequest,
    response: ReopenContainerLogResponse,
  } as Method<'unary', ReopenContainerLogRequest, ReopenContainerLogResponse>,
  ExecSync: {
    path: '/runtime.v1.RuntimeService/ExecSync',
    kind: 'unary',
    request: ExecSyncRequest,
    response: ExecSyncResponse,
  } as Method<'unary', ExecSyncRequest, ExecSyncResponse>,
  Exec: {
    path: '/runtime.v1.RuntimeService/Exec',
    kind: 'unary',
    request: ExecRequest,
    response: ExecResponse,
  } as Method<'unary', ExecRequest, ExecResponse>,
  Attach: {
    path: '/runtime.v1.RuntimeService/Attach',
    kind: 'unary',
    request: AttachRequest,
    response: AttachResponse,
  } as Method<'unary', AttachRequest, AttachResponse>,
  PortForward: {
    path: '/runtime.v1.RuntimeService/PortForward',
    kind: 'unary',
    request: PortForwardRequest,
    response: PortForwardResponse,
  } as Method<'unary', PortForwardRequest, PortForwardResponse>,
  ContainerStats: {
    path: '/runtime.v1.RuntimeService/ContainerStats',
    kind: 'unary',
    request: ContainerStatsRequest,
    response: ContainerStatsResponse,
  } as Method<'unary', ContainerStatsRequest, ContainerStatsResponse>,
  ListContainerStats: {
    path: '/runtime.v1.RuntimeService/ListContainerStats',
    kind: 'unary',
    request: ListContainerStatsRequest,
    response: ListContainerStatsResponse,
  } as Method<'unary', ListContainerStatsRequest, ListContainerStatsResponse>,
  StreamContainerStats: {
    path: '/runtime.v1.RuntimeService/StreamContainerStats',
    kind: 'answers',
    request: StreamContainerStatsRequest,
    response: StreamContainerStatsResponse,
  } as Method<'answers', StreamContainerStatsRequest, StreamContainerStatsResponse>,
  PodSandboxStats: {
    path: '/runtime.v1.RuntimeService/PodSandboxStats',
    kind: 'unary',
    request: PodSandboxStatsRequest,
    response: PodSandboxStatsResponse,
  } as Method<'unary', PodSandboxStatsRequest, PodSandboxStatsResponse>,
  ListPodSandboxStats: {
    path: '/runtime.v1.RuntimeService/ListPodSandboxStats',
    kind: 'unary',
    request: ListPodSandboxStatsRequest,
    response: ListPodSandboxStatsResponse,
  } as Method<'unary', ListPodSandboxStatsRequest, ListPodSandboxStatsResponse>,
  StreamPodSandboxStats: {
    path: '/runtime.v1.RuntimeService/StreamPodSandboxStats',
    kind: 'answers',
    request: StreamPodSandboxStatsRequest,
    response: StreamPodSandboxStatsResponse,
  } as Method<'answers', StreamPodSandboxStatsRequest, StreamPodSandboxStatsResponse>,
  UpdateRuntimeConfig: {
    path: '/runtime.v1.RuntimeService/UpdateRuntimeConfig',
    kind: 'unary',
    request: UpdateRuntimeConfigRequest,
    response: UpdateRuntimeConfigResponse,
  } as Method<'unary', UpdateRuntimeConfigRequest, UpdateRuntimeConfigResponse>,
  Status: {
    path: '/runtime.v1.RuntimeService/Status',
    kind: 'unary',
    request: StatusRequest,
    response: StatusResponse,
  } as Method<'unary', StatusRequest, StatusResponse>,
  CheckpointContainer: {
    path: '/runtime.v1.RuntimeService/CheckpointContainer',
    kind: 'unary',
    request: CheckpointContainerRequest,
    response: CheckpointContainerResponse,
  } as Method<'unary', CheckpointContainerRequest, CheckpointContainerResponse>,
  CheckpointPod: {
    path: '/runtime.v1.RuntimeService/CheckpointPod',
    kind: 'unary',
    request: CheckpointPodRequest,
    response: CheckpointPodResponse,
  } as Method<'unary', CheckpointPodRequest, CheckpointPodResponse>,
  RestorePod: {
    path: '/runtime.v1.RuntimeService/RestorePod',
    kind: 'unary',
    request: RestorePodRequest,
    response: RestorePodResponse,
  } as Method<'unary', RestorePodRequest, RestorePodResponse>,
  GetContainerEvents: {
    path: '/runtime.v1.RuntimeService/GetContainerEvents',
    kind: 'answers',
    request: GetEventsRequest,
    response: ContainerEventResponse,
  } as Method<'answers', GetEventsRequest, ContainerEventResponse>,
  ListMetricDescriptors: {
    path: '/runtime.v1.RuntimeService/ListMetricDescriptors',
    kind: 'unary',
    request: ListMetricDescriptorsRequest,
    response: ListMetricDescriptorsResponse,
  } as Method<'unary', ListMetricDescriptorsRequest, ListMetricDescriptorsResponse>,
  ListPodSandboxMetrics: {
    path: '/runtime.v1.RuntimeService/ListPodSandboxMetrics',
    kind: 'unary',
    request: ListPodSandboxMetricsRequest,
    response: ListPodSandboxMetricsResponse,
  } as Method<'unary', ListPodSandboxMetricsRequest, ListPodSandboxMetricsResponse>,
  StreamPodSandboxMetrics: {
    path: '/runtime.v1.RuntimeService/StreamPodSandboxMetrics',
    kind: 'answers',
    request: StreamPodSandboxMetricsRequest,
    response: StreamPodSandboxMetricsResponse,
  } as Method<'answers', StreamPodSandboxMetricsRequest, StreamPodSandboxMetricsResponse>,
  RuntimeConfig: {
    path: '/runtime.v1.RuntimeService/RuntimeConfig',
    kind: 'unary',
    request: RuntimeConfigRequest,
    response: RuntimeConfigResponse,
  } as Method<'unary', RuntimeConfigRequest, RuntimeConfigResponse>,
  UpdatePodSandboxResources: {
    path: '/runtime.v1.RuntimeService/UpdatePodSandboxResources',
    kind: 'unary',
    request: UpdatePodSandboxResourcesRequest,
    response: UpdatePodSandboxResourcesResponse,
  } as Method<'unary', UpdatePodSandboxResourcesRequest, UpdatePodSandboxResourcesResponse>,
} as const;

export const ImageService = {
  ListImages: {
    path: '/runtime.v1.ImageService/ListImages',
    kind: 'unary',
    request: ListImagesRequest,
    response: ListImagesResponse,
  } as Method<'unary', ListImagesRequest, ListImagesResponse>,
  StreamImages: {
    path: '/runtime.v1.ImageService/StreamImages',
    kind: 'answers',
    request: StreamImagesRequest,
    response: StreamImagesResponse,
  } as Method<'answers', StreamImagesRequest, StreamImagesResponse>,
  ImageStatus: {
    path: '/runtime.v1.ImageService/ImageStatus',
    kind: 'unary',
    request: ImageStatusRequest,
    response: ImageStatusResponse,
  } as Method<'unary', ImageStatusRequest, ImageStatusResponse>,
  PullImage: {
    path: '/runtime.v1.ImageService/PullImage',
    kind: 'unary',
    request: PullImageRequest,
    response: PullImageResponse,
  } as Method<'unary', PullImageRequest, PullImageResponse>,
  RemoveImage: {
    path: '/runtime.v1.ImageService/RemoveImage',
    kind: 'unary',
    request: RemoveImageRequest,
    response: RemoveImageResponse,
  } as Method<'unary', RemoveImageRequest, RemoveImageResponse>,
  ImageFsInfo: {
    path: '/runtime.v1.ImageService/ImageFsInfo',
    kind: 'unary',
    request: ImageFsInfoRequest,
    response: ImageFsInfoResponse,
  } as Method<'unary', ImageFsInfoRequest, ImageFsInfoResponse>,
} as const;


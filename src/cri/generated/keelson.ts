/** Made of src/cri/keelson.proto by scripts/generate-proto.ts; not to be edited. */
import type { Message, Method } from '../../grpc/message.ts';
import * as runtime from './runtime.ts';

export interface CreateVolumeRequest {
  name: string;
  labels: Record<string, string>;
}
export const CreateVolumeRequest: Message<CreateVolumeRequest> = {
  name: 'CreateVolumeRequest',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'labels', 'string', 'map'],
  ],
};

export interface ListVolumesRequest {

}
export const ListVolumesRequest: Message<ListVolumesRequest> = {
  name: 'ListVolumesRequest',
  fields: () => [

  ],
};

export interface ListVolumesResponse {
  volumes: VolumeSummary[];
}
export const ListVolumesResponse: Message<ListVolumesResponse> = {
  name: 'ListVolumesResponse',
  fields: () => [
    [1, 'volumes', 'message', 'repeated', VolumeSummary],
  ],
};

export interface VolumeSummary {
  name: string;
  mountpoint: string;
  created_at: number;
  labels: Record<string, string>;
  anonymous: boolean;
  containers: string[];
}
export const VolumeSummary: Message<VolumeSummary> = {
  name: 'VolumeSummary',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'mountpoint', 'string', 'plain'],
    [3, 'created_at', 'int64', 'plain'],
    [4, 'labels', 'string', 'map'],
    [5, 'anonymous', 'bool', 'plain'],
    [6, 'containers', 'string', 'repeated'],
  ],
};

export interface VolumeRequest {
  name: string;
}
export const VolumeRequest: Message<VolumeRequest> = {
  name: 'VolumeRequest',
  fields: () => [
    [1, 'name', 'string', 'plain'],
  ],
};

export interface PruneVolumesRequest {
  all: boolean;
}
export const PruneVolumesRequest: Message<PruneVolumesRequest> = {
  name: 'PruneVolumesRequest',
  fields: () => [
    [1, 'all', 'bool', 'plain'],
  ],
};

export interface PruneVolumesResponse {
  volumes: string[];
  freed_bytes: number;
}
export const PruneVolumesResponse: Message<PruneVolumesResponse> = {
  name: 'PruneVolumesResponse',
  fields: () => [
    [1, 'volumes', 'string', 'repeated'],
    [2, 'freed_bytes', 'int64', 'plain'],
  ],
};

export interface Document {
  json: Uint8Array;
}
export const Document: Message<Document> = {
  name: 'Document',
  fields: () => [
    [1, 'json', 'bytes', 'plain'],
  ],
};

export interface Chunk {
  data: Uint8Array;
}
export const Chunk: Message<Chunk> = {
  name: 'Chunk',
  fields: () => [
    [1, 'data', 'bytes', 'plain'],
  ],
};

export interface CreateRequest {
  name: string;
  config?: runtime.ContainerConfig | undefined;
  pod?: runtime.PodSandboxConfig | undefined;
  options?: RunOptions | undefined;
}
export const CreateRequest: Message<CreateRequest> = {
  name: 'CreateRequest',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'config', 'message', 'optional', runtime.ContainerConfig],
    [3, 'pod', 'message', 'optional', runtime.PodSandboxConfig],
    [4, 'options', 'message', 'optional', RunOptions],
  ],
};

export interface RunOptions {
  rlimits: Rlimit[];
  tmpfs: Tmpfs[];
  restart?: RestartPolicy | undefined;
  domainname: string;
  remove: boolean;
  stop_timeout_seconds?: number | undefined;
  stop_signal: string;
  user: string;
  groups: string[];
  pull: string;
  platform: string;
  seccomp: Uint8Array;
  pids_limit?: number | undefined;
  memory_reservation_bytes: number;
  network: string;
  host_uts: boolean;
  host_cgroup_namespace: boolean;
  pid_container: string;
  ipc_container: string;
  clear_entrypoint: boolean;
  shm_bytes: number;
  trace: boolean;
  init: boolean;
  volumes: VolumeMount[];
}
export const RunOptions: Message<RunOptions> = {
  name: 'RunOptions',
  fields: () => [
    [1, 'rlimits', 'message', 'repeated', Rlimit],
    [2, 'tmpfs', 'message', 'repeated', Tmpfs],
    [3, 'restart', 'message', 'optional', RestartPolicy],
    [4, 'domainname', 'string', 'plain'],
    [5, 'remove', 'bool', 'plain'],
    [6, 'stop_timeout_seconds', 'uint32', 'optional'],
    [7, 'stop_signal', 'string', 'plain'],
    [8, 'user', 'string', 'plain'],
    [9, 'groups', 'string', 'repeated'],
    [10, 'pull', 'string', 'plain'],
    [11, 'platform', 'string', 'plain'],
    [12, 'seccomp', 'bytes', 'plain'],
    [13, 'pids_limit', 'int64', 'optional'],
    [14, 'memory_reservation_bytes', 'int64', 'plain'],
    [15, 'network', 'string', 'plain'],
    [16, 'host_uts', 'bool', 'plain'],
    [17, 'host_cgroup_namespace', 'bool', 'plain'],
    [18, 'pid_container', 'string', 'plain'],
    [19, 'ipc_container', 'string', 'plain'],
    [20, 'clear_entrypoint', 'bool', 'plain'],
    [21, 'shm_bytes', 'int64', 'plain'],
    [22, 'trace', 'bool', 'plain'],
    [23, 'init', 'bool', 'plain'],
    [24, 'volumes', 'message', 'repeated', VolumeMount],
  ],
};

export interface Rlimit {
  type: string;
  soft: number;
  hard: number;
}
export const Rlimit: Message<Rlimit> = {
  name: 'Rlimit',
  fields: () => [
    [1, 'type', 'string', 'plain'],
    [2, 'soft', 'uint64', 'plain'],
    [3, 'hard', 'uint64', 'plain'],
  ],
};

export interface VolumeMount {
  name: string;
  path: string;
  readonly: boolean;
  nocopy: boolean;
  anonymous: boolean;
}
export const VolumeMount: Message<VolumeMount> = {
  name: 'VolumeMount',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'path', 'string', 'plain'],
    [3, 'readonly', 'bool', 'plain'],
    [4, 'nocopy', 'bool', 'plain'],
    [5, 'anonymous', 'bool', 'plain'],
  ],
};

export interface Tmpfs {
  path: string;
  options: string[];
}
export const Tmpfs: Message<Tmpfs> = {
  name: 'Tmpfs',
  fields: () => [
    [1, 'path', 'string', 'plain'],
    [2, 'options', 'string', 'repeated'],
  ],
};

export interface RestartPolicy {
  name: string;
  maximum_retries: number;
}
export const RestartPolicy: Message<RestartPolicy> = {
  name: 'RestartPolicy',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'maximum_retries', 'uint32', 'plain'],
  ],
};

export interface CreateResponse {
  id: string;
  name: string;
  warnings: string[];
}
export const CreateResponse: Message<CreateResponse> = {
  name: 'CreateResponse',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'name', 'string', 'plain'],
    [3, 'warnings', 'string', 'repeated'],
  ],
};

export interface ContainerRequest {
  container: string;
}
export const ContainerRequest: Message<ContainerRequest> = {
  name: 'ContainerRequest',
  fields: () => [
    [1, 'container', 'string', 'plain'],
  ],
};

export interface ContainerResponse {
  id: string;
  name: string;
}
export const ContainerResponse: Message<ContainerResponse> = {
  name: 'ContainerResponse',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'name', 'string', 'plain'],
  ],
};

export interface StopRequest {
  container: string;
  timeout_seconds?: number | undefined;
  signal: string;
}
export const StopRequest: Message<StopRequest> = {
  name: 'StopRequest',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'timeout_seconds', 'uint32', 'optional'],
    [3, 'signal', 'string', 'plain'],
  ],
};

export interface KillRequest {
  container: string;
  signal: string;
}
export const KillRequest: Message<KillRequest> = {
  name: 'KillRequest',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'signal', 'string', 'plain'],
  ],
};

export interface RemoveRequest {
  container: string;
  force: boolean;
  volumes: boolean;
}
export const RemoveRequest: Message<RemoveRequest> = {
  name: 'RemoveRequest',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'force', 'bool', 'plain'],
    [3, 'volumes', 'bool', 'plain'],
  ],
};

export interface RenameRequest {
  container: string;
  name: string;
}
export const RenameRequest: Message<RenameRequest> = {
  name: 'RenameRequest',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'name', 'string', 'plain'],
  ],
};

export interface UpdateRequest {
  container: string;
  resources?: runtime.LinuxContainerResources | undefined;
  pids_limit?: number | undefined;
  memory_reservation_bytes?: number | undefined;
  restart?: RestartPolicy | undefined;
}
export const UpdateRequest: Message<UpdateRequest> = {
  name: 'UpdateRequest',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'resources', 'message', 'optional', runtime.LinuxContainerResources],
    [3, 'pids_limit', 'int64', 'optional'],
    [4, 'memory_reservation_bytes', 'int64', 'optional'],
    [5, 'restart', 'message', 'optional', RestartPolicy],
  ],
};

export interface WaitRequest {
  container: string;
  condition: string;
}
export const WaitRequest: Message<WaitRequest> = {
  name: 'WaitRequest',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'condition', 'string', 'plain'],
  ],
};

export interface WaitResponse {
  exit_code: number;
}
export const WaitResponse: Message<WaitResponse> = {
  name: 'WaitResponse',
  fields: () => [
    [1, 'exit_code', 'int32', 'plain'],
  ],
};

export interface ListRequest {
  all: boolean;
  sizes: boolean;
}
export const ListRequest: Message<ListRequest> = {
  name: 'ListRequest',
  fields: () => [
    [1, 'all', 'bool', 'plain'],
    [2, 'sizes', 'bool', 'plain'],
  ],
};

export interface ListResponse {
  containers: ContainerSummary[];
}
export const ListResponse: Message<ListResponse> = {
  name: 'ListResponse',
  fields: () => [
    [1, 'containers', 'message', 'repeated', ContainerSummary],
  ],
};

export interface ContainerSummary {
  id: string;
  name: string;
  image: string;
  image_id: string;
  command: string[];
  state: string;
  created_at: number;
  started_at: number;
  finished_at: number;
  exit_code: number;
  labels: Record<string, string>;
  pod_id: string;
  pod_name: string;
  network: string;
  pid: number;
  mounts: string[];
  writable_bytes: number;
  image_bytes: number;
  ports: string[];
}
export const ContainerSummary: Message<ContainerSummary> = {
  name: 'ContainerSummary',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'name', 'string', 'plain'],
    [3, 'image', 'string', 'plain'],
    [4, 'image_id', 'string', 'plain'],
    [5, 'command', 'string', 'repeated'],
    [6, 'state', 'string', 'plain'],
    [7, 'created_at', 'int64', 'plain'],
    [8, 'started_at', 'int64', 'plain'],
    [9, 'finished_at', 'int64', 'plain'],
    [10, 'exit_code', 'int32', 'plain'],
    [11, 'labels', 'string', 'map'],
    [12, 'pod_id', 'string', 'plain'],
    [13, 'pod_name', 'string', 'plain'],
    [14, 'network', 'string', 'plain'],
    [15, 'pid', 'uint32', 'plain'],
    [16, 'mounts', 'string', 'repeated'],
    [17, 'writable_bytes', 'int64', 'plain'],
    [18, 'image_bytes', 'int64', 'plain'],
    [19, 'ports', 'string', 'repeated'],
  ],
};

export interface InspectRequest {
  container: string;
  size: boolean;
}
export const InspectRequest: Message<InspectRequest> = {
  name: 'InspectRequest',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'size', 'bool', 'plain'],
  ],
};

export interface TopRequest {
  container: string;
  columns: string[];
}
export const TopRequest: Message<TopRequest> = {
  name: 'TopRequest',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'columns', 'string', 'repeated'],
  ],
};

export interface TopResponse {
  titles: string[];
  rows: Row[];
}
export const TopResponse: Message<TopResponse> = {
  name: 'TopResponse',
  fields: () => [
    [1, 'titles', 'string', 'repeated'],
    [2, 'rows', 'message', 'repeated', Row],
  ],
};

export interface Row {
  cells: string[];
}
export const Row: Message<Row> = {
  name: 'Row',
  fields: () => [
    [1, 'cells', 'string', 'repeated'],
  ],
};

export interface DiffResponse {
  changes: Change[];
}
export const DiffResponse: Message<DiffResponse> = {
  name: 'DiffResponse',
  fields: () => [
    [1, 'changes', 'message', 'repeated', Change],
  ],
};

export interface Change {
  kind: string;
  path: string;
}
export const Change: Message<Change> = {
  name: 'Change',
  fields: () => [
    [1, 'kind', 'string', 'plain'],
    [2, 'path', 'string', 'plain'],
  ],
};

export interface StatsRequest {
  containers: string[];
  once: boolean;
}
export const StatsRequest: Message<StatsRequest> = {
  name: 'StatsRequest',
  fields: () => [
    [1, 'containers', 'string', 'repeated'],
    [2, 'once', 'bool', 'plain'],
  ],
};

export interface StatsResponse {
  samples: Sample[];
}
export const StatsResponse: Message<StatsResponse> = {
  name: 'StatsResponse',
  fields: () => [
    [1, 'samples', 'message', 'repeated', Sample],
  ],
};

export interface Sample {
  id: string;
  name: string;
  at: number;
  cpu_nanoseconds: number;
  memory_bytes: number;
  memory_limit_bytes: number;
  processes: number;
  read_bytes: number;
  written_bytes: number;
  missing: string[];
  received_bytes: number;
  sent_bytes: number;
  cpu_pressure: number;
  memory_pressure: number;
  io_pressure: number;
}
export const Sample: Message<Sample> = {
  name: 'Sample',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'name', 'string', 'plain'],
    [3, 'at', 'int64', 'plain'],
    [4, 'cpu_nanoseconds', 'uint64', 'plain'],
    [5, 'memory_bytes', 'uint64', 'plain'],
    [6, 'memory_limit_bytes', 'uint64', 'plain'],
    [7, 'processes', 'uint64', 'plain'],
    [8, 'read_bytes', 'uint64', 'plain'],
    [9, 'written_bytes', 'uint64', 'plain'],
    [10, 'missing', 'string', 'repeated'],
    [11, 'received_bytes', 'uint64', 'plain'],
    [12, 'sent_bytes', 'uint64', 'plain'],
    [13, 'cpu_pressure', 'uint64', 'plain'],
    [14, 'memory_pressure', 'uint64', 'plain'],
    [15, 'io_pressure', 'uint64', 'plain'],
  ],
};

export interface LogsRequest {
  container: string;
  follow: boolean;
  tail?: number | undefined;
  since: number;
  until: number;
}
export const LogsRequest: Message<LogsRequest> = {
  name: 'LogsRequest',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'follow', 'bool', 'plain'],
    [3, 'tail', 'uint64', 'optional'],
    [4, 'since', 'int64', 'plain'],
    [5, 'until', 'int64', 'plain'],
  ],
};

export interface LogsResponse {
  entries: LogEntry[];
}
export const LogsResponse: Message<LogsResponse> = {
  name: 'LogsResponse',
  fields: () => [
    [1, 'entries', 'message', 'repeated', LogEntry],
  ],
};

export interface LogEntry {
  time: string;
  error: boolean;
  text: Uint8Array;
}
export const LogEntry: Message<LogEntry> = {
  name: 'LogEntry',
  fields: () => [
    [1, 'time', 'string', 'plain'],
    [2, 'error', 'bool', 'plain'],
    [3, 'text', 'bytes', 'plain'],
  ],
};

export interface EventsRequest {
  since: number;
  until: number;
}
export const EventsRequest: Message<EventsRequest> = {
  name: 'EventsRequest',
  fields: () => [
    [1, 'since', 'int64', 'plain'],
    [2, 'until', 'int64', 'plain'],
  ],
};

export interface Event {
  type: string;
  action: string;
  id: string;
  at: number;
  attributes: Record<string, string>;
}
export const Event: Message<Event> = {
  name: 'Event',
  fields: () => [
    [1, 'type', 'string', 'plain'],
    [2, 'action', 'string', 'plain'],
    [3, 'id', 'string', 'plain'],
    [4, 'at', 'int64', 'plain'],
    [5, 'attributes', 'string', 'map'],
  ],
};

export interface SessionInput {
  create?: CreateRequest | undefined;
  exec?: ExecSession | undefined;
  attach?: AttachSession | undefined;
  stdin?: Uint8Array | undefined;
  stdin_closed?: boolean | undefined;
  resize?: TerminalSize | undefined;
  signal?: string | undefined;
}
export const SessionInput: Message<SessionInput> = {
  name: 'SessionInput',
  fields: () => [
    [1, 'create', 'message', 'optional', CreateRequest],
    [2, 'exec', 'message', 'optional', ExecSession],
    [3, 'attach', 'message', 'optional', AttachSession],
    [4, 'stdin', 'bytes', 'optional'],
    [5, 'stdin_closed', 'bool', 'optional'],
    [6, 'resize', 'message', 'optional', TerminalSize],
    [7, 'signal', 'string', 'optional'],
  ],
};

export interface ExecSession {
  container: string;
  args: string[];
  terminal: boolean;
  stdin: boolean;
  env: string[];
  working_dir: string;
  user: string;
  privileged: boolean;
  size?: TerminalSize | undefined;
  detach: boolean;
}
export const ExecSession: Message<ExecSession> = {
  name: 'ExecSession',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'args', 'string', 'repeated'],
    [3, 'terminal', 'bool', 'plain'],
    [4, 'stdin', 'bool', 'plain'],
    [5, 'env', 'string', 'repeated'],
    [6, 'working_dir', 'string', 'plain'],
    [7, 'user', 'string', 'plain'],
    [8, 'privileged', 'bool', 'plain'],
    [9, 'size', 'message', 'optional', TerminalSize],
    [10, 'detach', 'bool', 'plain'],
  ],
};

export interface AttachSession {
  container: string;
  stdin: boolean;
  size?: TerminalSize | undefined;
}
export const AttachSession: Message<AttachSession> = {
  name: 'AttachSession',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'stdin', 'bool', 'plain'],
    [3, 'size', 'message', 'optional', TerminalSize],
  ],
};

export interface TerminalSize {
  rows: number;
  columns: number;
}
export const TerminalSize: Message<TerminalSize> = {
  name: 'TerminalSize',
  fields: () => [
    [1, 'rows', 'uint32', 'plain'],
    [2, 'columns', 'uint32', 'plain'],
  ],
};

export interface SessionOutput {
  started?: SessionStart | undefined;
  stdout?: Uint8Array | undefined;
  stderr?: Uint8Array | undefined;
  exit_code?: number | undefined;
  trace?: Trace | undefined;
  failure?: Failure | undefined;
}
export const SessionOutput: Message<SessionOutput> = {
  name: 'SessionOutput',
  fields: () => [
    [1, 'started', 'message', 'optional', SessionStart],
    [2, 'stdout', 'bytes', 'optional'],
    [3, 'stderr', 'bytes', 'optional'],
    [4, 'exit_code', 'int32', 'optional'],
    [5, 'trace', 'message', 'optional', Trace],
    [6, 'failure', 'message', 'optional', Failure],
  ],
};

export interface Failure {
  message: string;
  exit_code: number;
}
export const Failure: Message<Failure> = {
  name: 'Failure',
  fields: () => [
    [1, 'message', 'string', 'plain'],
    [2, 'exit_code', 'int32', 'plain'],
  ],
};

export interface SessionStart {
  id: string;
  terminal: boolean;
  warnings: string[];
}
export const SessionStart: Message<SessionStart> = {
  name: 'SessionStart',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'terminal', 'bool', 'plain'],
    [3, 'warnings', 'string', 'repeated'],
  ],
};

export interface Trace {
  spans: Span[];
}
export const Trace: Message<Trace> = {
  name: 'Trace',
  fields: () => [
    [1, 'spans', 'message', 'repeated', Span],
  ],
};

export interface Span {
  name: string;
  start_ms: number;
  duration_ms: number;
  depth: number;
}
export const Span: Message<Span> = {
  name: 'Span',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'start_ms', 'double', 'plain'],
    [3, 'duration_ms', 'double', 'plain'],
    [4, 'depth', 'uint32', 'plain'],
  ],
};

export interface CopyOutRequest {
  container: string;
  path: string;
  follow_link: boolean;
  owner?: Owner | undefined;
}
export const CopyOutRequest: Message<CopyOutRequest> = {
  name: 'CopyOutRequest',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'path', 'string', 'plain'],
    [3, 'follow_link', 'bool', 'plain'],
    [4, 'owner', 'message', 'optional', Owner],
  ],
};

export interface Owner {
  uid: number;
  gid: number;
}
export const Owner: Message<Owner> = {
  name: 'Owner',
  fields: () => [
    [1, 'uid', 'uint32', 'plain'],
    [2, 'gid', 'uint32', 'plain'],
  ],
};

export interface CopyOutput {
  kind?: CopiedKind | undefined;
  data: Uint8Array;
}
export const CopyOutput: Message<CopyOutput> = {
  name: 'CopyOutput',
  fields: () => [
    [1, 'kind', 'message', 'optional', CopiedKind],
    [2, 'data', 'bytes', 'plain'],
  ],
};

export interface CopiedKind {
  name: string;
  is_folder: boolean;
}
export const CopiedKind: Message<CopiedKind> = {
  name: 'CopiedKind',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'is_folder', 'bool', 'plain'],
  ],
};

export interface CopyInput {
  request?: CopyInRequest | undefined;
  data: Uint8Array;
}
export const CopyInput: Message<CopyInput> = {
  name: 'CopyInput',
  fields: () => [
    [1, 'request', 'message', 'optional', CopyInRequest],
    [2, 'data', 'bytes', 'plain'],
  ],
};

export interface CopyInRequest {
  container: string;
  path: string;
  name: string;
  is_folder: boolean;
  as_root: boolean;
}
export const CopyInRequest: Message<CopyInRequest> = {
  name: 'CopyInRequest',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'path', 'string', 'plain'],
    [3, 'name', 'string', 'plain'],
    [4, 'is_folder', 'bool', 'plain'],
    [5, 'as_root', 'bool', 'plain'],
  ],
};

export interface CommitRequest {
  container: string;
  name: string;
  changes: string[];
  comment: string;
  pause: boolean;
}
export const CommitRequest: Message<CommitRequest> = {
  name: 'CommitRequest',
  fields: () => [
    [1, 'container', 'string', 'plain'],
    [2, 'name', 'string', 'plain'],
    [3, 'changes', 'string', 'repeated'],
    [4, 'comment', 'string', 'plain'],
    [5, 'pause', 'bool', 'plain'],
  ],
};

export interface ImageRequest {
  image: string;
}
export const ImageRequest: Message<ImageRequest> = {
  name: 'ImageRequest',
  fields: () => [
    [1, 'image', 'string', 'plain'],
  ],
};

export interface ImageResponse {
  id: string;
}
export const ImageResponse: Message<ImageResponse> = {
  name: 'ImageResponse',
  fields: () => [
    [1, 'id', 'string', 'plain'],
  ],
};

export interface PullRequest {
  image: string;
  platform: string;
  auth?: runtime.AuthConfig | undefined;
}
export const PullRequest: Message<PullRequest> = {
  name: 'PullRequest',
  fields: () => [
    [1, 'image', 'string', 'plain'],
    [2, 'platform', 'string', 'plain'],
    [3, 'auth', 'message', 'optional', runtime.AuthConfig],
  ],
};

export interface PullResponse {
  progress?: LayerProgress | undefined;
  image?: ImageSummary | undefined;
}
export const PullResponse: Message<PullResponse> = {
  name: 'PullResponse',
  fields: () => [
    [1, 'progress', 'message', 'optional', LayerProgress],
    [2, 'image', 'message', 'optional', ImageSummary],
  ],
};

export interface LayerProgress {
  digest: string;
  step: string;
  done_bytes: number;
  total_bytes: number;
}
export const LayerProgress: Message<LayerProgress> = {
  name: 'LayerProgress',
  fields: () => [
    [1, 'digest', 'string', 'plain'],
    [2, 'step', 'string', 'plain'],
    [3, 'done_bytes', 'uint64', 'plain'],
    [4, 'total_bytes', 'uint64', 'plain'],
  ],
};

export interface PushRequest {
  image: string;
  auth?: runtime.AuthConfig | undefined;
}
export const PushRequest: Message<PushRequest> = {
  name: 'PushRequest',
  fields: () => [
    [1, 'image', 'string', 'plain'],
    [2, 'auth', 'message', 'optional', runtime.AuthConfig],
  ],
};

export interface PushResponse {
  digest: string;
}
export const PushResponse: Message<PushResponse> = {
  name: 'PushResponse',
  fields: () => [
    [1, 'digest', 'string', 'plain'],
  ],
};

export interface ListImagesRequest {

}
export const ListImagesRequest: Message<ListImagesRequest> = {
  name: 'ListImagesRequest',
  fields: () => [

  ],
};

export interface ListImagesResponse {
  images: ImageSummary[];
}
export const ListImagesResponse: Message<ListImagesResponse> = {
  name: 'ListImagesResponse',
  fields: () => [
    [1, 'images', 'message', 'repeated', ImageSummary],
  ],
};

export interface ImageSummary {
  id: string;
  repo_tags: string[];
  repo_digests: string[];
  size_bytes: number;
  created_at: number;
  labels: Record<string, string>;
  pinned: boolean;
  containers: number;
}
export const ImageSummary: Message<ImageSummary> = {
  name: 'ImageSummary',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'repo_tags', 'string', 'repeated'],
    [3, 'repo_digests', 'string', 'repeated'],
    [4, 'size_bytes', 'uint64', 'plain'],
    [5, 'created_at', 'int64', 'plain'],
    [6, 'labels', 'string', 'map'],
    [7, 'pinned', 'bool', 'plain'],
    [8, 'containers', 'uint32', 'plain'],
  ],
};

export interface TagRequest {
  source: string;
  target: string;
}
export const TagRequest: Message<TagRequest> = {
  name: 'TagRequest',
  fields: () => [
    [1, 'source', 'string', 'plain'],
    [2, 'target', 'string', 'plain'],
  ],
};

export interface RemoveImageRequest {
  image: string;
  force: boolean;
}
export const RemoveImageRequest: Message<RemoveImageRequest> = {
  name: 'RemoveImageRequest',
  fields: () => [
    [1, 'image', 'string', 'plain'],
    [2, 'force', 'bool', 'plain'],
  ],
};

export interface RemoveImageResponse {
  untagged: string[];
  deleted: string[];
}
export const RemoveImageResponse: Message<RemoveImageResponse> = {
  name: 'RemoveImageResponse',
  fields: () => [
    [1, 'untagged', 'string', 'repeated'],
    [2, 'deleted', 'string', 'repeated'],
  ],
};

export interface SaveRequest {
  images: string[];
  format: string;
}
export const SaveRequest: Message<SaveRequest> = {
  name: 'SaveRequest',
  fields: () => [
    [1, 'images', 'string', 'repeated'],
    [2, 'format', 'string', 'plain'],
  ],
};

export interface ImportInput {
  options?: ImportOptions | undefined;
  data: Uint8Array;
}
export const ImportInput: Message<ImportInput> = {
  name: 'ImportInput',
  fields: () => [
    [1, 'options', 'message', 'optional', ImportOptions],
    [2, 'data', 'bytes', 'plain'],
  ],
};

export interface ImportOptions {
  name: string;
  changes: string[];
}
export const ImportOptions: Message<ImportOptions> = {
  name: 'ImportOptions',
  fields: () => [
    [1, 'name', 'string', 'plain'],
    [2, 'changes', 'string', 'repeated'],
  ],
};

export interface HistoryResponse {
  entries: HistoryEntry[];
}
export const HistoryResponse: Message<HistoryResponse> = {
  name: 'HistoryResponse',
  fields: () => [
    [1, 'entries', 'message', 'repeated', HistoryEntry],
  ],
};

export interface HistoryEntry {
  id: string;
  created_at: number;
  created_by: string;
  comment: string;
  size_bytes: number;
}
export const HistoryEntry: Message<HistoryEntry> = {
  name: 'HistoryEntry',
  fields: () => [
    [1, 'id', 'string', 'plain'],
    [2, 'created_at', 'int64', 'plain'],
    [3, 'created_by', 'string', 'plain'],
    [4, 'comment', 'string', 'plain'],
    [5, 'size_bytes', 'uint64', 'plain'],
  ],
};

export interface InformationRequest {

}
export const InformationRequest: Message<InformationRequest> = {
  name: 'InformationRequest',
  fields: () => [

  ],
};

export interface DiskUseRequest {

}
export const DiskUseRequest: Message<DiskUseRequest> = {
  name: 'DiskUseRequest',
  fields: () => [

  ],
};

export interface DiskUseResponse {
  images: ImageUse[];
  containers: ContainerUse[];
  reclaimable_bytes: number;
}
export const DiskUseResponse: Message<DiskUseResponse> = {
  name: 'DiskUseResponse',
  fields: () => [
    [1, 'images', 'message', 'repeated', ImageUse],
    [2, 'containers', 'message', 'repeated', ContainerUse],
    [3, 'reclaimable_bytes', 'uint64', 'plain'],
  ],
};

export interface ImageUse {
  image?: ImageSummary | undefined;
  shared_bytes: number;
  unique_bytes: number;
}
export const ImageUse: Message<ImageUse> = {
  name: 'ImageUse',
  fields: () => [
    [1, 'image', 'message', 'optional', ImageSummary],
    [2, 'shared_bytes', 'uint64', 'plain'],
    [3, 'unique_bytes', 'uint64', 'plain'],
  ],
};

export interface ContainerUse {
  container?: ContainerSummary | undefined;
  bytes: number;
}
export const ContainerUse: Message<ContainerUse> = {
  name: 'ContainerUse',
  fields: () => [
    [1, 'container', 'message', 'optional', ContainerSummary],
    [2, 'bytes', 'uint64', 'plain'],
  ],
};

export interface PruneRequest {
  containers: boolean;
  images: boolean;
  all_images: boolean;
}
export const PruneRequest: Message<PruneRequest> = {
  name: 'PruneRequest',
  fields: () => [
    [1, 'containers', 'bool', 'plain'],
    [2, 'images', 'bool', 'plain'],
    [3, 'all_images', 'bool', 'plain'],
  ],
};

export interface PruneResponse {
  containers: string[];
  images: string[];
  freed_bytes: number;
}
export const PruneResponse: Message<PruneResponse> = {
  name: 'PruneResponse',
  fields: () => [
    [1, 'containers', 'string', 'repeated'],
    [2, 'images', 'string', 'repeated'],
    [3, 'freed_bytes', 'uint64', 'plain'],
  ],
};

export const Containers = {
  Create: {
    path: '/keelson.v1.Containers/Create',
    kind: 'unary',
    request: CreateRequest,
    response: CreateResponse,
  } as Method<'unary', CreateRequest, CreateResponse>,
  Run: {
    path: '/keelson.v1.Containers/Run',
    kind: 'both',
    request: SessionInput,
    response: SessionOutput,
  } as Method<'both', SessionInput, SessionOutput>,
  Start: {
    path: '/keelson.v1.Containers/Start',
    kind: 'unary',
    request: ContainerRequest,
    response: ContainerResponse,
  } as Method<'unary', ContainerRequest, ContainerResponse>,
  Stop: {
    path: '/keelson.v1.Containers/Stop',
    kind: 'unary',
    request: StopRequest,
    response: ContainerResponse,
  } as Method<'unary', StopRequest, ContainerResponse>,
  Restart: {
    path: '/keelson.v1.Containers/Restart',
    kind: 'unary',
    request: StopRequest,
    response: ContainerResponse,
  } as Method<'unary', StopRequest, ContainerResponse>,
  Kill: {
    path: '/keelson.v1.Containers/Kill',
    kind: 'unary',
    request: KillRequest,
    response: ContainerResponse,
  } as Method<'unary', KillRequest, ContainerResponse>,
  Pause: {
    path: '/keelson.v1.Containers/Pause',
    kind: 'unary',
    request: ContainerRequest,
    response: ContainerResponse,
  } as Method<'unary', ContainerRequest, ContainerResponse>,
  Unpause: {
    path: '/keelson.v1.Containers/Unpause',
    kind: 'unary',
    request: ContainerRequest,
    response: ContainerResponse,
  } as Method<'unary', ContainerRequest, ContainerResponse>,
  Remove: {
    path: '/keelson.v1.Containers/Remove',
    kind: 'unary',
    request: RemoveRequest,
    response: ContainerResponse,
  } as Method<'unary', RemoveRequest, ContainerResponse>,
  Rename: {
    path: '/keelson.v1.Containers/Rename',
    kind: 'unary',
    request: RenameRequest,
    response: ContainerResponse,
  } as Method<'unary', RenameRequest, ContainerResponse>,
  Update: {
    path: '/keelson.v1.Containers/Update',
    kind: 'unary',
    request: UpdateRequest,
    response: ContainerResponse,
  } as Method<'unary', UpdateRequest, ContainerResponse>,
  Wait: {
    path: '/keelson.v1.Containers/Wait',
    kind: 'unary',
    request: WaitRequest,
    response: WaitResponse,
  } as Method<'unary', WaitRequest, WaitResponse>,
  List: {
    path: '/keelson.v1.Containers/List',
    kind: 'unary',
    request: ListRequest,
    response: ListResponse,
  } as Method<'unary', ListRequest, ListResponse>,
  Inspect: {
    path: '/keelson.v1.Containers/Inspect',
    kind: 'unary',
    request: InspectRequest,
    response: Document,
  } as Method<'unary', InspectRequest, Document>,
  Top: {
    path: '/keelson.v1.Containers/Top',
    kind: 'unary',
    request: TopRequest,
    response: TopResponse,
  } as Method<'unary', TopRequest, TopResponse>,
  Diff: {
    path: '/keelson.v1.Containers/Diff',
    kind: 'unary',
    request: ContainerRequest,
    response: DiffResponse,
  } as Method<'unary', ContainerRequest, DiffResponse>,
  Stats: {
    path: '/keelson.v1.Containers/Stats',
    kind: 'answers',
    request: StatsRequest,
    response: StatsResponse,
  } as Method<'answers', StatsRequest, StatsResponse>,
  Logs: {
    path: '/keelson.v1.Containers/Logs',
    kind: 'answers',
    request: LogsRequest,
    response: LogsResponse,
  } as Method<'answers', LogsRequest, LogsResponse>,
  Exec: {
    path: '/keelson.v1.Containers/Exec',
    kind: 'both',
    request: SessionInput,
    response: SessionOutput,
  } as Method<'both', SessionInput, SessionOutput>,
  Attach: {
    path: '/keelson.v1.Containers/Attach',
    kind: 'both',
    request: SessionInput,
    response: SessionOutput,
  } as Method<'both', SessionInput, SessionOutput>,
  Commit: {
    path: '/keelson.v1.Containers/Commit',
    kind: 'unary',
    request: CommitRequest,
    response: ImageResponse,
  } as Method<'unary', CommitRequest, ImageResponse>,
  CopyOut: {
    path: '/keelson.v1.Containers/CopyOut',
    kind: 'answers',
    request: CopyOutRequest,
    response: CopyOutput,
  } as Method<'answers', CopyOutRequest, CopyOutput>,
  CopyIn: {
    path: '/keelson.v1.Containers/CopyIn',
    kind: 'both',
    request: CopyInput,
    response: ContainerResponse,
  } as Method<'both', CopyInput, ContainerResponse>,
} as const;

export const Images = {
  Pull: {
    path: '/keelson.v1.Images/Pull',
    kind: 'answers',
    request: PullRequest,
    response: PullResponse,
  } as Method<'answers', PullRequest, PullResponse>,
  Push: {
    path: '/keelson.v1.Images/Push',
    kind: 'unary',
    request: PushRequest,
    response: PushResponse,
  } as Method<'unary', PushRequest, PushResponse>,
  List: {
    path: '/keelson.v1.Images/List',
    kind: 'unary',
    request: ListImagesRequest,
    response: ListImagesResponse,
  } as Method<'unary', ListImagesRequest, ListImagesResponse>,
  Inspect: {
    path: '/keelson.v1.Images/Inspect',
    kind: 'unary',
    request: ImageRequest,
    response: Document,
  } as Method<'unary', ImageRequest, Document>,
  Tag: {
    path: '/keelson.v1.Images/Tag',
    kind: 'unary',
    request: TagRequest,
    response: ImageResponse,
  } as Method<'unary', TagRequest, ImageResponse>,
  Remove: {
    path: '/keelson.v1.Images/Remove',
    kind: 'unary',
    request: RemoveImageRequest,
    response: RemoveImageResponse,
  } as Method<'unary', RemoveImageRequest, RemoveImageResponse>,
  Save: {
    path: '/keelson.v1.Images/Save',
    kind: 'answers',
    request: SaveRequest,
    response: Chunk,
  } as Method<'answers', SaveRequest, Chunk>,
  Load: {
    path: '/keelson.v1.Images/Load',
    kind: 'both',
    request: Chunk,
    response: ListImagesResponse,
  } as Method<'both', Chunk, ListImagesResponse>,
  Import: {
    path: '/keelson.v1.Images/Import',
    kind: 'both',
    request: ImportInput,
    response: ImageResponse,
  } as Method<'both', ImportInput, ImageResponse>,
  History: {
    path: '/keelson.v1.Images/History',
    kind: 'unary',
    request: ImageRequest,
    response: HistoryResponse,
  } as Method<'unary', ImageRequest, HistoryResponse>,
} as const;

export const Volumes = {
  Create: {
    path: '/keelson.v1.Volumes/Create',
    kind: 'unary',
    request: CreateVolumeRequest,
    response: VolumeSummary,
  } as Method<'unary', CreateVolumeRequest, VolumeSummary>,
  List: {
    path: '/keelson.v1.Volumes/List',
    kind: 'unary',
    request: ListVolumesRequest,
    response: ListVolumesResponse,
  } as Method<'unary', ListVolumesRequest, ListVolumesResponse>,
  Inspect: {
    path: '/keelson.v1.Volumes/Inspect',
    kind: 'unary',
    request: VolumeRequest,
    response: VolumeSummary,
  } as Method<'unary', VolumeRequest, VolumeSummary>,
  Remove: {
    path: '/keelson.v1.Volumes/Remove',
    kind: 'unary',
    request: VolumeRequest,
    response: VolumeSummary,
  } as Method<'unary', VolumeRequest, VolumeSummary>,
  Prune: {
    path: '/keelson.v1.Volumes/Prune',
    kind: 'unary',
    request: PruneVolumesRequest,
    response: PruneVolumesResponse,
  } as Method<'unary', PruneVolumesRequest, PruneVolumesResponse>,
} as const;

export const System = {
  Information: {
    path: '/keelson.v1.System/Information',
    kind: 'unary',
    request: InformationRequest,
    response: Document,
  } as Method<'unary', InformationRequest, Document>,
  Events: {
    path: '/keelson.v1.System/Events',
    kind: 'answers',
    request: EventsRequest,
    response: Event,
  } as Method<'answers', EventsRequest, Event>,
  DiskUse: {
    path: '/keelson.v1.System/DiskUse',
    kind: 'unary',
    request: DiskUseRequest,
    response: DiskUseResponse,
  } as Method<'unary', DiskUseRequest, DiskUseResponse>,
  Prune: {
    path: '/keelson.v1.System/Prune',
    kind: 'unary',
    request: PruneRequest,
    response: PruneResponse,
  } as Method<'unary', PruneRequest, PruneResponse>,
} as const;


import type * as cri from '../../cri/generated/runtime.ts';
import type { Draft } from '../../grpc/message.ts';

/**
 * The calls of a CRI v1 runtime that a kubelet makes, each with a limit of its own. Every refusal
 * is a DomainError by the gRPC status; `unavailable` when nobody answers on the socket. Fields a
 * request leaves out are the protocol's defaults.
 */
export interface ContainerRuntime {
  version(): Promise<cri.VersionResponse>;
  status(verbose: boolean): Promise<cri.StatusResponse>;
  runtimeConfig(): Promise<cri.RuntimeConfigResponse>;
  updatePodCidr(cidr: string): Promise<void>;

  runPod(config: Draft<cri.PodSandboxConfig>, handler: string): Promise<string>;
  /** Succeeds for a pod that is gone, as the calls below that stop and remove do. */
  stopPod(id: string): Promise<void>;
  removePod(id: string): Promise<void>;
  listPods(filter?: Draft<cri.PodSandboxFilter>): Promise<readonly cri.PodSandbox[]>;
  podStatus(id: string): Promise<cri.PodSandboxStatus>;

  createContainer(request: Draft<cri.CreateContainerRequest>): Promise<string>;
  startContainer(id: string): Promise<void>;
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  listContainers(filter?: Draft<cri.ContainerFilter>): Promise<readonly cri.Container[]>;
  containerStatus(id: string): Promise<cri.ContainerStatus>;
  updateContainer(request: Draft<cri.UpdateContainerResourcesRequest>): Promise<void>;
  reopenLog(id: string): Promise<void>;
  /** Writes a running container to an archive; 0 seconds is as long as it takes. */
  checkpointContainer(id: string, location: string, timeoutSeconds: number): Promise<void>;
  execSync(
    id: string,
    command: readonly string[],
    timeoutSeconds: number,
  ): Promise<cri.ExecSyncResponse>;

  /** The URL of a stream, as the runtime gives it. */
  exec(request: Draft<cri.ExecRequest>): Promise<string>;
  attach(request: Draft<cri.AttachRequest>): Promise<string>;
  portForward(request: Draft<cri.PortForwardRequest>): Promise<string>;

  podStatistics(): Promise<readonly cri.PodSandboxStats[]>;
  containerStatistics(): Promise<readonly cri.ContainerStats[]>;
  /** `unsupported` by runtimes that measure nothing by themselves. */
  metricDescriptors(): Promise<readonly cri.MetricDescriptor[]>;
  podMetrics(): Promise<readonly cri.PodSandboxMetrics[]>;
  imageFileSystem(): Promise<cri.ImageFsInfoResponse>;
  /** Ends with the signal; throws when the connection breaks: list anew, then ask again. */
  events(signal: AbortSignal): AsyncIterable<cri.ContainerEventResponse>;

  listImages(): Promise<readonly cri.Image[]>;
  /** Undefined for an image that is not there. */
  imageStatus(image: Draft<cri.ImageSpec>): Promise<cri.Image | undefined>;
  /** The image's reference, by which a container is created. */
  pullImage(request: Draft<cri.PullImageRequest>): Promise<string>;
  removeImage(image: Draft<cri.ImageSpec>): Promise<void>;
}

import { DomainError, isDomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { ImageService, RuntimeService } from '../../cri/generated/runtime.ts';
import { GrpcClient } from '../../grpc/grpc-client.ts';
import type { Draft, Method } from '../../grpc/message.ts';
import type { ContainerRuntime } from './container-runtime.ts';

/**
 * A CRI v1 runtime behind a Unix socket, connected on the first call and anew after it broke: our
 * own or any other. A call that gets no answer in `answerMs`, a pod's start in twice that, is
 * DomainError `timeout`; pulls and commands have times of their own. Owns the connection until it
 * is disposed of.
 */
export function openRuntime(
  socketPath: string,
  answerMs: number = limits.runtimeAnswerMs,
): ContainerRuntime & Disposable {
  const calls = new Calls(socketPath, answerMs);
  return {
    ...podCalls(calls),
    ...containerCalls(calls),
    ...imageCalls(calls),
    ...nodeCalls(calls),
    [Symbol.dispose]: () => calls[Symbol.dispose](),
  };
}

class Calls implements Disposable {
  readonly client: GrpcClient;
  readonly answerMs: number;

  constructor(socketPath: string, answerMs: number) {
    this.answerMs = answerMs;
    this.client = new GrpcClient(socketPath);
  }

  /** One call. The server is told the limit, too, but one that hangs heeds nothing. */
  async ask<Request, Response>(
    method: Method<'unary', Request, Response>,
    request: Draft<NoInfer<Request>>,
    timeoutMs: number = this.answerMs,
  ): Promise<Response> {
    const tooLate = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      tooLate.abort();
      reject(noAnswer(method.path, timeoutMs));
    }, timeoutMs);
    try {
      const answer = this.client.call(method, request, { signal: tooLate.signal, timeoutMs });
      return await Promise.race([answer, promise]);
    } catch (error) {
      throw tooLate.signal.aborted ? noAnswer(method.path, timeoutMs) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A call about something that may be gone already, which is as good. */
  async end<Request, Response>(
    method: Method<'unary', Request, Response>,
    request: Draft<NoInfer<Request>>,
    timeoutMs?: number,
  ): Promise<void> {
    try {
      await this.ask(method, request, timeoutMs);
    } catch (error) {
      if (!isDomainError(error, 'notFound')) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

function noAnswer(path: string, timeoutMs: number): DomainError {
  const name = path.split('/').at(-1) ?? path;
  return new DomainError('timeout', `The runtime did not answer ${name} in ${timeoutMs / 1000} s`);
}

type PodCalls = 'runPod' | 'stopPod' | 'removePod' | 'listPods' | 'podStatus' | 'portForward';

function podCalls(calls: Calls): Pick<ContainerRuntime, PodCalls> {
  return {
    runPod: async (config, handler) => {
      const request = { config, runtime_handler: handler };
      const { pod_sandbox_id: id } = await calls.ask(
        RuntimeService.RunPodSandbox,
        request,
        calls.answerMs * 2,
      );
      return id;
    },
    stopPod: (id) => calls.end(RuntimeService.StopPodSandbox, { pod_sandbox_id: id }),
    removePod: (id) => calls.end(RuntimeService.RemovePodSandbox, { pod_sandbox_id: id }),
    listPods: async (filter = {}) =>
      (await calls.ask(RuntimeService.ListPodSandbox, { filter })).items,
    podStatus: async (id) => {
      const { status } = await calls.ask(RuntimeService.PodSandboxStatus, { pod_sandbox_id: id });
      return found(status, `pod ${id}`);
    },
    portForward: async (request) => (await calls.ask(RuntimeService.PortForward, request)).url,
  };
}

type ContainerCalls =
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'removeContainer'
  | 'listContainers'
  | 'containerStatus'
  | 'updateContainer'
  | 'reopenLog'
  | 'checkpointContainer'
  | 'execSync'
  | 'exec'
  | 'attach';

function containerCalls(calls: Calls): Pick<ContainerRuntime, ContainerCalls> {
  return {
    createContainer: async (request) =>
      (await calls.ask(RuntimeService.CreateContainer, request)).container_id,
    startContainer: async (id) => {
      await calls.ask(RuntimeService.StartContainer, { container_id: id });
    },
    stopContainer: (id, graceSeconds) =>
      calls.end(
        RuntimeService.StopContainer,
        { container_id: id, timeout: graceSeconds },
        calls.answerMs + graceSeconds * 1000,
      ),
    removeContainer: (id) => calls.end(RuntimeService.RemoveContainer, { container_id: id }),
    listContainers: async (filter = {}) =>
      (await calls.ask(RuntimeService.ListContainers, { filter })).containers,
    containerStatus: async (id) => {
      const { status } = await calls.ask(RuntimeService.ContainerStatus, { container_id: id });
      return found(status, `container ${id}`);
    },
    updateContainer: async (request) => {
      await calls.ask(RuntimeService.UpdateContainerResources, request);
    },
    reopenLog: async (id) => {
      await calls.ask(RuntimeService.ReopenContainerLog, { container_id: id });
    },
    checkpointContainer: async (id, location, timeoutSeconds) => {
      const request = { container_id: id, location, timeout: timeoutSeconds };
      const timeoutMs = timeoutSeconds * 1000 + limits.runtimeExecMarginMs;
      const longestMs = Math.max(limits.runtimePullMs, timeoutMs);
      await calls.ask(RuntimeService.CheckpointContainer, request, longestMs);
    },
    execSync: (id, command, timeoutSeconds) => {
      const request = { container_id: id, cmd: command, timeout: timeoutSeconds };
      // Without a limit of its own the command may take as long as any call.
      const timeoutMs = timeoutSeconds * 1000 + limits.runtimeExecMarginMs;
      return calls.ask(
        RuntimeService.ExecSync,
        request,
        timeoutSeconds === 0 ? calls.answerMs : timeoutMs,
      );
    },
    exec: async (request) => (await calls.ask(RuntimeService.Exec, request)).url,
    attach: async (request) => (await calls.ask(RuntimeService.Attach, request)).url,
  };
}

type ImageCalls = 'listImages' | 'imageStatus' | 'pullImage' | 'removeImage' | 'imageFileSystem';

function imageCalls(calls: Calls): Pick<ContainerRuntime, ImageCalls> {
  return {
    listImages: async () => (await calls.ask(ImageService.ListImages, {})).images,
    imageStatus: async (image) => (await calls.ask(ImageService.ImageStatus, { image })).image,
    pullImage: async (request) =>
      (await calls.ask(ImageService.PullImage, request, limits.runtimePullMs)).image_ref,
    removeImage: (image) => calls.end(ImageService.RemoveImage, { image }),
    imageFileSystem: () => calls.ask(ImageService.ImageFsInfo, {}),
  };
}

type NodeCalls =
  | 'version'
  | 'status'
  | 'runtimeConfig'
  | 'updatePodCidr'
  | 'podStatistics'
  | 'containerStatistics'
  | 'metricDescriptors'
  | 'podMetrics'
  | 'events';

function nodeCalls(calls: Calls): Pick<ContainerRuntime, NodeCalls> {
  return {
    version: () => calls.ask(RuntimeService.Version, { version: 'v1' }),
    status: (verbose) => calls.ask(RuntimeService.Status, { verbose }),
    runtimeConfig: () => calls.ask(RuntimeService.RuntimeConfig, {}),
    updatePodCidr: async (cidr) => {
      const runtime_config = { network_config: { pod_cidr: cidr } };
      await calls.ask(RuntimeService.UpdateRuntimeConfig, { runtime_config });
    },
    podStatistics: async () => (await calls.ask(RuntimeService.ListPodSandboxStats, {})).stats,
    containerStatistics: async () => (await calls.ask(RuntimeService.ListContainerStats, {})).stats,
    metricDescriptors: async () =>
      (await calls.ask(RuntimeService.ListMetricDescriptors, {})).descriptors,
    podMetrics: async () => (await calls.ask(RuntimeService.ListPodSandboxMetrics, {})).pod_metrics,
    events: async function* (signal) {
      try {
        yield* calls.client.answers(RuntimeService.GetContainerEvents, {}, { signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}

/** Some runtimes answer a question about what is gone with an empty message. */
function found<T>(status: T | undefined, what: string): T {
  if (status === undefined) throw new DomainError('notFound', `The runtime has no ${what}`);
  return status;
}

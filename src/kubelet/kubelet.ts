import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { ApiClient } from '../api/client/client.ts';
import { EventRecorder } from '../api/client/event-recorder.ts';
import type { Informer } from '../api/client/informer.ts';
import { resources } from '../api/client/resources.ts';
import type { JsonObject } from '../api/json.ts';
import type { Pod, Service, Taint } from '../api/types/generated/core-v1.ts';
import { aborted } from '../base/aborted.ts';
import { type Clock, sleep, systemClock } from '../base/clock.ts';
import { messageOf } from '../base/error.ts';
import type { Logger } from '../base/log.ts';
import { leastOomScore } from '../kernel/least-oom-score.ts';
import type { KubeletConfiguration } from './config/kubelet-configuration.ts';
import { ImagePuller } from './image/image-puller.ts';
import type { LiveNodeState, NodeEvent } from './node/node-options.ts';
import { openNodeState } from './node/open-node-state.ts';
import { isStatic, type LivePod } from './pod/live-pod.ts';
import { podsShareOf } from './node/node-resources.ts';
import { PodCgroups } from './pod/pod-cgroups.ts';
import { PodEvents } from './pod/pod-events.ts';
import type { PodSurroundings } from './pod/pod-surroundings.ts';
import { PodWorkers } from './pod/pod-workers.ts';
import { StatusWriter } from './pod/status-writer.ts';
import { UserNamespaces } from './pod/user-namespaces.ts';
import type { ContainerRuntime } from './runtime/container-runtime.ts';
import { askRuntime } from './runtime/ask-runtime.ts';
import { RuntimeChanges } from './runtime/runtime-changes.ts';
import { serveKubelet } from './serve/serve-kubelet.ts';
import { ApiObjects } from './source/api-objects.ts';
import { ApiSource, type PodListener } from './source/api-source.ts';
import { MirrorPods } from './source/mirror-pods.ts';
import { StaticPods } from './source/static-pods.ts';
import type { KubeletServer } from './serve/serve-options.ts';
import { openPodVolumes } from './volume/open-pod-volumes.ts';
import type { PodVolumes } from './volume/pod-volumes.ts';

export interface KubeletOptions {
  readonly name: string;
  readonly runtime: ContainerRuntime;
  /** Absent where the kubelet stands alone: static pods are all it has. */
  readonly client?: ApiClient;
  /** Has the client give up its connections, and what is under way on them. */
  readonly reconnect?: () => void;
  /** The cluster's services, where somebody in the process follows them already. */
  readonly services?: Informer<Service>;
  /** Who signed the certificates of the API's clients, in PEM. */
  readonly authority?: string;
  readonly configuration: KubeletConfiguration;
  /** The configuration as a file would have it. */
  readonly document: JsonObject;
  /** `/var/lib/kubelet` */
  readonly root: string;
  /** Where volumes of the default StorageClass lie. */
  readonly localVolumes: string;
  /** `/var/log/containers`; empty for nowhere. */
  readonly logLinks: string;
  readonly addresses?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly log: Logger;
  /** The kubelet works: its API answers, its workers have begun. */
  readonly ready: () => void;
}

/** A pod's status is waited for; its events cost the server as much, and are read later. */
const eventsBehindMs = 100;

/** Is the node's kubelet until the signal is aborted; pods stay as they are then. */
export async function runKubelet(options: KubeletOptions, signal: AbortSignal): Promise<void> {
  const { client, root, name, log, configuration } = options;
  const clock = systemClock;
  const { runtimeName, driver } = await askRuntime(options, signal);
  const links: Links = { mirrors: undefined, pods: undefined, node: undefined, api: undefined };
  const recorder =
    client === undefined
      ? undefined
      : new EventRecorder({
          client,
          clock,
          behindMs: eventsBehindMs,
          onError: (error) => log.debug(messageOf(error)),
        });
  const tell = (event: NodeEvent) => tellNode({ recorder, links, name }, event);
  await using node = await openNodeState({ ...options, clock, tell });
  links.node = node;
  await using volumes = await openPodVolumes({
    folder: root,
    localFolder: options.localVolumes,
    client,
    nodeName: name,
    allocatable: () => node.allocatable(),
    clock,
    log,
  });
  using cgroups = new PodCgroups({
    enabled: configuration.cgroupsPerQOS,
    driver,
    root: configuration.cgroupRoot,
    pidsLimit: configuration.podPidsLimit,
    share: podsShareOf({ processors: cpus().length, memoryBytes: totalmem() }, configuration),
    pods: () => links.pods?.occupying() ?? [],
    log,
  });
  const common = { ...options, clock, runtimeName, node, volumes, cgroups };
  await using pods = openWorkers(common, recorder, links);
  links.pods = pods;
  const { api, mirrors } = links;
  await work({ options, clock, node, pods, volumes, api, mirrors }, signal);
}

type Common = KubeletOptions &
  Pick<PodSurroundings, 'clock' | 'runtimeName' | 'volumes' | 'cgroups'> & {
    readonly node: LiveNodeState;
  };

function openWorkers(
  common: Common,
  recorder: EventRecorder | undefined,
  links: Links,
): PodWorkers {
  const { client, clock, log, node, runtime, name, configuration } = common;
  const present = (pod: Pod) => presentOf(links, pod as LivePod);
  const events = new PodEvents(recorder, name, present);
  const statuses = new StatusWriter({ client, clock, log, present });
  const serialize = configuration.serializeImagePulls;
  const pods = new PodWorkers({
    ...common,
    events,
    statuses,
    images: new ImagePuller({ runtime, clock, events, serialize }),
    objects: new ApiObjects(client),
    users: new UserNamespaces({ root: common.root, maxPods: configuration.maxPods }),
    services: () => links.api?.services() ?? [],
    bounds: { memoryBytes: totalmem(), leastOomScore: leastOomScore(log) },
    settings: settingsOf(common),
  });
  if (client === undefined) return pods;
  const renewed = (uid: string) => statuses.forgotten(uid);
  const mirrors = new MirrorPods({ client, clock, log, node, renewed });
  links.mirrors = mirrors;
  links.api = new ApiSource({
    client,
    clock,
    services: common.services,
    nodeName: name,
    pods: listenerOf(pods),
    mirrors: mirrors.mirrors,
    onError: (error) => log.warn(`the API server: ${messageOf(error)}`),
  });
  return pods;
}

function listenerOf(pods: PodWorkers): PodListener {
  return { update: (pod, isNew) => pods.update(pod, isNew), forget: (pod) => pods.forget(pod) };
}

/** The object that the server has for a pod. */
function presentOf({ mirrors }: Links, pod: LivePod): LivePod | undefined {
  return isStatic(pod) ? mirrors?.of(pod) : pod;
}

/** What is made after those that need it. */
interface Links {
  mirrors: MirrorPods | undefined;
  pods: PodWorkers | undefined;
  node: LiveNodeState | undefined;
  api: ApiSource | undefined;
}

function settingsOf({ configuration, root, logLinks }: KubeletOptions) {
  return {
    root,
    logLinks,
    logFolder: configuration.podLogsDir,
    allowedSysctls: configuration.allowedUnsafeSysctls,
    clusterDns: configuration.clusterDNS,
    clusterDomain: configuration.clusterDomain,
    resolverFile: configuration.resolvConf,
    seccompFolder: join(root, 'seccomp'),
    seccompDefault: configuration.seccompDefault,
  };
}

interface Parts {
  readonly options: KubeletOptions;
  readonly clock: Clock;
  readonly node: LiveNodeState;
  readonly pods: PodWorkers;
  readonly volumes: PodVolumes;
  readonly api: ApiSource | undefined;
  readonly mirrors: MirrorPods | undefined;
}

async function work(parts: Parts, signal: AbortSignal): Promise<void> {
  const { options, clock, node, pods, volumes, api, mirrors } = parts;
  const { configuration, log, runtime, name } = options;
  node.manage(pods, volumes);
  const files = new StaticPods({
    path: configuration.staticPodPath,
    nodeName: name,
    checkMs: configuration.fileCheckFrequency,
    clock,
    log,
    pods: {
      update: (pod) => {
        mirrors?.pods.update(pod);
        pods.update(pod);
      },
      forget: (pod) => {
        mirrors?.pods.forget(pod);
        pods.forget(pod);
      },
    },
  });
  const changes = new RuntimeChanges({
    runtime,
    clock,
    log,
    changed: (uid) => pods.changed(uid),
    told: (uid, news) => pods.hear(uid, news),
    answered: (failure) => node.runtimeAnswered(failure),
  });
  const synced = bothSynced(files, api);
  const loops = [
    files.run(signal),
    ...(api === undefined ? [] : [api.run(signal)]),
    ...(mirrors === undefined ? [] : [mirrors.run(signal, synced)]),
    changes.run(signal),
    clearUnknown(parts, synced, signal),
  ];
  await using _server = await openServer(parts);
  options.ready();
  log.info({ node: name }, 'ready');
  await Promise.all(loops);
}

/** The kubelet's own API, unless it is switched off. */
async function openServer(parts: Parts): Promise<KubeletServer | undefined> {
  const { options, node } = parts;
  if (!options.configuration.enableServer) return undefined;
  const certificates = join(options.root, 'pki');
  const server = await serveKubelet({ ...options, ...parts, certificates });
  node.servesOn(server.port);
  return server;
}

async function bothSynced(files: StaticPods, api: ApiSource | undefined): Promise<void> {
  await files.synced;
  await api?.synced;
}

/** What ran for pods that were deleted while no kubelet was there. */
async function clearUnknown(
  { clock, pods, options }: Parts,
  synced: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const ended = aborted(signal);
  await Promise.race([synced, ended]);
  while (!signal.aborted) {
    try {
      await pods.endUnknown();
      pods.refreshAll();
    } catch (error) {
      options.log.warn(`pods of nobody: ${messageOf(error)}`);
    }
    await sleep(clock, options.configuration.syncFrequency, signal);
  }
}

interface Teller {
  readonly recorder: EventRecorder | undefined;
  readonly links: Links;
  readonly name: string;
}

function tellNode(
  { recorder, links, name }: Teller,
  { podUid, type, reason, message }: NodeEvent,
): void {
  const happening = { source: 'kubelet', host: name, type, reason, message };
  if (podUid !== undefined) {
    const pod = links.pods?.findByUid(podUid);
    const about = pod === undefined ? undefined : presentOf(links, pod);
    if (about !== undefined) recorder?.tell(resources.pods, about, happening);
    return;
  }
  const node = links.node?.node();
  if (node !== undefined) recorder?.tell(resources.nodes, node, happening);
}

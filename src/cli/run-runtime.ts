import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { aborted } from '../base/aborted.ts';
import { messageOf } from '../base/error.ts';
import { openLog, type Logger } from '../base/log.ts';
import { plugins } from '../../cni-plugins/registry.ts';
import { openHierarchy } from '../cgroup/hierarchy.ts';
import { builtinInvoker } from '../cni/builtin-invoker.ts';
import { Journal } from '../cni/journal.ts';
import { KeelsonEngine } from '../container/engine.ts';
import type { Seccomp } from '../container/spec-linux.ts';
import type { RuntimeConfig } from '../cri/config.ts';
import type { GrpcServer } from '../cri/grpc/grpc-server.ts';
import { measuredImages } from '../cri/monitor/measured-images.ts';
import { RuntimeMetrics } from '../cri/monitor/metrics.ts';
import type { Node } from '../cri/node.ts';
import { openNode } from '../cri/open-node.ts';
import type { Machine } from '../cri/plan/plan-input.ts';
import { serveNode } from '../cri/serve-node.ts';
import { sampleProcessors } from '../cri/statistics/sample-processors.ts';
import { StreamingServer } from '../cri/streaming/server.ts';
import { streamingSettings } from '../cri/streaming/settings.ts';
import { restartAll, supervise } from '../cri/supervise.ts';
import { openImageService } from '../image/open-image-service.ts';
import { parseImageSettings } from '../image/settings.ts';
import { kernelCapabilities, processCapabilities } from '../kernel/capability.ts';
import { leastOomScore } from '../kernel/least-oom-score.ts';
import { defaultSeccomp } from '../kernel/seccomp/default-seccomp.ts';
import type { SeccompProfile } from '../kernel/seccomp/seccomp-profile.ts';
import { PodNetwork } from '../sandbox/pod-network.ts';
import { KeelsonSandboxes } from '../sandbox/sandboxes.ts';
import { collectCni } from './collect-cni.ts';
import { openHandlers } from './open-handlers.ts';
import { openTracing, type Tracing } from './open-tracing.ts';
import { packageVersion } from './package-version.ts';
import { lockRuntime } from './runtime-lock.ts';
import { journalFolder, openResident } from './open-resident.ts';
import { measuredInvoke } from './measured-cni.ts';
import { reloadWishes, serveReloads } from './reload.ts';
import { networkReader, statisticsReader } from './read-statistics.ts';
import type { CniServer } from './serve-cni.ts';
import { serveMonitor } from './serve-monitor.ts';
import { serveOci } from './serve-oci.ts';
import { ServiceManager } from './service-manager.ts';

/** Calls that are answered when the end comes have this long. */
const graceMs = 5000;

/**
 * Is the runtime until SIGTERM or SIGINT; containers stay. SIGHUP has `read` give the configuration
 * anew.
 */
export async function runRuntime(read: () => Promise<RuntimeConfig>): Promise<void> {
  // A wish that comes before anything can take it would otherwise end the process.
  const wishes = reloadWishes();
  const config = await read();
  process.env['KEELSON_LOG'] ??= config.logLevel;
  // Whatever this process makes is its own; what containers see has its mode set explicitly.
  process.umask(0o022);
  const log = openLog('runtime');
  const manager = new ServiceManager(log);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  await mkdir(config.state, { recursive: true, mode: 0o700 });
  using _lock = lockRuntime(config.state);
  // Before the pods, whose networks the same plugins serve.
  const metrics = new RuntimeMetrics();
  const tracing = openTracing(config, { log, metrics });
  const resident = await openResident(config, { log: log.child({ part: 'cni' }), metrics });
  const engine = openEngine(config, log);
  const node = await assemble({ config, log, metrics, engine });
  const work = supervise(node, stop.signal);
  work.catch((error: unknown) => {
    if (!stop.signal.aborted) log.fatal({ err: error }, 'no longer follows containers');
  });
  sampleProcessors(node, stop.signal);
  const oci = serveOci(config, log.child({ part: 'oci' }));
  const server = await serveNode(node, {
    socketPath: config.socket,
    listenFd: manager.listenFd,
    tracer: tracing.tracer,
  });
  const state = { started: false };
  const monitor = await serveMonitor({
    config,
    node,
    shims: () => engine.shims,
    started: () => state.started,
    signal: stop.signal,
  });
  await restartAll(node, stop.signal);
  state.started = true;
  log.info({ socket: config.socket, root: config.root }, 'ready');
  manager.notify('READY=1', 'STATUS=Ready');
  const networkOf = (next: RuntimeConfig): NetworkSettings => networkSettings(next, metrics);
  const { images, network, streaming, setHandlers } = node;
  void serveReloads(
    wishes,
    { config, read },
    { images, network, streaming, networkOf, setHandlers, manager, log },
  );
  void manager.keepAlive(() => monitor.watched.report(), stop.signal);
  // Not waited for: a network whose plugin hangs must not keep the node from its pods.
  void collectLeftovers(config, log);
  await aborted(stop.signal);
  manager.notify('STOPPING=1');
  await monitor.close();
  await oci.close();
  await close({ node, server, resident, tracing, log });
}

/** Of pods that a reboot has ended, and of ADDs whose process was killed. Never rejects. */
async function collectLeftovers(config: RuntimeConfig, log: Logger): Promise<void> {
  try {
    for (const failure of await collectCni(config)) log.warn(`cleaning up: ${failure}`);
  } catch (error) {
    log.warn(`cleaning up networks: ${messageOf(error)}`);
  }
}

interface Whole {
  readonly config: RuntimeConfig;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
  readonly engine: KeelsonEngine;
}

function openEngine(config: RuntimeConfig, log: Logger): KeelsonEngine {
  return new KeelsonEngine({
    stateFolder: config.state,
    cgroupDriver: config.cgroupDriver,
    missingControllers: config.missingControllers,
    criu: config.criu,
    warn: (text) => log.warn(text),
  });
}

async function assemble({ config, log, metrics, engine }: Whole): Promise<Node> {
  await mkdir(config.root, { recursive: true, mode: 0o700 });
  const images = await openImageService({
    ...parseImageSettings(config.image),
    stateFolder: `${config.root}/images`,
    log: log.child({ part: 'image' }),
  });
  const warn = (text: string): void => log.warn(text);
  const cacheFolder = config.cniCache;
  const network = new PodNetwork({ ...networkSettings(config, metrics), cacheFolder });
  return openNode({
    engine,
    sandboxes: new KeelsonSandboxes({ engine, warn, network }),
    network,
    images: measuredImages(images, metrics),
    metrics,
    statistics: statisticsReader(openHierarchy()),
    interfaces: networkReader,
    streaming: await StreamingServer.open(await streamingSettings(config), log),
    machine: lookAtMachine(config, log),
    handlers: await openHandlers(config.runtimes),
    log,
    settings: {
      cgroupParent: cgroupParentOf(config),
      cgroupDriver: config.cgroupDriver,
      rootFolder: config.root,
      stateFolder: config.state,
      version: packageVersion(),
    },
  });
}

type NetworkSettings = Parameters<PodNetwork['reconfigure']>[0];

function networkSettings(config: RuntimeConfig, metrics: RuntimeMetrics): NetworkSettings {
  const journal = new Journal(journalFolder(config));
  const pluginFolders = config.cniPlugins.split(':').filter(Boolean);
  return {
    configurationFolder: config.cniConfig,
    pluginFolders,
    maximumNetworks: Number(config.cniNetworks),
    secondary: {
      definitions: `${config.state}/networks`,
      status: `${config.state}/network-status`,
    },
    invoke: measuredInvoke(builtinInvoker({ plugins, journal })(pluginFolders), metrics),
  };
}

/** A pod without a parent of its own has a slice where systemd makes the cgroups. */
function cgroupParentOf({ cgroupDriver, cgroupParent }: RuntimeConfig): string {
  const plain = cgroupDriver === 'cgroupfs' || cgroupParent.endsWith('.slice');
  return plain ? cgroupParent : `${cgroupParent}.slice`;
}

function lookAtMachine({ missingControllers }: RuntimeConfig, log: Logger): Machine {
  return {
    knownCapabilities: kernelCapabilities(),
    ownCapabilities: processCapabilities().permitted,
    seccomp: (capabilities) => documentOf(defaultSeccomp(capabilities)),
    appArmor: existsSync('/sys/module/apparmor'),
    leastOomScore: missingControllers === 'warn' ? leastOomScore(log) : -1000,
  };
}

/** The profile as a document of the specification, whose numbers are not bigint. */
function documentOf(profile: SeccompProfile): Seccomp {
  return JSON.parse(JSON.stringify(profile, plainNumber)) as Seccomp;
}

function plainNumber(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

interface Parts {
  readonly node: Node;
  readonly server: GrpcServer;
  readonly resident: CniServer;
  readonly tracing: Tracing;
  readonly log: Logger;
}

async function close({ node, server, resident, tracing, log }: Parts): Promise<void> {
  log.info('stopping; containers stay');
  await Promise.all([server.close(graceMs), resident.close(graceMs)]);
  try {
    await tracing.close();
    await node.streaming.close();
    await node.engine.close();
    await node.images.close();
  } catch (error) {
    log.error(`closing: ${messageOf(error)}`);
  }
  // Sockets to shims and spawners would keep an idle process.
  process.exit(0);
}

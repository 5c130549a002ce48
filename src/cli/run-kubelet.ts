import { writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ApiClient } from '../api/client/client.ts';
import { HttpClient } from '../api/client/http-client.ts';
import type { Taint } from '../api/types/generated/core-v1.ts';
import { systemClock } from '../base/clock.ts';
import { DomainError, messageOf } from '../base/error.ts';
import { type Logger, openLog } from '../base/log.ts';
import {
  type KubeletConfiguration,
  readKubeletConfiguration,
} from '../kubelet/config/kubelet-configuration.ts';
import { type KubeletOptions, runKubelet } from '../kubelet/kubelet.ts';
import type { NodeCredentials } from '../kubelet/node/node-options.ts';
import { openNodeCredentials } from '../kubelet/node/open-node-credentials.ts';
import { openRuntime } from '../kubelet/runtime/open-runtime.ts';
import type { Cli } from './cli.ts';
import { endSignal } from './end-signal.ts';
import { keepSmall } from './keep-small.ts';
import { notifyReady } from './notify-ready.ts';
import { lockRuntime } from './runtime-lock.ts';

export interface KubeletFlags {
  readonly config?: string;
  readonly kubeconfig: string;
  readonly bootstrapKubeconfig: string;
  readonly hostnameOverride?: string;
  readonly nodeIp?: string;
  readonly containerRuntimeEndpoint?: string;
  readonly rootDir: string;
  readonly nodeLabels?: string;
  readonly registerWithTaints?: string;
  readonly logLinks: string;
  readonly localVolumes: string;
  readonly state: string;
  readonly logLevel: string;
}

/** Joining a cluster may take for ever; who waits for the kubelet waits for no cluster. */
const joinPatienceMs = 2000;

/** What the kubelet runs on, beside its flags. */
export interface KubeletSurroundings {
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** It works, for all that others can wait for. */
  readonly ready: () => void;
  /** There are credentials: what others have of the cluster already, it need not watch itself. */
  readonly connected?: (client: ApiClient) => Pick<KubeletOptions, 'services'>;
}

/** Is the kubelet until SIGTERM or SIGINT. */
export async function runKubeletCommand(flags: KubeletFlags, cli: Cli): Promise<void> {
  process.env['KEELSON_LOG'] ??= flags.logLevel;
  const log = openLog('kubelet');
  const signal = endSignal();
  keepSmall(signal);
  await runKubeletPart(flags, cli, {
    log,
    signal,
    ready: notifyReady,
  });
  log.info('stopped');
}

/** The same as part of a process that has its own signals. */
export async function runKubeletPart(
  flags: KubeletFlags,
  cli: Cli,
  surroundings: KubeletSurroundings,
): Promise<void> {
  const { log, signal, connected } = surroundings;
  const text = flags.config === undefined ? '' : await readFile(flags.config, 'utf8');
  const { configuration, document, warning } = readKubeletConfiguration(text);
  if (warning !== undefined) log.warn(warning);
  setOwnOomScore(configuration.oomScoreAdj, log);
  await mkdir(flags.state, { recursive: true, mode: 0o711 });
  using _lock = lockRuntime(flags.state, 'kubelet');
  await mkdir(flags.rootDir, { recursive: true, mode: 0o750 });
  // Zero is the default, as upstream.
  const answerMs = configuration.runtimeRequestTimeout || undefined;
  using runtime = openRuntime(socketOf(flags, configuration), answerMs);
  const name = flags.hostnameOverride ?? hostname().toLowerCase();
  const ready = once(surroundings.ready);
  const timer = setTimeout(ready, joinPatienceMs);
  using credentials = await openCredentials({ flags, configuration, name, log }, signal);
  clearTimeout(timer);
  await using client =
    credentials === undefined ? undefined : new HttpClient(credentials.address, 'kubelet');
  const authority = credentials?.address.authority;
  credentials?.onRenewal((address) => client?.renew(address));
  await runKubelet(
    {
      name,
      runtime,
      ...(client !== undefined && {
        client,
        reconnect: () => client.reconnect(),
        ...connected?.(client),
      }),
      ...(authority !== undefined && { authority }),
      configuration,
      document,
      root: flags.rootDir,
      localVolumes: flags.localVolumes,
      logLinks: flags.logLinks,
      ...(flags.nodeIp !== undefined && { addresses: flags.nodeIp.split(',') }),
      labels: labelsOf(flags.nodeLabels),
      taints: taintsOf(flags.registerWithTaints),
      log,
      ready: () => {
        ready();
        void cli.print(`${name}\n`);
      },
    },
    signal,
  );
}

/** How soon the kernel ends this process when memory is short; lowering it takes a right. */
function setOwnOomScore(score: number, log: Logger): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', `${score}`);
  } catch (error) {
    log.info(`oomScoreAdj stays as it is: ${messageOf(error)}`);
  }
}

function once(run: () => void): () => void {
  let told = false;
  return () => {
    if (!told) run();
    told = true;
  };
}

interface Joining {
  readonly flags: KubeletFlags;
  readonly configuration: KubeletConfiguration;
  readonly name: string;
  readonly log: Logger;
}

async function openCredentials(
  { flags, configuration, name, log }: Joining,
  signal: AbortSignal,
): Promise<NodeCredentials | undefined> {
  if (flags.kubeconfig === '') return undefined;
  return await openNodeCredentials({
    name,
    clock: systemClock,
    log,
    signal,
    folder: join(flags.rootDir, 'pki'),
    kubeconfig: flags.kubeconfig,
    ...(flags.bootstrapKubeconfig !== '' && { bootstrapKubeconfig: flags.bootstrapKubeconfig }),
    rotates: configuration.rotateCertificates,
  });
}

function socketOf({ containerRuntimeEndpoint }: KubeletFlags, config: KubeletConfiguration) {
  const configured = config.containerRuntimeEndpoint || 'unix:///run/keelson/cri.sock';
  const endpoint = containerRuntimeEndpoint ?? configured;
  const path = endpoint.replace(/^unix:\/\//, '');
  if (path.startsWith('/')) return path;
  throw new DomainError('invalid', `"${endpoint}" is no Unix socket such as unix:///run/x.sock`);
}

function labelsOf(text = ''): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new DomainError('invalid', `"${pair}" is no label such as KEY=VALUE`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function taintsOf(text = ''): Taint[] {
  const words = text.split(',').filter((word) => word !== '');
  return words.map((word) => {
    const match = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(word);
    if (match === null) {
      throw new DomainError('invalid', `"${word}" is no taint such as KEY=VALUE:NoSchedule`);
    }
    return { key: match[1] ?? '', value: match[2] ?? '', effect: match[3] ?? '' };
  });
}

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { openRuntime } from '../../../src/kubelet/runtime/open-runtime.ts';
import { SharedCoordinator } from '../../cluster/security/shared-coordinator.ts';
import { atDeath, mortal } from '../../at-death.ts';
import { PrivateRuntime, type RuntimeOptions } from '../private-runtime.ts';
import { patienceMs } from '../../until.ts';

const program = fileURLToPath(new URL('../../../bin/keelson', import.meta.url));

export interface NodeOptions {
  /** More of the KubeletConfiguration. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** False where the kubelet is to be started by the test. */
  readonly started?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
  /** Of the runtime: its folder, its log. */
  readonly runtime?: RuntimeOptions;
  /** After the bridge in the network's list of plugins: then pods have a default route, too. */
  readonly plugins?: readonly object[];
}

/** A coordinator, a runtime with a bridge of its own, and the kubelet between them. */
export class PrivateNode implements AsyncDisposable {
  readonly name = `host-${process.pid}`;
  readonly runtime: PrivateRuntime;
  readonly coordinator: SharedCoordinator;
  readonly #options: NodeOptions;
  /** Of the CRI runtime that the kubelet is to use. */
  socket: string;
  /** Instead of the administrator's. */
  kubeconfig: string | undefined;
  #kubelet: ChildProcess | undefined;
  #atEnd: (() => Promise<void>)[] = [];

  private constructor(
    runtime: PrivateRuntime,
    coordinator: SharedCoordinator,
    options: NodeOptions,
  ) {
    this.runtime = runtime;
    this.socket = runtime.socket;
    this.coordinator = coordinator;
    this.#options = options;
  }

  static async start(options: NodeOptions = {}): Promise<PrivateNode> {
    await using stack = new AsyncDisposableStack();
    const runtime = stack.use(await PrivateRuntime.start(options.runtime));
    const coordinator = stack.use(await SharedCoordinator.start(['--kubelet-certificates', 'any']));
    stack.defer(() => deleteBridge());
    writeNetwork(runtime.folder, options.plugins);
    atDeath('[ ! -d "/sys/class/net/$1" ] || ip link delete "$1"', bridge);
    const node = new PrivateNode(runtime, coordinator, options);
    if (options.started !== false) await node.up();
    stack.move();
    return node;
  }

  get folder(): string {
    return this.runtime.folder;
  }

  get manifests(): string {
    return `${this.folder}/manifests`;
  }

  get kubeletPid(): number {
    return this.#kubelet?.pid ?? 0;
  }

  get log(): string {
    return readFileSync(`${this.folder}/kubelet.log`, 'utf8');
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return this.coordinator.run(...args);
  }

  /** The pod as the server has it; undefined when it has none. */
  async pod(name: string): Promise<Pod | undefined> {
    const { process: server } = this.coordinator;
    const answer = await server.asAdmin(`GET /api/v1/namespaces/default/pods/${name}`);
    return answer.status === 200 ? (JSON.parse(answer.text) as Pod) : undefined;
  }

  async create(spec: object, metadata: object = {}): Promise<void> {
    const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...defaults, ...spec } };
    await this.coordinator.make('/api/v1/namespaces/default/pods', object);
  }

  async delete(name: string, graceSeconds?: number): Promise<void> {
    const query = graceSeconds === undefined ? '' : `?gracePeriodSeconds=${graceSeconds}`;
    const line = `DELETE /api/v1/namespaces/default/pods/${name}${query}`;
    await this.coordinator.process.asAdmin(line);
  }

  /** Waits until the pod is as asked for; throws with its state and the kubelet's words. */
  async until(name: string, holds: (pod: Pod | undefined) => boolean): Promise<Pod | undefined> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const pod = await this.pod(name);
      if (holds(pod)) return pod;
      if (Date.now() > deadline) {
        const state = JSON.stringify(pod?.status, undefined, 1);
        throw new Error(`${name} does not come to it: ${state}\n${this.log.slice(-4000)}`);
      }
      await delay(50);
    }
  }

  ready(name: string): Promise<Pod | undefined> {
    return this.until(name, (pod) => isTrue(pod, 'Ready'));
  }

  gone(name: string): Promise<Pod | undefined> {
    return this.until(name, (pod) => pod === undefined);
  }

  /** Events about a pod, in their order. */
  async events(name: string): Promise<{ reason: string; message: string }[]> {
    const selector = `fieldSelector=involvedObject.name%3D${name}`;
    const line = `GET /api/v1/namespaces/default/events?${selector}`;
    const { text } = await this.coordinator.process.asAdmin(line);
    const { items } = JSON.parse(text) as { items: { reason: string; message: string }[] };
    return items;
  }

  /** Waits for an event about a pod: they are written behind what they tell of. */
  async told(name: string, words: RegExp): Promise<void> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const all = (await this.events(name)).map(({ reason, message }) => `${reason} ${message}`);
      if (all.some((event) => words.test(event))) return;
      if (Date.now() > deadline) throw new Error(`No event ${words} of ${name}: ${all.join('; ')}`);
      await delay(50);
    }
  }

  async up(environment: NodeJS.ProcessEnv = {}): Promise<void> {
    const { folder } = this;
    for (const name of ['manifests', 'kubelet', 'logs']) {
      mkdirSync(`${folder}/${name}`, { recursive: true });
    }
    const configuration = {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      staticPodPath: this.manifests,
      fileCheckFrequency: '1s',
      podLogsDir: `${folder}/logs/pods`,
      cgroupRoot: `/${this.runtime.name}`,
      failSwapOn: false,
      address: '127.0.0.1',
      port: 0,
      healthzPort: 0,
      clusterDNS: ['10.96.0.10'],
      clusterDomain: 'cluster.local',
      evictionHard: { 'memory.available': '1Mi' },
      ...this.#options.configuration,
    };
    writeFileSync(`${folder}/kubelet.yaml`, JSON.stringify(configuration));
    const log = openSync(`${folder}/kubelet.log`, 'a');
    const kubelet = spawn(
      'setpriv',
      mortal(
        program,
        'kubelet',
        `--config=${folder}/kubelet.yaml`,
        `--kubeconfig=${this.kubeconfig ?? this.coordinator.process.kubeconfig}`,
        '--bootstrap-kubeconfig=',
        `--hostname-override=${this.name}`,
        '--node-ip=127.0.0.1',
        `--container-runtime-endpoint=unix://${this.socket}`,
        `--root-dir=${folder}/kubelet`,
        `--local-volumes=${folder}/local-volumes`,
        `--log-links=${folder}/logs/containers`,
        `--state=${folder}/kubelet-state`,
        '--log-level=debug',
      ),
      {
        stdio: ['ignore', 'pipe', log],
        env: { ...process.env, ...this.#options.environment, ...environment },
      },
    );
    this.#kubelet = kubelet;
    // Its first line: it works. One that the test kills on its way says none.
    const printed = new Promise<'works'>((resolve) => {
      kubelet.stdout?.once('data', () => resolve('works'));
    });
    const first = await Promise.race([printed, once(kubelet, 'exit')]);
    if (first === 'works' || kubelet.signalCode === 'SIGKILL') return;
    throw new Error(`The kubelet has ended with ${kubelet.exitCode}: ${this.log.slice(-4000)}`);
  }

  /** Ends the kubelet; pods stay. */
  async down(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const kubelet = this.#kubelet;
    if (kubelet === undefined || kubelet.exitCode !== null || kubelet.signalCode !== null) return;
    const ended = once(kubelet, 'exit');
    kubelet.kill(signal);
    await ended;
  }

  /** Waits until the kubelet has ended by itself. */
  async ended(): Promise<void> {
    const kubelet = this.#kubelet;
    if (kubelet === undefined || kubelet.exitCode !== null || kubelet.signalCode !== null) return;
    await once(kubelet, 'exit');
  }

  /** Done after the kubelet has ended and before the rest goes. */
  beforeEnd(work: () => Promise<void>): void {
    this.#atEnd.push(work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down('SIGKILL');
    for (const work of this.#atEnd) await work();
    await this.coordinator[Symbol.asyncDispose]();
    await removePods(this.runtime);
    unmountBelow(`${this.folder}/kubelet`);
    using hierarchy = openHierarchy();
    await hierarchy.remove(`/${this.runtime.name}/kubepods`);
    await this.runtime[Symbol.asyncDispose]();
    await hierarchy.remove(`/${this.runtime.name}`);
    deleteBridge();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const defaults = { nodeName: `host-${process.pid}`, terminationGracePeriodSeconds: 1 };

export function isTrue(pod: Pod | undefined, type: string): boolean {
  return pod?.status?.conditions?.find((one) => one.type === type)?.status === 'True';
}

/** A container of the test's image. */
export function shell(script: string, more: object = {}): object {
  return {
    name: 'main',
    image: 'busybox',
    imagePullPolicy: 'Never',
    command: ['sh', '-c', script],
    ...more,
  };
}

/** Waits for the signal that ends it, as programs do that mean to. */
export const waiting = 'trap "exit 0" TERM; while :; do sleep 1000 & wait $!; done';

async function removePods({ socket }: PrivateRuntime): Promise<void> {
  using runtime = openRuntime(socket);
  for (const { id } of await runtime.listPods()) {
    await runtime.stopPod(id);
    await runtime.removePod(id);
  }
}

function unmountBelow(path: string): void {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const places = lines.map((line) => line.split(' ')[4] ?? '').filter((at) => at.startsWith(path));
  for (const place of places.toReversed()) execFileSync('umount', ['-l', place]);
}

/** Of the pods. */
export const bridge = `kl${process.pid}`;

function writeNetwork(folder: string, more: readonly object[] = []): void {
  const { pid } = process;
  const subnet = `10.${100 + (pid % 100)}.${Math.floor(pid / 100) % 256}.0/24`;
  const routes = more.length > 0 ? [{ dst: '0.0.0.0/0' }] : [];
  const ipam = { type: 'host-local', dataDir: `${folder}/leases`, ranges: [[{ subnet }]], routes };
  const network = {
    cniVersion: '1.0.0',
    name: bridge,
    plugins: [{ type: 'bridge', bridge, isGateway: true, ipam }, ...more],
  };
  mkdirSync(`${folder}/net.d`, { recursive: true });
  writeFileSync(`${folder}/net.d/10-test.conflist`, JSON.stringify(network));
}

function deleteBridge(): void {
  try {
    execFileSync('ip', ['link', 'delete', bridge], { stdio: 'ignore' });
  } catch {
    // No pod had a network.
  }
}

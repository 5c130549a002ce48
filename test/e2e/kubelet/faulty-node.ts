import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Node } from '../../../src/api/types/generated/core-v1.ts';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { openRuntime } from '../../../src/kubelet/runtime/open-runtime.ts';
import { until } from '../../until.ts';
import { bridge, type NodeOptions, PrivateNode, shell, waiting } from './private-node.ts';
import { RuntimeProxy } from './runtime-proxy.ts';

/** A node with a proxy between kubelet and runtime, and pods that write down when they start. */
export class FaultyNode implements AsyncDisposable {
  readonly node: PrivateNode;
  readonly proxy: RuntimeProxy;

  /** What was there before any pod. */
  readonly #known: ReadonlySet<string>;

  private constructor(node: PrivateNode, proxy: RuntimeProxy, known: readonly string[]) {
    this.node = node;
    this.proxy = proxy;
    this.#known = new Set(known);
  }

  /** `configuration` is more of the kubelet's. */
  static async start({ configuration, ...options }: NodeOptions = {}): Promise<FaultyNode> {
    await using stack = new AsyncDisposableStack();
    const brief = { runtimeRequestTimeout: '5s', syncFrequency: '2s', ...configuration };
    const all = { ...options, configuration: brief, started: false };
    const node = stack.use(await PrivateNode.start(all));
    const socket = `${node.folder}/proxy.sock`;
    const proxy = await RuntimeProxy.start(socket, () => node.runtime.socket);
    node.beforeEnd(() => proxy[Symbol.asyncDispose]());
    node.socket = socket;
    mkdirSync(`${node.folder}/starts`);
    if (options.started !== false) await node.up();
    const known = await node.runtime.leftovers();
    stack.move();
    return new FaultyNode(node, proxy, known);
  }

  /** A pod that counts its starts; bound when `laid` has been told its uid. Resolves to that. */
  async create(name: string, laid: (uid: string) => void, more: object = {}): Promise<string> {
    const spec = { nodeName: undefined, schedulerName: 'nobody', ...this.counted(name), ...more };
    await this.node.create(spec, { name });
    const uid = (await this.node.pod(name))?.metadata.uid ?? '';
    laid(uid);
    await this.#bind(name);
    return uid;
  }

  /** As the server has it. */
  async object(): Promise<Node> {
    const line = `GET /api/v1/nodes/${this.node.name}`;
    return JSON.parse((await this.node.coordinator.process.asAdmin(line)).text) as Node;
  }

  /** Of a condition of the node. */
  async condition(type: string): Promise<string | undefined> {
    const { conditions = [] } = (await this.object()).status ?? {};
    return conditions.find((one) => one.type === type)?.status;
  }

  /** What the kubelet's own API answers. */
  async ask(path: string): Promise<string> {
    const { certificate: cert, key } = this.node.coordinator.process;
    const port = (await this.object()).status?.daemonEndpoints?.kubeletEndpoint?.Port;
    const where = { host: '127.0.0.1', port, path, cert, key, rejectUnauthorized: false };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    get(where, resolve).on('error', reject);
    return await text(await promise);
  }

  /** What a scheduler does. */
  async #bind(name: string): Promise<void> {
    const target = { apiVersion: 'v1', kind: 'Node', name: this.node.name };
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target };
    await this.node.coordinator.make(`/api/v1/namespaces/default/pods/${name}/binding`, binding);
  }

  /** An init container and a main one with an exec probe. */
  counted(name: string): { readonly [field: string]: unknown } {
    const volumeMounts = [{ name: 'starts', mountPath: '/starts' }];
    const readinessProbe = { exec: { command: ['true'] }, periodSeconds: 1, failureThreshold: 1 };
    const count = (word: string) => `echo started >>/starts/${name}-${word}`;
    return {
      volumes: [
        { name: 'starts', hostPath: { path: `${this.node.folder}/starts` } },
        { name: 'data', emptyDir: { medium: 'Memory' } },
      ],
      initContainers: [shell(count('init'), { name: 'init', volumeMounts })],
      containers: [shell(`${count('main')}; ${waiting}`, { volumeMounts, readinessProbe })],
    };
  }

  /** How often a container of a pod has started. */
  starts(name: string, word: 'init' | 'main'): number {
    return this.count(`${name}-${word}`);
  }

  /** Lines in a file of the folder that pods write to. */
  count(name: string): number {
    const path = `${this.node.folder}/starts/${name}`;
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').length : 0;
  }

  /** Waits until nothing on the node belongs to any pod; what does at last. */
  async leftovers(): Promise<readonly string[]> {
    try {
      return await until(
        () => this.#left(),
        (left) => left.length === 0,
      );
    } catch {
      return await this.#left();
    }
  }

  async #left(): Promise<string[]> {
    const { folder, runtime: own } = this.node;
    using runtime = openRuntime(own.socket);
    const [pods, containers] = await Promise.all([runtime.listPods(), runtime.listContainers()]);
    const leases = names(`${folder}/leases`)
      .flatMap((network) => names(`${folder}/leases/${network}`))
      .filter((name) => /^\d+\.\d+\.\d+\.\d+$/.test(name));
    return [
      ...pods.map(({ metadata }) => `pod ${metadata?.name}`),
      ...containers.map(({ metadata }) => `container ${metadata?.name}`),
      ...(await own.leftovers()).filter((what) => {
        return !this.#known.has(what) && !what.endsWith('/kubepods');
      }),
      ...this.#belongings(),
      ...leases.map((name) => `lease ${name}`),
      ...['kubelet/pods', 'logs/pods', 'logs/containers'].flatMap((path) =>
        names(`${folder}/${path}`).map((name) => `${path}/${name}`),
      ),
      ...names('/run/netns').filter((name) => this.proxy.knows(name.replace(/^keelson-/, ''))),
    ];
  }

  /** What belongs to pods: cgroups below those of the classes, and interfaces on the bridge. */
  #belongings(): string[] {
    using hierarchy = openHierarchy();
    const kubepods = `${hierarchy.mountPoint}/${this.node.runtime.name}/kubepods`;
    const classes = ['', '/besteffort', '/burstable'].map((name) => `${kubepods}${name}`);
    return [...classes, `/sys/class/net/${bridge}/brif`]
      .filter((path) => existsSync(path))
      .flatMap((path) => readdirSync(path).map((name) => `${path}/${name}`))
      .filter((path) => /pod[^/]*$|brif/.test(path) && !path.endsWith('/kubepods'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]();
  }
}

function names(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}

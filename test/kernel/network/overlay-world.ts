import {
  type ChildProcess,
  execFileSync,
  spawn,
  type SpawnOptions,
  spawnSync,
} from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** One node: which of the two subnets it is in, and its number there and among ranges. */
export interface TestNode {
  readonly name: string;
  readonly subnet: 1 | 2;
  readonly number: number;
}

export interface TestPod {
  readonly namespace: string;
  readonly node: TestNode;
  readonly ip4: string;
  readonly ip6: string;
}

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const main = file('../../../src/cli/main.ts');
const plugins = file('../../../cni-plugins/main.ts');
const nodeOptions = ['--disable-warning=ExperimentalWarning'];
/** Far more than it takes: the machine may be slow and busy. */
const patienceMs = 60_000;
const pollMs = 100;
let made = 0;

/**
 * Three nodes, each a network namespace: two on one subnet and one on another, joined by a router
 * in a namespace of its own. IPv4 and IPv6. Agents get the nodes from a file.
 */
export class OverlayWorld implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'keelson-overlay-'));
  readonly #id = `ko-${process.pid}-${++made}`;
  readonly #namespaces: string[] = [];
  readonly #children = new Set<ChildProcess>();
  readonly #addresses = new Map<string, readonly string[]>();
  readonly router = `${this.#id}-wire`;
  readonly nodes: readonly [TestNode, TestNode, TestNode] = [
    { name: 'host01', subnet: 1, number: 11 },
    { name: 'host02', subnet: 1, number: 12 },
    { name: 'host03', subnet: 2, number: 13 },
  ];
  readonly #results = new Map<string, unknown>();
  #pods = 0;

  constructor({ mtu = 1500 } = {}) {
    this.#addNamespace(this.router);
    ip(this.router, 'link', 'set', 'lo', 'up');
    for (const subnet of [1, 2]) {
      ip(this.router, 'link', 'add', `lan${subnet}`, 'mtu', `${mtu}`, 'type', 'bridge');
      for (const address of [`192.168.6${subnet}.1/24`, `fd6${subnet}::1/64`]) {
        const dad = address.includes(':') ? ['nodad'] : [];
        ip(this.router, 'address', 'add', address, 'dev', `lan${subnet}`, ...dad);
      }
      ip(this.router, 'link', 'set', `lan${subnet}`, 'up');
    }
    this.sysctl(this.router, 'net.ipv4.ip_forward', '1');
    this.sysctl(this.router, 'net.ipv6.conf.all.forwarding', '1');
    for (const node of this.nodes) this.#addNode(node, mtu);
    this.writeNodes();
  }

  namespaceOf({ name }: TestNode): string {
    return `${this.#id}-${name}`;
  }

  ip(node: TestNode, ...args: string[]): string {
    return ip(this.namespaceOf(node), ...args);
  }

  exec(namespace: string, command: string, ...args: string[]): string {
    return run('ip', ['netns', 'exec', namespace, command, ...args]);
  }

  sysctl(namespace: string, name: string, value?: string): string {
    const setting = value === undefined ? ['-n', name] : ['-qw', `${name}=${value}`];
    return this.exec(namespace, 'sysctl', ...setting).trim();
  }

  addressesOf(node: TestNode): readonly string[] {
    const { subnet, number } = node;
    const usual = [`192.168.6${subnet}.${number}`, `fd6${subnet}::${number}`];
    return this.#addresses.get(node.name) ?? usual;
  }

  /** What the agents are told, from now on. */
  writeNodes(
    nodes: readonly TestNode[] = this.nodes,
    changed = new Map<string, readonly string[]>(),
  ): void {
    for (const [name, addresses] of changed) this.#addresses.set(name, addresses);
    const entries = nodes.map((node) => ({
      name: node.name,
      addresses: this.addressesOf(node),
      ranges: [`10.244.${node.number}.0/24`, `fd44:0:0:${node.number}::/64`],
    }));
    writeFileSync(join(this.folder, 'nodes.new'), JSON.stringify({ nodes: entries }));
    renameSync(join(this.folder, 'nodes.new'), join(this.folder, 'nodes.yaml'));
  }

  folderOf({ name }: TestNode): string {
    return join(this.folder, name);
  }

  /** Starts a node's agent; ends with the world. */
  agent(node: TestNode, flags: readonly string[] = [], environment = {}): ChildProcess {
    const folder = this.folderOf(node);
    mkdirSync(folder, { recursive: true });
    const settings = {
      config: join(folder, 'config.yaml'),
      'node-name': node.name,
      nodes: join(this.folder, 'nodes.yaml'),
      root: join(folder, 'lib'),
      run: join(folder, 'run'),
      'cni-config': join(folder, 'net.d'),
    };
    writeFileSync(settings.config, '');
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const command = [process.execPath, ...nodeOptions, main, 'network', ...args, ...flags];
    const log = process.env['KEELSON_TEST_LOG'] ? 'inherit' : 'ignore';
    const options = { stdio: ['ignore', 'ignore', log], env: { ...process.env, ...environment } };
    return this.#spawn([this.namespaceOf(node), ...command], options as SpawnOptions);
  }

  async start(flags: readonly string[] = []): Promise<void> {
    for (const node of this.nodes) this.agent(node, flags);
    for (const node of this.nodes) await this.attached(node);
  }

  /** The agent has told the runtime of the network: all is in place. */
  async attached(node: TestNode): Promise<void> {
    const path = join(this.folderOf(node), 'net.d', '10-keelson.conflist');
    await until(`${node.name} has a network`, () => existsSync(path));
  }

  /** Starts an agent anew, and waits until it has been through everything. */
  async agentAgain(node: TestNode, flags: readonly string[] = []): Promise<ChildProcess> {
    const path = join(this.folderOf(node), 'run', 'network.json');
    const written = () => (existsSync(path) ? statSync(path).mtimeMs : 0);
    const before = written();
    const child = this.agent(node, flags);
    await until(`the agent of ${node.name} works`, () => written() !== before);
    return child;
  }

  /** A pod by the real plugin, configured as the agent says; or attached by `attach`. */
  pod(
    node: TestNode,
    attach = (namespace: string) => addressesIn(this.plugin(node, 'ADD', namespace)),
  ): TestPod {
    const namespace = `${this.#id}-pod${++this.#pods}`;
    this.#addNamespace(namespace);
    ip(namespace, 'link', 'set', 'lo', 'up');
    const [ip4 = '', ip6 = ''] = attach(namespace).map((address) => address.split('/')[0] ?? '');
    return { namespace, node, ip4, ip6 };
  }

  plugin(node: TestNode, verb: string, namespace: string): unknown {
    const path = join(this.folderOf(node), 'net.d', '10-keelson.conflist');
    const list = JSON.parse(readFileSync(path, 'utf8')) as { plugins: readonly object[] };
    const prevResult = this.#results.get(namespace);
    const known = prevResult === undefined ? {} : { prevResult };
    const config = { cniVersion: '1.0.0', name: 'keelson', ...list.plugins[0], ...known };
    const command = [process.execPath, ...nodeOptions, plugins, 'overlay'];
    const { status, stdout } = spawnSync(
      'ip',
      ['netns', 'exec', this.namespaceOf(node), ...command],
      {
        input: JSON.stringify(config),
        encoding: 'utf8',
        timeout: patienceMs,
        env: {
          ...process.env,
          KEELSON_STATE: join(this.folderOf(node), 'run'),
          CNI_PATH: '/nowhere',
          CNI_COMMAND: verb,
          CNI_CONTAINERID: namespace,
          CNI_IFNAME: 'eth0',
          CNI_NETNS: `/run/netns/${namespace}`,
        },
      },
    );
    const document: unknown = stdout.trim() === '' ? {} : JSON.parse(stdout);
    if (status !== 0) throw new Error(`overlay ${verb}: ${stdout}`);
    if (verb === 'ADD') this.#results.set(namespace, document);
    return document;
  }

  /** One packet there and back. */
  pings(from: TestPod | string, to: string, ...flags: string[]): boolean {
    const namespace = typeof from === 'string' ? from : from.namespace;
    const args = ['netns', 'exec', namespace, 'ping', '-n', '-c', '1', '-W', '1', ...flags, to];
    return spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
  }

  async reaches(from: TestPod | string, to: string, ...flags: string[]): Promise<void> {
    await until(`${to} answers`, () => this.pings(from, to, ...flags));
  }

  /** A program that ends with the world. */
  spawn(namespace: string, command: string, ...args: string[]): ChildProcess {
    return this.#spawn([namespace, command, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  }

  /** What `ip monitor` says of a namespace from now on. */
  watch(namespace: string): { lines(): readonly string[] } & Disposable {
    const child = this.spawn(namespace, 'ip', 'monitor', 'link', 'address', 'route', 'neigh');
    let text = '';
    child.stdout?.on('data', (part: Buffer) => (text += part.toString()));
    return { lines: () => text.split('\n'), [Symbol.dispose]: () => child.kill('SIGKILL') };
  }

  /** Ends with this process, however that ends. */
  #spawn(command: readonly string[], options: SpawnOptions): ChildProcess {
    const args = ['--pdeathsig', 'KILL', 'ip', 'netns', 'exec', ...command];
    const child = spawn('setpriv', args, options);
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  #addNamespace(name: string): void {
    run('ip', ['netns', 'add', name]);
    this.#namespaces.push(name);
    this.sysctl(name, 'net.ipv6.conf.default.accept_dad', '0');
  }

  #addNode(node: TestNode, mtu: number): void {
    const namespace = this.namespaceOf(node);
    this.#addNamespace(namespace);
    ip(namespace, 'link', 'set', 'lo', 'up');
    const device = ['link', 'add', 'eth0', 'mtu', `${mtu}`, 'type', 'veth', 'peer', 'name'];
    ip(namespace, ...device, node.name, 'mtu', `${mtu}`, 'netns', this.router);
    ip(this.router, 'link', 'set', node.name, 'master', `lan${node.subnet}`, 'up');
    for (const one of this.addressesOf(node)) {
      const [length, dad] = one.includes(':') ? [64, ['nodad']] : [24, []];
      ip(namespace, 'address', 'add', `${one}/${length}`, 'dev', 'eth0', ...dad);
    }
    ip(namespace, 'link', 'set', 'eth0', 'up');
    ip(namespace, 'route', 'add', 'default', 'via', `192.168.6${node.subnet}.1`);
    ip(namespace, '-6', 'route', 'add', 'default', 'via', `fd6${node.subnet}::1`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    for (const name of this.#namespaces.toReversed()) run('ip', ['netns', 'delete', name]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Waits for a condition; what was waited for is in the error. A look that fails is repeated: what
 * it looks at may be made anew at that moment.
 */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + patienceMs;
  for (;;) {
    let cause: unknown;
    try {
      if (holds()) return;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > end) throw new Error(`Not so in ${patienceMs} ms: ${what}`, { cause });
    await delay(pollMs);
  }
}

function addressesIn(result: unknown): readonly string[] {
  const { ips } = result as { ips: readonly { address: string }[] };
  return ips.map(({ address }) => address);
}

function ip(namespace: string, ...args: string[]): string {
  return run('ip', ['-n', namespace, ...args]);
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

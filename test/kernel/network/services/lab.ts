import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { netlink } from '../../../../src/index.ts';
import {
  elementsOfNode,
  elementsOfService,
} from '../../../../src/network/services/plan-elements.ts';
import { planService } from '../../../../src/network/services/plan-service.ts';
import { ServiceTable } from '../../../../src/network/services/service-table.ts';
import type { NodeView } from '../../../../src/network/services/node-view.ts';
import { node, service, slice } from '../../../unit/network/services/objects.ts';
import { TestNamespace } from '../../netlink/namespace.ts';

export { service, slice };

/** Pods `a`, `b` and `c` of the node, and a machine `out` beside it. */
export const addresses = {
  a: '10.244.1.2',
  b: '10.244.2.2',
  c: '10.244.3.2',
  out: '192.168.9.2',
} as const;
export type Machine = keyof typeof addresses;
export const addresses6 = {
  a: 'fd00:244:1::2',
  b: 'fd00:244:2::2',
  c: 'fd00:244:3::2',
  out: 'fd00:168:9::2',
} as const satisfies Record<Machine, string>;

const machines = Object.keys(addresses) as Machine[];

export const labNode: NodeView = {
  ...node,
  addresses: ['192.168.9.1', 'fd00:168:9::1'],
  podCidrs: ['10.244.0.0/16', 'fd00:244::/32'],
  serviceCidrs: ['10.96.0.0/12', 'fd00:96::/112'],
};

export interface Load {
  settled(): Promise<void>;
  end(): Promise<{ requests: number; failures: string[] }>;
}

/** A pod that reaches itself by way of the node is not to be told of a shorter way. */
const settings = [
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
  'net.ipv4.conf.all.send_redirects=0',
  'net.ipv4.conf.default.send_redirects=0',
];

/** A node that routes between three pods and the outside, with a table of services. */
export class ServiceLab implements AsyncDisposable {
  readonly node: TestNamespace;
  readonly table: ServiceTable;
  readonly connection: netlink.Connection;
  readonly #spaces: Readonly<Record<Machine, TestNamespace>>;
  readonly #children: ChildProcess[] = [];

  private constructor(
    connection: netlink.Connection,
    node: TestNamespace,
    spaces: Record<Machine, TestNamespace>,
  ) {
    this.connection = connection;
    this.node = node;
    this.table = new ServiceTable(connection);
    this.#spaces = spaces;
  }

  static async open(): Promise<ServiceLab> {
    const spaces = Object.fromEntries(
      machines.map((name) => [name, new TestNamespace()]),
    ) as Record<Machine, TestNamespace>;
    const node = new TestNamespace();
    const connection = await netlink.open({ namespace: node.path, protocol: 'netfilter' });
    const lab = new ServiceLab(connection, node, spaces);
    lab.#connect();
    return lab;
  }

  /** Wants a Service of these objects, as `default/NAME`. */
  want(name: string, ...objects: [object, ...Parameters<typeof slice>[]]): void {
    const [spec, ...slices] = objects;
    const made = slices.map((one) => slice(...one));
    const plan = planService(service(spec, name), made, labNode);
    this.table.want(`default/${name}`, elementsOfService(plan));
  }

  /** The same with an address that a load balancer gave it. */
  wantBalanced(name: string, spec: object, ...rest: [ip: string, slice: Parameters<typeof slice>]) {
    const [ip, endpoints] = rest;
    const balanced = { ...service(spec, name), status: { loadBalancer: { ingress: [{ ip }] } } };
    const plan = planService(balanced, [slice(...endpoints)], labNode);
    this.table.want(`default/${name}`, elementsOfService(plan));
  }

  space(machine: Machine): TestNamespace {
    return this.#spaces[machine];
  }

  /** `curl` in a machine: what came, or its exit code. */
  curl(machine: Machine | 'node', url: string, ...flags: string[]): string {
    const space = machine === 'node' ? this.node : this.#spaces[machine];
    const script = 'curl -sg --max-time 20 "$@" || echo "curl: $?"';
    return space.exec('bash', '-c', script, 'bash', ...flags, url).trim();
  }

  /**
   * Serves HTTP and UDP on port 8080 of a machine. What it returns ends the server in order: with
   * the requests that it has, and no new ones.
   */
  async serve(machine: Machine, paceMs = 0): Promise<() => Promise<void>> {
    const child = this.#start(machine, 'backend.ts', machine, String(paceMs));
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`The server of ${machine} ended with ${code}`);
    });
    ended.catch(() => undefined);
    await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
    return () => stop(child);
  }

  /** A client over UDP that keeps its port: each call is a datagram and the answer to it. */
  client(machine: Machine, ...target: [address: string, port: number, from: number]) {
    const child = this.#start(machine, 'ask.ts', ...target.map(String));
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    return async (): Promise<string> => {
      child.stdin.write('\n');
      const { value } = (await lines.next()) as { value: string };
      return value;
    };
  }

  /**
   * Requests without end from several clients. `settled` resolves when all that were under way are
   * answered; `end` tells the outcome.
   */
  load(machine: Machine, url: string): Load {
    const child = this.#start(machine, 'load.ts', url);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    return {
      async settled() {
        child.stdin.write('.');
        await lines.next();
      },
      async end() {
        child.stdin.end();
        const { value } = (await lines.next()) as { value: string };
        return JSON.parse(value) as { requests: number; failures: string[] };
      },
    };
  }

  #start(machine: Machine, script: string, ...args: string[]) {
    const { name } = this.#spaces[machine];
    const command = [process.execPath, join(import.meta.dirname, script), ...args];
    const child = spawn('ip', ['netns', 'exec', name, ...command], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    return child;
  }

  #connect(): void {
    this.node.ip('link', 'set', 'lo', 'up');
    for (const setting of settings) this.node.exec('sysctl', '-qw', setting);
    for (const machine of machines) {
      const space = this.#spaces[machine];
      const device = `to-${machine}`;
      const [four, six] = [addresses[machine], addresses6[machine]];
      this.node.ip('link', 'add', device, 'type', 'veth', 'peer', 'eth0', 'netns', space.name);
      const gateway = four.replace(/2$/, '1');
      const gateway6 = six.replace(/2$/, '1');
      this.node.ip('address', 'add', `${gateway}/24`, 'dev', device);
      this.node.ip('address', 'add', `${gateway6}/64`, 'dev', device, 'nodad');
      this.node.ip('link', 'set', device, 'up');
      space.ip('link', 'set', 'lo', 'up');
      space.ip('address', 'add', `${four}/24`, 'dev', 'eth0');
      space.ip('address', 'add', `${six}/64`, 'dev', 'eth0', 'nodad');
      space.ip('link', 'set', 'eth0', 'up');
      space.ip('route', 'add', 'default', 'via', gateway);
      space.ip('-6', 'route', 'add', 'default', 'via', gateway6);
    }
    // What processes of the node itself need to begin a connection to a Service.
    this.node.ip('route', 'add', 'default', 'via', addresses.out);
    this.table.want('', elementsOfNode(labNode));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close();
    await Promise.all(this.#children.map(stop));
    for (const space of [...Object.values(this.#spaces), this.node]) space[Symbol.dispose]();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  child.stdin?.end();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

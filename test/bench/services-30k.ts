import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Service } from '../../src/api/types/generated/core-v1.ts';
import type { EndpointSlice } from '../../src/api/types/generated/discovery-v1.ts';
import { netlink } from '../../src/index.ts';
import { elementsOfNode, elementsOfService } from '../../src/network/services/plan-elements.ts';
import { planService } from '../../src/network/services/plan-service.ts';
import { ServiceTable } from '../../src/network/services/service-table.ts';
import type { Bench, BenchCase } from './bench.ts';

const count = 30_000;
const node = {
  name: 'host01',
  zone: '',
  addresses: ['10.9.0.1'],
  podCidrs: ['10.9.0.0/16'],
  serviceCidrs: ['10.96.0.0/12'],
  ownAddresses: [],
};

interface Objects {
  readonly service: Service;
  readonly slice: EndpointSlice;
}

/** As the API has them: each Service with one endpoint, all where the measured server listens. */
const objects = Array.from({ length: count }, (_, i): Objects => objectsOf(i, 8080));
const changed = count - 1;
const changedAddress = addressOf(changed);

/**
 * From objects of the API to the table of the kernel: all Services, one endpoint changed among
 * them, and what a connection to one of them takes above one to its endpoint.
 */
const bench: Bench = {
  question: '30,000 Services loaded, one endpoint changed, and a connection through them',
  async prepare() {
    const names = ['node', 'pod'].map((part) => `keelson-bench-${process.pid}-${part}`);
    const [host = '', pod = ''] = names;
    for (const name of names) ip('netns', 'add', name);
    ip('-n', host, 'link', 'add', 'pod', 'type', 'veth', 'peer', 'eth0', 'netns', pod);
    for (const [name, device, address] of [
      [host, 'pod', '10.9.0.1/16'],
      [pod, 'eth0', '10.9.0.2/16'],
    ] as const) {
      ip('-n', name, 'address', 'add', address, 'dev', device);
      ip('-n', name, 'link', 'set', device, 'up');
    }
    ip('-n', host, 'route', 'add', '10.96.0.0/12', 'via', '10.9.0.2');
    const server = await start(pod, 'listen');
    const connection = await netlink.open({
      namespace: `/run/netns/${host}`,
      protocol: 'netfilter',
    });
    return {
      cases: casesIn(connection, host),
      [Symbol.asyncDispose]: async () => {
        connection.close();
        server.stdin?.end();
        await once(server, 'exit');
        for (const name of names) ip('netns', 'delete', name);
      },
    };
  },
};

export default bench;

function casesIn(connection: netlink.Connection, host: string): BenchCase[] {
  let table = new ServiceTable(connection);
  let port = 9000;
  const load = async (): Promise<number[]> => {
    await netlink.nftables.commit(
      connection,
      netlink.nftables.destroyTable({ family: 'inet', table: 'keelson-services' }),
    );
    const start = performance.now();
    table = new ServiceTable(connection);
    table.want('', elementsOfNode(node));
    for (const [i, { service, slice }] of objects.entries()) {
      table.want(`default/s${i}`, elementsOfService(planService(service, [slice], node)));
    }
    await table.commit();
    return [(performance.now() - start) / 1000];
  };
  const change = async (): Promise<number[]> => {
    const { service, slice } = objectsOf(changed, ++port);
    const start = performance.now();
    const elements = elementsOfService(planService(service, [slice], node));
    table.want(`default/s${changed}`, elements);
    await table.commit();
    return [performance.now() - start];
  };
  const ready = async (): Promise<void> => {
    port = 8079;
    await change();
  };
  return [
    { case: 'load', unit: 's', rounds: 7, ours: { name: 'keelson', run: load }, peers: [] },
    { case: 'change', unit: 'ms', rounds: 200, ours: { name: 'keelson', run: change }, peers: [] },
    {
      case: 'connect',
      unit: 'µs',
      rounds: 30,
      ours: {
        name: 'keelson',
        run: async () => {
          await ready();
          return connectMicroseconds(host, changedAddress, 80);
        },
      },
      peers: [{ name: 'direct', run: () => connectMicroseconds(host, '10.9.0.2', 8080) }],
    },
  ];
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args);
}

/** Each connection on its own, begun and ended by a program that does nothing else. */
async function connectMicroseconds(host: string, address: string, port: number): Promise<number[]> {
  const child = await start(host, 'connect', address, String(port));
  const [line] = (await once(createInterface(child.stdout ?? process.stdin), 'line')) as [string];
  return JSON.parse(line) as number[];
}

async function start(namespace: string, ...args: string[]): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'services', 'connect.py');
  const child = spawn('ip', ['netns', 'exec', namespace, 'python3', script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (args[0] === 'listen') await once(createInterface(child.stdout), 'line');
  return child;
}

function objectsOf(number: number, port: number): Objects {
  const name = `s${number}`;
  return {
    service: {
      metadata: { namespace: 'default', name },
      spec: { clusterIP: addressOf(number), ports: [{ port: 80, protocol: 'TCP' }] },
    },
    slice: {
      metadata: { namespace: 'default', name },
      addressType: 'IPv4',
      ports: [{ name: '', protocol: 'TCP', port }],
      endpoints: [{ addresses: ['10.9.0.2'], nodeName: 'other', conditions: { ready: true } }],
    },
  };
}

function addressOf(number: number): string {
  return `10.${96 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
}

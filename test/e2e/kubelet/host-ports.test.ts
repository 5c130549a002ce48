/** Ports of the node that pods ask for, with our plugins, in a network namespace of the test's. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { until } from '../../until.ts';
import { PrivateNode, shell } from './private-node.ts';

if (process.getuid?.() !== 0 || !existsSync('/usr/bin/socat') || !existsSync('/usr/sbin/nft')) {
  t.pass('skipped', { skip: 'needs root, socat and nftables' });
  process.exit(0);
}

t.setTimeout(600_000);
const host = `keelson-ports-${process.pid}`;
const ip = (...args: readonly string[]) => execFileSync('ip', args, { encoding: 'utf8' });
const rules = () => ip('netns', 'exec', host, 'nft', 'list', 'ruleset');
ip('netns', 'add', host);
t.teardown(() => ip('netns', 'delete', host));
ip('-n', host, 'link', 'set', 'lo', 'up');
ip('-n', host, 'link', 'add', 'outside', 'type', 'bridge');
for (const last of [1, 2]) ip('-n', host, 'address', 'add', `192.0.2.${last}/24`, 'dev', 'outside');
ip('-n', host, 'link', 'set', 'outside', 'up');
const plugins = `/tmp/${host}`;
execFileSync(fileURLToPath(new URL('../../../scripts/install-cni', import.meta.url)), [plugins]);
t.teardown(() => rmSync(plugins, { recursive: true }));

const node = await PrivateNode.start({
  runtime: {
    within: ['nsenter', `--net=/run/netns/${host}`],
    flags: ['--cni-plugins', plugins],
  },
  plugins: [{ type: 'portmap', capabilities: { portMappings: true } }],
});
t.teardown(() => node[Symbol.asyncDispose]());

/** Answers with its name by both protocols. busybox has no server for datagrams: socat is lent. */
function serving(name: string): object {
  const tcp = `/usr/bin/socat TCP-LISTEN:80,fork,reuseaddr 'SYSTEM:echo ${name} tcp'`;
  const udp = `/usr/bin/socat UDP-RECVFROM:80,fork 'SYSTEM:read ask; echo ${name} udp'`;
  const lent = { '/usr': '/usr', '/lib': '/usr/lib', '/lib64': '/usr/lib64' };
  return {
    ...shell(`${tcp} & ${udp} & trap 'exit 0' TERM; wait`),
    volumeMounts: Object.keys(lent).map((mountPath) => {
      return { name: mountPath.slice(1), mountPath, readOnly: true };
    }),
  };
}

const volumes = [
  { name: 'usr', hostPath: { path: '/usr' } },
  { name: 'lib', hostPath: { path: '/usr/lib' } },
  { name: 'lib64', hostPath: { path: '/usr/lib64' } },
];

async function create(name: string, ports: readonly object[]): Promise<void> {
  await node.create({ containers: [{ ...serving(name), ports }], volumes }, { name });
}

/** What answers at an address of the node; empty when nobody does. */
function ask(transport: 'tcp' | 'udp', address: string, port: number): string {
  const script = `exec 3<>/dev/${transport}/${address}/${port}; echo ask >&3; head -n1 <&3`;
  const words = ['netns', 'exec', host, 'timeout', '30', 'bash', '-c', script];
  return spawnSync('ip', words, { encoding: 'utf8' }).stdout.trim();
}

const both = [
  { containerPort: 80, hostPort: 18080 },
  { containerPort: 80, hostPort: 18080, protocol: 'UDP' },
];

t.test('a pod is reached at its ports of the node, by TCP and by UDP', async (t) => {
  await create('web', both);
  await node.ready('web');
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    t.ok(await until(() => ask('tcp', address, 18080) === 'web tcp'));
    t.ok(await until(() => ask('udp', address, 18080) === 'web udp'));
  }
});

t.test('a port that another pod has is refused in the words of the stock kubelet', async (t) => {
  await create('late', both.slice(1));
  const late = await node.until('late', (pod) => pod?.status?.phase === 'Failed');
  const words =
    "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
  t.match(late?.status, { reason: 'NodePorts', message: `Pod was rejected: ${words}` });
  await node.told('late', /^NodePorts Predicate NodePorts failed: node\(s\) didn't have free/);
  t.equal(ask('udp', '192.0.2.1', 18080), 'web udp', 'who has it keeps it');
  await node.delete('late', 0);
});

const one = (last: number) => [{ containerPort: 80, hostPort: 18081, hostIP: `192.0.2.${last}` }];

t.test('a port of one address leaves the same port of others', async (t) => {
  await create('first', one(1));
  await create('second', one(2));
  await Promise.all([node.ready('first'), node.ready('second')]);
  t.ok(await until(() => ask('tcp', '192.0.2.1', 18081) === 'first tcp'));
  t.ok(await until(() => ask('tcp', '192.0.2.2', 18081) === 'second tcp'));
  t.equal(ask('tcp', '127.0.0.1', 18081), '');
  await create('third', one(1));
  const third = await node.until('third', (pod) => pod?.status?.phase === 'Failed');
  t.equal(third?.status?.reason, 'NodePorts');
  for (const name of ['first', 'second', 'third']) await node.delete(name);
  for (const name of ['first', 'second', 'third']) await node.gone(name);
  t.notMatch(rules(), '18081');
});

t.test('ports outlive a killed runtime, and are free when their pod has gone', async (t) => {
  await node.runtime.down('SIGKILL');
  t.equal(ask('tcp', '192.0.2.1', 18080), 'web tcp', 'while there is no runtime');
  await node.runtime.up();
  t.equal(ask('udp', '192.0.2.1', 18080), 'web udp');
  await node.runtime.down('SIGKILL');
  await node.delete('web');
  await node.runtime.up();
  await node.gone('web');
  t.notMatch(rules(), '18080');
  t.equal(ask('tcp', '192.0.2.1', 18080), '');
  await create('next', both);
  await node.ready('next');
  t.ok(await until(() => ask('tcp', '192.0.2.1', 18080) === 'next tcp'));
  t.ok(await until(() => ask('udp', '192.0.2.1', 18080) === 'next udp'));
  await node.delete('next');
  await node.gone('next');
  t.notMatch(rules(), '18080');
});

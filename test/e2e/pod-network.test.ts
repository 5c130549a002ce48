/** Pods on a bridge by Debian's reference plugins, in a network namespace of the test's. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PrivateRuntime } from './private-runtime.ts';

const reference = '/usr/lib/cni';
if (process.getuid?.() !== 0 || !existsSync(`${reference}/bridge`)) {
  t.pass('skipped', { skip: 'needs root and containernetworking-plugins' });
  process.exit(0);
}

t.setTimeout(110_000);
const host = `keelson-e2e-${process.pid}`;
const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' });
ip('netns', 'add', host);
t.teardown(() => ip('netns', 'delete', host));
ip('-n', host, 'link', 'set', 'lo', 'up');

const network = {
  cniVersion: '1.0.0',
  name: 'e2e',
  plugins: [
    {
      type: 'bridge',
      bridge: 'br0',
      isGateway: true,
      ipam: {
        type: 'host-local',
        dataDir: '',
        ranges: [[{ subnet: '10.86.0.0/24' }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
};

// While a file named `broken` lies beside it, the plugin fails as a network that is down would.
const wrapper = `#!/bin/sh
echo $CNI_COMMAND >>"$0.calls"
[ ! -e "$0.broken" ] || { echo '{"code":11,"msg":"network is down"}'; exit 1; }
exec ip netns exec ${host} env CNI_PATH=${reference} ${reference}/bridge
`;

const folder = t.testdir({ 'net.d': {}, bin: { bridge: wrapper }, leases: {} });
execFileSync('chmod', ['755', join(folder, 'bin/bridge')]);
process.env['KEELSON_CNI_CONFIG'] = join(folder, 'net.d');
process.env['KEELSON_CNI_PLUGINS'] = join(folder, 'bin');
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());

const leases = () =>
  existsSync(join(folder, 'leases/e2e'))
    ? readdirSync(join(folder, 'leases/e2e')).filter((name) => /^[\d.]+$/.test(name))
    : [];
const addressOf = async (name: string) => {
  const { stdout } = await runtime.run(
    'inspect',
    '--format',
    '{{.NetworkSettings.IPAddress}}',
    name,
  );
  return stdout.trim();
};
const onPodNetwork = ['--network', 'pod', 'busybox'];

t.test('without a configuration a pod network is refused in one line', async (t) => {
  const { code, stderr } = await runtime.run('run', '--rm', ...onPodNetwork, 'true');
  t.equal(code, 125);
  t.match(stderr, /^keelson: No network configuration in "[^"]+net\.d"\n$/);
  t.same(await runtime.leftovers(), []);
});

t.test('a container has its address, its route and its name in /etc/hosts', async (t) => {
  const text = JSON.stringify(network).replace(
    '"dataDir":""',
    `"dataDir":"${join(folder, 'leases')}"`,
  );
  writeFileSync(join(folder, 'net.d/10-e2e.conflist'), text);
  const script = 'ip addr show eth0; ip route; cat /etc/hosts; hostname';
  const { code, stdout } = await runtime.run('run', '--rm', ...onPodNetwork, 'sh', '-c', script);
  t.equal(code, 0);
  t.match(stdout, /inet 10\.86\.0\.2\/24/);
  t.match(stdout, /default via 10\.86\.0\.1 dev eth0/);
  t.match(stdout, new RegExp(`10\\.86\\.0\\.2\\t${stdout.trim().split('\n').at(-1) ?? ''}`));
  t.same(leases(), [], 'the address was given back');
  t.equal(readFileSync(join(folder, 'bin/bridge.calls'), 'utf8'), 'ADD\nDEL\n', 'each once');
});

t.test('the host reaches the pod, also after the runtime was killed and came back', async (t) => {
  await runtime.run('run', '-d', '--name', 'web', ...onPodNetwork, 'sleep', '1000');
  const address = await addressOf('web');
  const reach = () =>
    execFileSync('ip', ['netns', 'exec', host, 'busybox', 'ping', '-c1', address]);
  t.doesNotThrow(reach);
  await runtime.down('SIGKILL');
  await runtime.up();
  t.equal(await addressOf('web'), address);
  t.doesNotThrow(reach);
});

t.test('a pod whose network cannot be taken down stays, and goes when it can', async (t) => {
  writeFileSync(join(folder, 'bin/bridge.broken'), '');
  const broken = await runtime.run('rm', '--force', 'web');
  t.equal(broken.code, 1);
  t.match(broken.stderr, /network "e2e": network is down/);
  t.equal(leases().length, 1);
  rmSync(join(folder, 'bin/bridge.broken'));
  t.equal((await runtime.run('rm', '--force', 'web')).code, 0);
  t.same(leases(), []);
  t.same(await runtime.leftovers(), []);
  t.notMatch(ip('-n', host, 'link'), /veth/);
});

t.test('a plugin that fails ADD leaves no pod behind', async (t) => {
  writeFileSync(join(folder, 'bin/bridge.broken'), '');
  const { code, stderr } = await runtime.run('run', '--rm', ...onPodNetwork, 'true');
  t.equal(code, 125);
  t.match(stderr, /Cannot attach pod .* network is down/);
  rmSync(join(folder, 'bin/bridge.broken'));
  await runtime.down('SIGTERM');
  await runtime.up();
  t.same(await runtime.leftovers(), [], 'what could not be undone at once was undone at the start');
});

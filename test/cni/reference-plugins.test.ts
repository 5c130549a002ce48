/** Our side of CNI against the reference plugins of Debian's containernetworking-plugins. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseNetwork } from '../../src/cni/configuration.ts';
import { programInvoker } from '../../src/cni/invocation.ts';
import { Network } from '../../src/cni/network.ts';
import { ResultCache } from '../../src/cni/result-cache.ts';

const pluginFolder = '/usr/lib/cni';
const skip =
  (process.getuid?.() !== 0 && 'needs root') ||
  (!existsSync(join(pluginFolder, 'bridge')) && 'needs containernetworking-plugins');

const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' });

/** A host of its own: all plugins run in one namespace, with the container's beside it. */
function makeHost(t: Test) {
  const host = `kt-host-${process.pid}`;
  const container = `kt-pod-${process.pid}`;
  for (const name of [host, container]) {
    ip('netns', 'add', name);
    t.teardown(() => ip('netns', 'delete', name));
  }
  ip('-n', host, 'link', 'set', 'lo', 'up');
  return { host, container, netns: `/run/netns/${container}` };
}

/** A plugin folder whose programs run inside the host's namespace. */
function wrappersOf(host: string): Record<string, string> {
  const names = ['bridge', 'host-local', 'tuning'];
  const wrapper = (name: string) =>
    `#!/bin/sh\nexec ip netns exec ${host} env CNI_PATH=${pluginFolder} ${pluginFolder}/${name}\n`;
  return Object.fromEntries(names.map((name) => [name, wrapper(name)]));
}

function networkOn(t: Test, host: string, version: string): Network {
  const state = t.testdir({ results: {}, leases: {}, bin: wrappersOf(host) });
  execFileSync('chmod', ['-R', '755', join(state, 'bin')]);
  const document = bridgeNetwork(join(state, 'leases'), version);
  return new Network(parseNetwork(JSON.stringify(document)), {
    invoke: programInvoker([join(state, 'bin')]),
    cache: new ResultCache(join(state, 'results')),
  });
}

const bridgeNetwork = (dataDir: string, cniVersion: string) => ({
  cniVersion,
  name: 'bridged',
  plugins: [
    {
      type: 'bridge',
      bridge: 'kt0',
      isGateway: true,
      ipMasq: false,
      ipam: {
        type: 'host-local',
        dataDir,
        ranges: [[{ subnet: '10.88.0.0/16' }], [{ subnet: 'fd88::/64' }]],
        routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
      },
    },
    { type: 'tuning', sysctl: { 'net.ipv4.conf.all.arp_filter': '1' } },
  ],
});

for (const version of ['0.3.1', '0.4.0', '1.0.0']) {
  t.test(`bridge, host-local and tuning in ${version}: add, check, delete`, { skip }, async (t) => {
    const { host, container, netns } = makeHost(t);
    const network = networkOn(t, host, version);
    const attachment = { containerId: `c${process.pid}`, interfaceName: 'eth0', netns };
    const result = await network.add(attachment);
    t.same(
      result.addresses.map(({ address }) => address),
      ['10.88.0.2/16', 'fd88::2/64'],
    );
    t.match(ip('-n', container, 'addr', 'show', 'eth0'), /10\.88\.0\.2\/16/);
    t.equal(result.interfaces[result.addresses[0]?.interface ?? -1]?.sandbox, netns);
    if (version !== '0.3.1') await network.check(attachment);
    await network.delete(attachment);
    await network.delete(attachment);
    t.throws(() => ip('-n', container, 'link', 'show', 'eth0'));
  });
}

t.test('CHECK notices an address that somebody removed', { skip }, async (t) => {
  const { host, container, netns } = makeHost(t);
  const network = networkOn(t, host, '1.0.0');
  const attachment = { containerId: `c${process.pid}`, interfaceName: 'eth0', netns };
  await network.add(attachment);
  ip('-n', container, 'addr', 'flush', 'dev', 'eth0');
  await t.rejects(network.check(attachment), { name: 'CniError' });
  await network.delete(attachment);
});

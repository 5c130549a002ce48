/** Chapter 8: a further network, beside the one that every pod has. */
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { pod, sleeper } from './objects.ts';

const definition = fileURLToPath(
  new URL('../../../examples/network-attachment-definition.yaml', import.meta.url),
);
const asked = 'k8s.v1.cni.cncf.io/networks';
const told = 'k8s\\.v1\\.cni\\.cncf\\.io/network-status';

function network(name: string, config: object): object {
  return {
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata: { name },
    spec: { config: JSON.stringify(config) },
  };
}

const macvlan = {
  cniVersion: '0.3.0',
  type: 'macvlan',
  mode: 'bridge',
  ipam: {
    type: 'host-local',
    subnet: '10.244.99.0/24',
    rangeStart: '10.244.99.2',
    rangeEnd: '10.244.99.250',
  },
};

export async function walkSecondary(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S8.7 two pods reach each other over a network of their own', async (t) => {
    await lab.kubectl('apply', '-f', definition);
    await lab.type('wait --for=condition=Established crd --all --timeout=60s');
    t.match(await lab.apply(network('macvlan-conf', macvlan)), /macvlan-conf created/);
    t.match(await lab.type('get net-attach-def'), /^macvlan-conf +\d+s$/m);
    const spec = { nodeName: 'host01', containers: [sleeper()] };
    const annotations = { [asked]: 'macvlan-conf' };
    await lab.apply(
      pod('local1', spec, { annotations }),
      pod('local2', spec, { annotations }),
      pod('plain', spec),
    );
    await lab.type('wait --for=condition=Ready pod/local1 pod/local2 pod/plain --timeout=180s');

    const link = await lab.type('exec local1 -- ip addr show net1');
    t.match(link, /net1@/);
    t.match(link, /mtu 1500/);
    const other = await addressOn(lab, 'local2');
    t.match(link, /inet 10\.244\.99\.\d+\/24/);
    const ping = await lab.type(`exec local1 -- ping -c 3 -W 5 -I net1 ${other}`);
    t.match(ping, / 0% packet loss/);
    const absent = await lab.try('exec', 'plain', '--', 'ip', 'addr', 'show', 'net1');
    t.not(absent.code, 0, 'nobody else has the interface');

    const own = await lab.type('get pod local1 -o jsonpath={.status.podIP}');
    t.match(await lab.type('exec local1 -- ip addr show eth0'), `inet ${own}/`);
    t.match(await lab.type('exec local1 -- ip route'), /^default .*eth0/m);
    t.match(await lab.type(`exec plain -- ping -c 3 -W 5 ${own}`), / 0% packet loss/);
    const line = `get pod local1 -o jsonpath={.metadata.annotations.${told}}`;
    const status = JSON.parse(await lab.sees(line, /net1/)) as readonly object[];
    t.match(status, [
      { name: 'keelson', interface: 'eth0', ips: [own], default: true },
      { name: 'default/macvlan-conf', interface: 'net1', mac: /^[0-9a-f:]{17}$/ },
    ]);
    await lab.type('delete pod local1 local2 plain --timeout=60s');
    const leases = 'ls /var/lib/cni/networks/macvlan-conf | grep -c "^10\\." || true';
    await lab.until('no lease', () => lab.see('host01', leases), /^0$/);
  });

  await t.test('S8.7 a network that is not there is said, and waited for', async (t) => {
    const spec = { nodeName: 'host02', containers: [sleeper()] };
    const selection = JSON.stringify([{ name: 'late', interface: 'blue0' }]);
    await lab.apply(pod('early', spec, { annotations: { [asked]: selection } }));
    const events = 'get events --field-selector involvedObject.name=early';
    const words = /FailedCreatePodSandBox.*Network "default\/late" cannot be used: there is no/s;
    t.match(await lab.sees(events, words), words);
    await lab.apply(network('late', { ...macvlan, type: 'bridge', bridge: 'late0' }));
    await lab.type('wait --for=condition=Ready pod/early --timeout=180s');
    t.match(await lab.type('exec early -- ip addr show blue0'), /inet 10\.244\.99\./);
    await lab.type('delete pod early --timeout=60s');
    await lab.type('delete crd network-attachment-definitions.k8s.cni.cncf.io --timeout=60s');
    await lab.until('no definition', () => lab.see('host02', 'ls /run/keelson/networks'), /^$/);
    await lab.see('host02', 'ip link delete late0');
  });
}

async function addressOn(lab: ClusterLab, name: string): Promise<string> {
  const text = await lab.type(`exec ${name} -- ip -4 addr show net1`);
  return /inet ([\d.]+)/.exec(text)?.[1] ?? '';
}

/**
 * Three nodes by routes, of two subnets and two families, whose pods have an address and no
 * network: pods, Services and names, over both.
 */
import { execFileSync } from 'node:child_process';
import t, { type Test } from 'tap';
import { ClusterLab, unable } from './lab/cluster-lab.ts';
import { pod, server, service, sleeper, workload } from './lab/objects.ts';
import { differences, machineState } from './lab/machine-state.ts';
import { equip, raiseCluster } from './lab/own-cluster.ts';

const skip = unable();
if (skip !== undefined) {
  t.pass('skipped', { skip });
  process.exit(0);
}

const longestMs = 900_000;
t.setTimeout(longestMs);
const lab = await ClusterLab.start('--nodes', '3', '--bare');
t.teardown(() => lab[Symbol.asyncDispose]());
await twoSubnets();
await equip(lab, ['host01', 'host02', 'host03'], 'network:\n  attach: proxy');
const untouched = await machineState(lab, 'host03');
await raiseCluster(lab, {
  addresses: ['192.168.61.11,fd61::11', '192.168.61.12,fd61::12', '192.168.62.13,fd62::13'],
  firstFlags: '--pod-cidr 10.244.0.0/16,fd44::/48 --service-cidr 10.96.0.0/16,fd96::/108',
  flags: '--mode routed',
});

/** The third node is moved behind the router that the others have, too. */
async function twoSubnets(): Promise<void> {
  const wire = (...words: string[]) => execFileSync('ip', ['-n', lab.wire, ...words]);
  wire('address', 'add', '192.168.62.1/24', 'dev', 'lan');
  for (const subnet of [61, 62]) {
    wire('address', 'add', `fd${subnet}::1/64`, 'dev', 'lan', 'nodad');
  }
  const settings = ['ip_forward', 'conf.all.send_redirects', 'conf.lan.send_redirects'];
  const values = settings.map((name) => `net.ipv4.${name}=${name === 'ip_forward' ? 1 : 0}`);
  const all = [...values, 'net.ipv6.conf.all.forwarding=1'];
  execFileSync('ip', ['netns', 'exec', lab.wire, 'sysctl', '-qw', ...all]);
  for (const [node, subnet] of [
    ['host01', 61] as const,
    ['host02', 61] as const,
    ['host03', 62] as const,
  ]) {
    const number = `1${node.slice(-1)}`;
    await lab.see(
      node,
      `ip address flush dev eth0 scope global
      ip address add 192.168.${subnet}.${number}/24 dev eth0
      ip address add fd${subnet}::${number}/64 dev eth0 nodad
      ip route replace default via 192.168.${subnet}.1
      ip -6 route replace default via fd${subnet}::1`,
    );
  }
}

async function succeeds(name: string, work: (t: Test) => Promise<void>): Promise<void> {
  await t.test(name, async (t) => {
    t.setTimeout(longestMs);
    try {
      await work(t);
    } finally {
      if (!t.passing()) t.comment(await lab.logs());
    }
  });
}

await succeeds(
  'nodes have a range of each family, and their neighbours by plain routes',
  async (t) => {
    const line = 'get nodes -o jsonpath={.items[*].spec.podCIDRs}';
    const seen = await lab.sees(line, (text) => (text.match(/10\.244/g)?.length ?? 0) === 3);
    t.equal(seen.match(/fd44:/g)?.length, 3);
    const ranges = JSON.parse(`[${seen.replaceAll('] [', '],[')}]`) as [string, string][];
    const [, second, third] = ranges;
    const routes = (family: string) => lab.see('host01', `ip ${family} route show proto 117`);
    const four = await lab.until('routes', () => routes('-4'), /dev keelson.vx/);
    t.match(four, `${second?.[0]} via 192.168.61.12 dev eth0`, 'a neighbour by a plain route');
    t.match(four, new RegExp(`${third?.[0]} via \\S+ dev keelson.vx`), 'another subnet by VXLAN');
    t.notMatch(four, `${second?.[0]} via 192.168.61.12 dev keelson.vx`);
    const six = await lab.until('routes of IPv6', () => routes('-6'), /dev keelson.vx/);
    t.match(six, `${second?.[1]} via fd61::12 dev eth0`);
    t.match(six, new RegExp(`${third?.[1]} via \\S+ dev keelson.vx`));
    t.match(
      await lab.see('host02', 'ip link show keelson.vx'),
      'keelson.vx',
      'it has one to host03',
    );
  },
);

await succeeds('pods of all nodes reach each other over both families', async (t) => {
  await lab.apply(
    ...['host01', 'host02', 'host03'].map((nodeName, index) =>
      pod(`pod${index + 1}`, { nodeName, containers: [server()] }),
    ),
  );
  await lab.type('wait --for=condition=Ready pod/pod1 pod/pod2 pod/pod3 --timeout=180s');
  const addresses = await Promise.all(
    [1, 2, 3].map(async (number) => {
      const path = '{.status.podIPs[0].ip} {.status.podIPs[1].ip}';
      const text = await lab.kubectl('get', 'pod', `pod${number}`, '-o', `jsonpath=${path}`);
      return text.split(' ');
    }),
  );
  const link = await lab.type('exec pod1 -- ip -4 -o address show dev eth0');
  t.match(link, `${addresses[0]?.[0]}/32`, 'an address, and no network around it');
  for (const [index, pair] of addresses.entries()) {
    t.match(pair[0] ?? '', /^10\.244\./);
    t.match(pair[1] ?? '', /^fd44:/);
    for (const from of [1, 2, 3]) {
      for (const address of pair) {
        const host = address.includes(':') ? `[${address}]` : address;
        const seen = await lab.sees(`exec pod${from} -- wget -qO- http://${host}/`, /^pod/);
        t.equal(seen, `pod${index + 1}`, `pod${from} to ${address}`);
      }
    }
  }
  const path = `exec pod1 -- traceroute -n -q 1 -w 5 -m 3 ${addresses[1]?.[0]}`;
  t.match(await lab.sees(path, /192\.168\.61\.12/), '192.168.61.12', 'by the neighbour itself');
});

await succeeds(
  'Services of either family or both, by their address and by their name',
  async (t) => {
    const template = { containers: [server()] };
    await lab.apply(
      workload('Deployment', 'web', { replicas: 3, template }),
      service('web', { ipFamilyPolicy: 'RequireDualStack' }),
      service('six', { ipFamilies: ['IPv6'], selector: { app: 'web' } }),
      service('each', {
        clusterIP: 'None',
        selector: { app: 'web' },
        ipFamilyPolicy: 'RequireDualStack',
      }),
      pod('client', { containers: [sleeper()], nodeName: 'host03' }),
    );
    await lab.type('rollout status deployment web --timeout=180s');
    await lab.type('wait --for=condition=Ready pod/client --timeout=180s');
    const text = await lab.type('get service web -o jsonpath={.spec.clusterIPs[*]}');
    const [four = '', six = ''] = text.split(' ');
    t.match(four, /^10\.96\./);
    t.match(six, /^fd96::/);
    for (const node of ['host01', 'host02', 'host03']) {
      for (const host of [four, `[${six}]`]) {
        const fetched = async () =>
          (await lab.on(node, `curl -fsS --max-time 5 http://${host}/`)).stdout;
        t.match(await lab.until(`${host} from ${node}`, fetched, /^web-/), /^web-/);
      }
    }
    for (const name of ['web', 'six', `[${six}]`]) {
      const seen = await lab.sees(`exec client -- wget -qO- http://${name}/`, /^web-/);
      t.match(seen, /^web-/, `${name} from a pod`);
    }
    t.match(await lab.type('exec client -- cat /etc/resolv.conf'), /nameserver fd96::a/);
    const ask = (words: string) => lab.see('host03', `dig +short ${words}`);
    t.equal(await ask('@fd96::a web.default.svc.cluster.local A'), four, 'asked by IPv6');
    t.equal(await ask('@10.96.0.10 web.default.svc.cluster.local AAAA'), six);
    t.equal(await ask(`@10.96.0.10 -x ${six}`), 'web.default.svc.cluster.local.');
    t.equal(await ask('@10.96.0.10 six.default.svc.cluster.local A'), '', 'it has no such address');
    const each = await ask('@10.96.0.10 each.default.svc.cluster.local AAAA');
    t.equal(each.split('\n').filter((line) => line.startsWith('fd44:')).length, 3);
    t.match(await lab.type('get endpointslices -l kubernetes.io/service-name=web'), /IPv6/);
  },
);

await succeeds('a kubelet answers on its addresses of both families', async (t) => {
  for (const host of ['192.168.61.12', '[fd61::12]']) {
    const ask = `curl -gks --max-time 20 -o /dev/null -w '%{http_code}' https://${host}:10250/pods`;
    t.equal(await lab.see('host01', ask), '401', host);
  }
});

await succeeds('after a kill, uninstalling leaves the machine as it was', async (t) => {
  const changed = differences(untouched, await machineState(lab, 'host03'));
  for (const kind of ['link', 'address', 'route', 'nft', 'sysctl', 'mount', 'file']) {
    t.ok(
      changed.some((line) => line.startsWith(`+ ${kind} `)),
      `the node has a ${kind} of ours`,
    );
  }
  // The network agent's process is the kubelet's, too.
  for (const part of ['up', 'network']) {
    t.equal((await lab.kill('host03', part)).code, 0, `kill -9 of ${part}`);
  }
  const said = await lab.on('host03', 'keelson down --uninstall');
  t.equal(said.code, 0, said.stderr);
  t.match(said.stderr, /changes of this machine are undone/);
  t.same(differences(untouched, await machineState(lab, 'host03')), []);
});

/** A cluster whose pods and Services have IPv6 alone, on two nodes of scripts/lab. */
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { ClusterLab, unable } from './lab/cluster-lab.ts';
import { pod, server, service, sleeper, workload } from './lab/objects.ts';
import { equip, raiseCluster } from './lab/own-cluster.ts';

const skip = unable();
if (skip !== undefined) {
  t.pass('skipped', { skip });
  process.exit(0);
}

t.setTimeout(900_000);
const nodes = ['host01', 'host02'] as const;
const lab = await ClusterLab.start('--nodes', '2', '--bare');
t.teardown(() => lab[Symbol.asyncDispose]());
execFileSync('ip', ['-n', lab.wire, 'address', 'add', 'fd61::1/64', 'dev', 'lan', 'nodad']);
for (const node of nodes) {
  await lab.see(
    node,
    `ip address add fd61::1${node.slice(-1)}/64 dev eth0 nodad
    ip -6 route replace default via fd61::1`,
  );
}
await equip(lab, nodes, '');
await raiseCluster(lab, {
  addresses: ['fd61::11', 'fd61::12'],
  firstFlags: '--pod-cidr fd44::/48 --service-cidr fd96::/108',
  flags: '',
});

await t.test('pods, Services, names, logs and commands', async (t) => {
  const probe = { httpGet: { path: '/', port: 80 }, periodSeconds: 1, timeoutSeconds: 10 };
  await lab.apply(
    workload('Deployment', 'web', {
      replicas: 2,
      template: { containers: [server({ readinessProbe: probe })] },
    }),
    service('web', { type: 'NodePort' }),
    pod('client', { nodeName: 'host02', containers: [sleeper()] }),
  );
  await lab.type('rollout status deployment web --timeout=300s');
  await lab.type('wait --for=condition=Ready pod/client --timeout=300s');
  const pods = await lab.type('get pods -o jsonpath={.items[*].status.podIPs[*].ip}');
  for (const address of pods.split(' ')) t.match(address, /^fd44:/);
  const text = await lab.type(
    'get service web -o jsonpath={.spec.clusterIP}+{.spec.ports[0].nodePort}',
  );
  const [address = '', port = ''] = text.split('+');
  t.match(address, /^fd96::/);
  const resolver = await lab.type('exec client -- cat /etc/resolv.conf');
  t.match(resolver, /^nameserver fd96::a$/m);
  const fetched = await lab.sees('exec client -- wget -qO- http://web/', /^web-/);
  t.match(fetched, /^web-/, 'by its name');
  for (const node of nodes) {
    for (const to of ['[fd61::11]', '[fd61::12]']) {
      const fetch = async () => {
        const { stdout } = await lab.on(node, `curl -gfsS --max-time 10 http://${to}:${port}/`);
        return stdout.trim();
      };
      t.match(await lab.until(`${to} from ${node}`, fetch, /^web-/), /^web-/);
    }
  }
  const api = 'exec client -- sh -c env';
  t.match(await lab.type(api), /^KUBERNETES_SERVICE_HOST=fd96::1$/m);
  t.match(await lab.type('get endpointslices kubernetes -o wide --no-headers'), / IPv6 .*fd61::11/);
  t.match(await lab.see('host01', 'ip -6 route show proto 117'), /^fd44:0:0:1::\/64 .*keelson.vx/m);
  const outer = await lab.see('host01', 'ip -d link show keelson.vx');
  t.match(outer, /local fd61::11/, 'the tunnel is between IPv6 addresses, too');
  t.match(outer, / mtu 1430 /);
});

if (!t.passing()) t.comment(await lab.logs());

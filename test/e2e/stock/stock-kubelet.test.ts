/**
 * A stock kubelet over keelson's runtime and plugins, under keelson's coordinator: it does what it
 * does over other runtimes, and complains of nothing.
 */
import t from 'tap';
import { ClusterLab } from '../lab/cluster-lab.ts';
import { dependencies, failingPod, fullPod, guardedPod, mappedPod } from './full-pod.ts';
import {
  bootstrapKubeconfig,
  kept,
  kubeletConfiguration,
  onBareNodes,
  put,
  startRuntime,
  startStockKubelet,
  without,
} from './stock-kubernetes.ts';

const why = without('kubelet');
if (why !== undefined) {
  t.pass('skipped', { skip: why });
  process.exit(0);
}

t.setTimeout(1_200_000);
const node = 'host01';
const address = '192.168.61.11';
const server = `https://${address}:6443`;
const lab = await ClusterLab.start('--nodes', '1', '--bare');
t.teardown(() => lab[Symbol.asyncDispose]());

t.test('it joins by a bootstrap token and certificates, and the node is ready', async (t) => {
  await startRuntime(lab, node);
  await lab.see(node, kept(`keelson coordinator --advertise-address=${address}`, '/var/log/plane'));
  await lab.sees('get namespace default -o name', /^namespace\/default$/);
  const [token = ''] = (await lab.see(node, 'keelson token')).split(':');
  const data = 'jsonpath={.clusters[0].cluster.certificate-authority-data}';
  const encoded = await lab.kubectl('config', 'view', '--raw', '-o', data);
  const authority = Buffer.from(encoded, 'base64').toString();
  await put(lab, node, { path: '/etc/keelson/authority.crt', text: authority });
  const bootstrap = bootstrapKubeconfig(server, authority, token);
  await put(lab, node, { path: '/etc/keelson/bootstrap.kubeconfig', text: bootstrap });
  const configuration = { ...kubeletConfiguration, ...onBareNodes, serverTLSBootstrap: true };
  const text = JSON.stringify(configuration);
  await put(lab, node, { path: '/etc/keelson/stock-kubelet.json', text });
  await startStockKubelet(lab, node, {
    configuration: '/etc/keelson/stock-kubelet.json',
    kubeconfig: '/etc/keelson/kubelet.kubeconfig',
    bootstrapKubeconfig: '/etc/keelson/bootstrap.kubeconfig',
    address,
  });
  await lab.until(
    'the kubelet has its certificate',
    () => lab.see(node, 'ls /etc/keelson/kubelet.kubeconfig'),
    /kubelet.kubeconfig/,
  );
  const network = 'keelson network --kubeconfig /etc/keelson/kubelet.kubeconfig';
  await lab.see(node, kept(`${network} --node-name ${node}`, '/var/log/network'));
  const line = `get node ${node} -o wide`;
  t.match(await lab.sees(line, / Ready /), 'keelson://');
});

t.test('a pod with probes, hooks, a sidecar and volumes of all kinds', async (t) => {
  await lab.apply(...dependencies, fullPod);
  const spec = await lab.sees('get pod full', /2\/2 .*Running/);
  t.match(spec, / 0 /, 'nothing was started twice');
  const files =
    '/config/colour /secret/password /shared/init /shared/hook /etc/app.conf /all/name /all/colour';
  const script = `for f in ${files}; do cat $f; echo; done; echo $COLOUR; wc -c </all/token`;
  const seen = await lab.kubectl('exec', 'full', '-c', 'main', '--', 'sh', '-c', script);
  const words = seen.split(/\s+/);
  t.same(words.slice(0, 8), [
    'blue',
    'xyzzy',
    'from-init',
    'from-hook',
    'level=1',
    'full',
    'blue',
    'blue',
  ]);
  t.ok(Number(words.at(-1)) > 500, 'a token of its account');
  const image = 'jsonpath={.status.containerStatuses[0].image}';
  t.equal(await lab.kubectl('get', 'pod', 'full', '-o', image), 'busybox:1');
});

t.test('logs, exec, attach, forwarded and host ports by kubectl', async (t) => {
  t.equal(await lab.type('logs full -c main'), 'started');
  const ended = await lab.try('exec', 'full', '-c', 'main', '--', 'sh', '-c', 'exit 3');
  t.equal(ended.code, 3);
  const kubectl = 'kubectl --cache-dir=/run/kubectl';
  const forward = `${kubectl} port-forward pod/full 9999:80 >/dev/null & p=$!
    until curl -sf localhost:9999; do sleep 0.2; done; kill $p`;
  t.equal(await lab.see(node, forward), 'full');
  t.equal(await lab.see(node, `curl -sf ${address}:8888`), 'full');
  await lab.kubectl(
    'run',
    'typed',
    '--image=busybox:1',
    '--restart=Never',
    '-i',
    '--command',
    '--',
    'true',
  );
  const echo = `${kubectl} run echo --image=busybox:1 --restart=Never --stdin --command -- cat`;
  t.match(
    await lab.see(node, `{ sleep 3; echo typed; } | timeout 60 ${echo} 2>/dev/null`),
    'typed',
  );
});

t.test('the bandwidth annotations are token buckets', async (t) => {
  const buckets = await lab.see(node, 'tc qdisc show | grep tbf');
  t.match(buckets, /rate 10Mbit/);
  t.match(buckets, /rate 20Mbit/);
});

t.test('ids, rights, names and user namespaces', async (t) => {
  await lab.apply(guardedPod, mappedPod);
  await lab.sees('get pods guarded mapped', /guarded +1\/1[^]*mapped +1\/1/);
  t.match(
    await lab.type('logs guarded'),
    new RegExp(
      [
        'uid=1000 gid=3000 groups=2000,3000,4000',
        String.raw`named\.sub\.default\.svc\.cluster\.local`,
        '.* 2000 .*',
        String.raw`10\.1\.2\.3\talias\.example`,
        'touch: /x: Read-only.*',
        'bin\n',
      ].join('\n'),
    ),
  );
  t.match(await lab.type('logs mapped'), /^ +0 +[1-9]\d+ +65536\n.* 0 +0 +2 /);
});

t.test('what fails is told as elsewhere', async (t) => {
  await lab.apply(failingPod);
  const states = 'get pod failing -o jsonpath={.status.containerStatuses[*].lastState.terminated}';
  const seen = await lab.sees(states, (text) => {
    return ['why', 'lastline', 'StartError'].every((word) => text.includes(word));
  });
  t.match(seen, '"exitCode":7');
  t.match(seen, '"exitCode":128');
  const waiting = 'get pod failing -o jsonpath={.status.containerStatuses[*].state.waiting.reason}';
  await lab.sees(waiting, /ErrImagePull|ImagePullBackOff/);
  await lab.type('delete pod failing');
});

t.test('a static pod has its mirror', async (t) => {
  const { metadata, spec } = mappedPod as { metadata: object; spec: object };
  const object = {
    ...mappedPod,
    metadata: { ...metadata, name: 'static' },
    spec: { ...spec, hostUsers: true },
  };
  const path = '/etc/keelson/manifests/static.json';
  await put(lab, node, { path, text: JSON.stringify(object) });
  t.match(await lab.sees(`get pod static-${node}`, /1\/1 .*Running/), ' 0 ');
  await lab.see(node, `rm ${path}`);
  await lab.sees(`get pods`, (text) => !text.includes(`static-${node}`));
});

t.test('pods outlive kill -9 of the runtime, of the kubelet and of both', async (t) => {
  const ids =
    'get pods full guarded mapped -o jsonpath={.items[*].status.containerStatuses[*].containerID}';
  const before = await lab.type(ids);
  const runtime = 'kill -9 $(cat /run/keelson/runtime.lock)';
  const kubelet = 'kill -9 $(pidof kubelet)';
  for (const script of [runtime, kubelet, `${runtime}; ${kubelet}`]) {
    await lab.see(node, script);
    // Only a kubelet that has its runtime answers.
    await lab.until(
      'exec is answered',
      () => lab.kubectl('exec', 'full', '-c', 'main', '--', 'echo', 'answers'),
      /^answers$/,
    );
    await lab.sees('get pods full guarded mapped', /full +2\/2[^]*guarded +1\/1[^]*mapped +1\/1/);
  }
  t.equal(await lab.type(ids), before);
});

t.test('statistics have every container', async (t) => {
  const summary = `get --raw /api/v1/nodes/${node}/proxy/stats/summary`;
  const text = await lab.sees(summary, /"name": ?"side"[^]*"usageCoreNanoSeconds"/);
  const { pods, node: whole } = JSON.parse(text) as {
    pods: { podRef: { name: string }; containers: { name: string; rootfs: object }[] }[];
    node: { runtime: { imageFs: { usedBytes: number } } };
  };
  const full = pods.find(({ podRef }) => podRef.name === 'full');
  t.same(full?.containers.map(({ name }) => name).toSorted(), ['main', 'side']);
  t.ok(whole.runtime.imageFs.usedBytes > 0);
});

t.test('deleted pods leave nothing, and no call was refused that it made', async (t) => {
  await lab.type('delete pods --all --wait=true --timeout=120s');
  await lab.until(
    'the runtime has no pods',
    () => lab.see(node, 'ls /run/keelson/pods 2>/dev/null | wc -l'),
    /^0$/,
  );
  const log = await lab.see(node, "grep -a 'from runtime service failed' /var/log/kubelet || true");
  t.same(log.split('\n').filter(isOurs), []);
});

/** Not what the tests did: a runtime that is away, a program that is not there, a removed one. */
function isOurs(line: string): boolean {
  if (line === '') return false;
  return !/Unavailable|no-such-program|NotFound|Canceled|EOF|DeadlineExceeded/.test(line);
}

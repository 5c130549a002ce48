/**
 * kubeadm's control plane in static pods over keelson's runtime, with keelson's pod network and
 * Services in place of a proxy's; a second node joins with keelson's kubelet.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import t from 'tap';
import { ClusterLab } from '../lab/cluster-lab.ts';
import { dependencies, fullPod } from './full-pod.ts';
import {
  bootstrapKubeconfig,
  kept,
  kubeletConfiguration,
  onBareNodes,
  programs,
  put,
  startRuntime,
  startStockKubelet,
  without,
} from './stock-kubernetes.ts';

const parts = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
const why =
  without('kubelet', 'kubeadm', ...parts) ??
  (existsSync('/usr/bin/etcd') ? undefined : 'needs the Debian package etcd-server');
if (why !== undefined) {
  t.pass('skipped', { skip: why });
  process.exit(0);
}

t.setTimeout(1_800_000);
const first = '192.168.61.11';
const token = 'abcdef.0123456789abcdef';
const lab = await ClusterLab.start('--nodes', '2', '--bare');
t.teardown(() => lab[Symbol.asyncDispose]());
const version = /v\d\S+/.exec(
  execFileSync(`${programs}/kubelet`, ['--version'], { encoding: 'utf8' }),
);

/** An image with one program and the C library that it was linked to. */
function imageOf(program: string): string {
  const root = `${lab.folder}/${program}`;
  const archive = `${root}.tar`;
  const libraries = ['/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2'];
  const places = ['/lib/x86_64-linux-gnu/libresolv.so.2', ...libraries];
  for (const path of places) {
    mkdirSync(`${root}${path.slice(0, path.lastIndexOf('/'))}`, { recursive: true });
    copyFileSync(path, `${root}${path}`);
  }
  mkdirSync(`${root}/usr/local/bin`, { recursive: true });
  copyFileSync(`${programs}/${program}`, `${root}/usr/local/bin/${program}`);
  execFileSync('tar', ['-C', root, '-cf', archive, '.']);
  rmSync(root, { recursive: true });
  return archive;
}

/** As `vagrant/profiles/kubeadm.sh` has it, with an etcd that is there and a node's own limits. */
const kubeadmConfiguration = [
  {
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'InitConfiguration',
    bootstrapTokens: [{ token, ttl: '0s' }],
    localAPIEndpoint: { advertiseAddress: first },
    nodeRegistration: { criSocket: 'unix:///run/keelson/cri.sock' },
  },
  {
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'ClusterConfiguration',
    kubernetesVersion: version?.[0] ?? '',
    networking: { podSubnet: '172.31.0.0/16' },
    etcd: { external: { endpoints: ['http://127.0.0.1:2379'] } },
  },
  {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    ...onBareNodes,
  },
];

t.test('kubeadm init ends with a control plane in static pods', async (t) => {
  await startRuntime(lab, 'host01');
  for (const part of parts) {
    const image = `registry.k8s.io/${part}:${version?.[0]}`;
    await lab.see('host01', `keelson import ${imageOf(part)} ${image}`);
  }
  await lab.see('host01', 'keelson tag busybox:1 registry.k8s.io/pause:3.10.2');
  await lab.see('host01', kept('etcd --data-dir /var/lib/keelson/etcd', '/var/log/etcd'));
  await startStockKubelet(lab, 'host01', {
    configuration: '/var/lib/kubelet/config.yaml',
    kubeconfig: '/etc/kubernetes/kubelet.conf',
    bootstrapKubeconfig: '/etc/kubernetes/bootstrap-kubelet.conf',
    address: first,
  });
  const text = kubeadmConfiguration.map((object) => JSON.stringify(object)).join('\n---\n');
  await put(lab, 'host01', { path: '/etc/kubernetes/lab.yaml', text });
  // What it asks of a service manager and of cgroups a node of namespaces has not.
  const words = await lab.see(
    'host01',
    `PATH=${programs}:$PATH kubeadm init --config /etc/kubernetes/lab.yaml \\
      --skip-phases addon --ignore-preflight-errors all 2>&1
    ln -sfn /etc/kubernetes/admin.conf /etc/keelson/kubeconfig`,
  );
  t.match(words, 'Your Kubernetes control-plane has initialized successfully!');
  const seen = await lab.sees('get pods -n kube-system', (pods) => {
    return pods.match(/1\/1 +Running/g)?.length === parts.length;
  });
  t.equal(seen.match(/ 0 +\d+/g)?.length, parts.length, 'none was started twice');
});

t.test("keelson's network and Services make the node ready", async (t) => {
  const role = '--clusterrole=system:node-proxier --group=system:nodes';
  await lab.type(`create clusterrolebinding keelson:node-network ${role}`);
  const network = 'keelson network --kubeconfig /etc/kubernetes/kubelet.conf --node-name host01';
  await lab.see('host01', kept(network, '/var/log/network'));
  t.match(await lab.sees('get nodes', /host01 +Ready/), version?.[0]);
});

t.test("keelson's kubelet joins it by the token", async (t) => {
  await startRuntime(lab, 'host02');
  const authority = await lab.see('host01', 'cat /etc/kubernetes/pki/ca.crt');
  await put(lab, 'host02', { path: '/etc/keelson/authority.crt', text: `${authority}\n` });
  const text = bootstrapKubeconfig(`https://${first}:6443`, authority, token);
  await put(lab, 'host02', { path: '/etc/keelson/bootstrap.kubeconfig', text });
  const path = '/etc/keelson/kubelet.json';
  await put(lab, 'host02', { path, text: JSON.stringify(kubeletConfiguration) });
  await lab.see(
    'host02',
    kept(
      `keelson node --config=${path} --kubeconfig=/etc/keelson/kubelet.kubeconfig \\
        --bootstrap-kubeconfig=/etc/keelson/bootstrap.kubeconfig --hostname-override=host02 \\
        --node-ip=192.168.61.12`,
      '/var/log/kubelet',
    ),
  );
  t.match(await lab.sees('get node host02', / Ready /), 'keelson');
  const requests = await lab.type('get csr');
  t.match(requests, /system:bootstrap:abcdef .*Approved,Issued/);
  await lab.sees('get lease host02 -n kube-node-lease', /host02/);
});

t.test('a pod under it has its volumes, token, logs and streams', async (t) => {
  const { spec } = fullPod as { spec: { volumes: { name: string }[] } };
  await lab.apply(...dependencies, { ...fullPod, spec: { ...spec, nodeName: 'host02' } });
  await lab.sees('get pod full', /2\/2 .*Running/);
  const script = 'cat /config/colour /secret/password /shared/init /shared/hook; wc -c </all/token';
  const seen = await lab.kubectl('exec', 'full', '-c', 'main', '--', 'sh', '-c', script);
  t.match(seen, /^bluexyzzyfrom-init\nfrom-hook\n[1-9]\d{2,}$/);
  t.equal(await lab.type('logs full -c main'), 'started');
  await lab.kubectl('patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red"}}');
  await lab.sees('exec full -c main -- cat /config/colour', /^red$/);
  const buckets = await lab.see('host02', 'tc qdisc show | grep tbf');
  t.match(buckets, /rate 10Mbit[^]*rate 20Mbit|rate 20Mbit[^]*rate 10Mbit/);
});

t.test('a Deployment spans both kubelets behind one Service, and a node is drained', async (t) => {
  await lab.type('taint nodes host01 node-role.kubernetes.io/control-plane-');
  const command = ['sh', '-c', 'mkdir /w; hostname >/w/index.html; exec httpd -f -p 80 -h /w'];
  await lab.kubectl(
    ...'create deployment web --image=busybox:1 --replicas=4 --'.split(' '),
    ...command,
  );
  await lab.type('expose deployment web --port=80');
  await lab.sees('get deployment web', /4\/4/);
  const nodes = await lab.type('get pods -l app=web -o wide');
  t.match(nodes, 'host01');
  t.match(nodes, 'host02');
  const service = await lab.type('get service web -o jsonpath={.spec.clusterIP}');
  for (const node of ['host01', 'host02']) {
    const look = () =>
      lab.see(node, `for i in $(seq 40); do curl -sf -m 5 ${service}; done | sort -u | wc -l`);
    await lab.until(`all answer ${node}`, look, /^4$/);
  }
  const named = 'exec full -c main -- nslookup web.default.svc.cluster.local';
  await lab.sees(named, (words) => words.includes(`Address: ${service}`));
  await lab.type('delete pod full');
  await lab.type('drain host02 --ignore-daemonsets --delete-emptydir-data --timeout=120s');
  await lab.sees('get deployment web', /4\/4/);
  t.notMatch(await lab.type('get pods -l app=web -o wide'), 'host02');
});

/** Chapters 6 and 12: what a node is made of, how it comes to the cluster, what is used. */
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { pod, sleeper } from './objects.ts';

export const nodes = ['host01', 'host02', 'host03'] as const;

export async function walkBringUp(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S6.1 what nodes need of the kernel is set', async (t) => {
    for (const node of nodes) {
      t.equal(await lab.see(node, 'sysctl -n net.ipv4.ip_forward'), '1', node);
      // Pods are on a bridge: where bridged packets go through nft, Services see them.
      const bridged = 'sysctl -n net.bridge.bridge-nf-call-iptables 2>/dev/null || echo none';
      t.match(await lab.see(node, bridged), /^(none|[01])$/, node);
    }
  });

  await t.test('S6.5 certificates, a StorageClass, and what nodes and pods use', async (t) => {
    t.match(
      await lab.type('get nodes --no-headers'),
      /^host01 +Ready +control-plane .*\nhost02 +Ready +<none>/,
    );
    const serving = 'get csr --field-selector spec.signerName=kubernetes.io/kubelet-serving';
    const requests = await lab.type(`${serving} -o name`);
    t.ok(requests.split('\n').length >= nodes.length, requests);
    const approved = await lab.type(`certificate approve ${requests.replaceAll('\n', ' ')}`);
    t.match(approved, /certificatesigningrequest.certificates.k8s.io\/\S+ approved/);
    for (const row of (await lab.type(`${serving} --no-headers`)).split('\n')) {
      t.match(row, /Approved,Issued$/);
    }
    t.match(await lab.type('get storageclass --no-headers'), /\(default\)/);
    const used = await lab.sees('top nodes --no-headers', (seen) =>
      nodes.every((node) => new RegExp(`^${node} +\\d+m +\\d+% +\\d+Mi +\\d+%`, 'm').test(seen)),
    );
    t.equal(used.split('\n').length, nodes.length);
    await lab.apply(pod('busy', { containers: [sleeper()] }));
    await lab.type('wait --for=condition=Ready pod/busy --timeout=180s');
    t.match(await lab.sees('top pod busy --no-headers', /^busy/), /^busy +\d+m +\d+Mi$/m);
    t.match(
      await lab.sees('top pod busy --containers --no-headers', /^busy/m),
      /^busy +sleep +\d+m +\d+Mi$/m,
    );
    await lab.type('delete pod busy --timeout=60s');
  });

  await t.test('S12.1 the kubelet: its command, its configuration', async (t) => {
    const command = await lab.see(
      'host02',
      `tr '\\0' ' ' </proc/$(cat /run/keelson/kubelet.lock)/cmdline`,
    );
    for (const flag of [
      '--bootstrap-kubeconfig=/etc/keelson/bootstrap.kubeconfig',
      '--kubeconfig=/etc/keelson/kubelet.kubeconfig',
      '--config=/etc/keelson/kubelet.yaml',
      '--container-runtime-endpoint=unix:///run/keelson/cri.sock',
      '--node-ip=192.168.61.12',
      '--hostname-override=host02',
    ]) {
      t.match(command, flag);
    }
    const config = await lab.see('host02', 'cat /etc/keelson/kubelet.yaml');
    t.match(config, /anonymous:\n +enabled: false\n +webhook:\n +enabled: true/);
    t.match(config, /clusterDNS:\n +- 10\.96\.0\.10\nclusterDomain: cluster\.local/);
    t.match(config, 'staticPodPath: /etc/keelson/manifests');
    t.equal(await lab.see('host02', 'ls /etc/keelson/manifests'), '', 'no static pods on a worker');
    const shown = JSON.parse(await lab.type('get --raw /api/v1/nodes/host02/proxy/configz')) as {
      kubeletconfig: Record<string, unknown>;
    };
    t.match(shown.kubeletconfig, { clusterDomain: 'cluster.local', serverTLSBootstrap: true });
  });

  await t.test('S12.2 what a pod gets of the kubelet: names and an identity', async (t) => {
    await lab.apply(pod('debug', { containers: [sleeper()] }));
    await lab.type('wait --for=condition=Ready pod/debug --timeout=180s');
    const mounts = await lab.type('exec debug -- mount');
    t.match(mounts, / on \/etc\/resolv\.conf type /, 'a mount of its own');
    const secret = '/(var/)?run/secrets/kubernetes.io/serviceaccount';
    t.match(mounts, new RegExp(`^tmpfs on ${secret} type tmpfs \\(ro`, 'm'));
    const resolver = await lab.type('exec debug -- cat /etc/resolv.conf');
    t.match(resolver, /^nameserver 10\.96\.0\.10$/m);
    t.match(resolver, /^options ndots:5$/m);
    const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
    t.equal(await lab.type(`exec debug -- cat ${folder}/namespace`), 'default');
    await lab.type('delete pod debug --timeout=60s');
  });
}

/** A kubelet without a network agent and its files: as before an add-on is there. */
export async function walkAddOn(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S6.2 to S6.4 a node is not ready before its network is there', async (t) => {
    const flags = await lab.see(
      'host03',
      `tr '\\0' '\\n' </proc/$(cat /run/keelson/kubelet.lock)/cmdline |
        grep -E '^--(.*config|hostname-override|node-ip|container-runtime)'`,
    );
    // Without `up`, which would start it again.
    await lab.kill('host03', 'up');
    await lab.kill('host03', 'kubelet');
    const astray = '--kubeconfig /run/none --bootstrap-kubeconfig /run/none';
    const { code, stderr } = await lab.on('host03', `timeout 15 keelson kubelet ${astray}`);
    t.equal(code, 124, 'a kubelet that has no cluster yet waits for one');
    t.match(stderr, '/run/none', 'and says why');
    const configuration = '/etc/cni/net.d/*.conflist';
    await lab.see('host03', `mkdir /run/aside; mv ${configuration} /run/aside/`);
    const words = flags.split('\n').join(' ');
    await lab.see('host03', `setsid keelson kubelet ${words} </dev/null >/run/kubelet.log 2>&1 &`);
    const condition = `get node host03 -o jsonpath={.status.conditions[?(@.type=='Ready')]}`;
    const told = await lab.sees(condition, /"status":"False"/);
    t.match(told, /container runtime network not ready: NetworkReady=false/);
    t.match(told, /NetworkPluginNotReady/);
    t.match(await lab.sees('get node host03 --no-headers', /NotReady/), 'NotReady');
    const taint = 'node.kubernetes.io/not-ready:NoSchedule';
    await lab.sees('describe node host03', new RegExp(taint));
    await lab.see('host03', 'kill -KILL $(cat /run/keelson/kubelet.lock)');
    await lab.see('host03', 'keelson up --detach >/dev/null 2>&1');
    await lab.sees('get node host03 --no-headers', /host03 +Ready/);
    await lab.sees('describe node host03', (seen) => !seen.includes(taint));
    await lab.apply(pod('here', { nodeName: 'host03', containers: [sleeper()] }));
    await lab.type('wait --for=condition=Ready pod/here --timeout=180s');
    await lab.type('delete pod here --timeout=60s');
  });
}

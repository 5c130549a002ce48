/** Chapters 6 and 7: the cluster, pods and what makes them. */
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { container, pod, server, sleeper, workload } from './objects.ts';

export async function walkCluster(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S6.6 nodes and namespaces', async (t) => {
    const nodes = await lab.sees('get nodes --no-headers', (seen) =>
      seen.split('\n').every((row) => / Ready /.test(row)),
    );
    t.match(nodes, /^host01 +Ready .*\nhost02 +Ready .*\nhost03 +Ready /);
    const namespaces = await lab.type('get namespaces -o name');
    for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system']) {
      t.match(namespaces, `namespace/${name}`);
    }
    t.notMatch(await lab.type('describe nodes'), 'node.kubernetes.io/not-ready');
  });

  await t.test('S6.7, S7.1 a pod, its events, and its end', async (t) => {
    await lab.apply(pod('nginx', { containers: [server()] }));
    await lab.type('wait --for=condition=Ready pod/nginx --timeout=180s');
    const row = await lab.type('get pod nginx --no-headers -o wide');
    t.match(row, /^nginx +1\/1 +Running +0 +\S+ +10\.244\.\d+\.\d+ +host0\d /);
    const [address = '', node = ''] = /(10\.244\.\S+) +(host0\d)/.exec(row)?.slice(1) ?? [];
    t.match(await lab.see(node, 'keelson ps'), 'nginx');
    for (const from of ['host01', 'host02', 'host03']) {
      const fetched = await lab.see(from, `curl -fsS --max-time 10 http://${address}/`);
      t.equal(fetched, 'nginx', `reached from ${from}`);
    }
    const described = await lab.sees('describe pod nginx', /Started/);
    const reasons = /Scheduled[^]*Pulled[^]*Created[^]*Started/;
    t.match(described, reasons, 'events in order');
    t.match(described, `Successfully assigned default/nginx to ${node}`);
    t.equal(await lab.type('exec nginx -- hostname'), 'nginx');
    await lab.type('delete pod nginx --timeout=60s');
    t.match((await lab.try('get', 'pod', 'nginx')).stderr, 'pods "nginx" not found');
  });
}

export async function walkControllers(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S7.2, S7.3 a Deployment keeps its replicas', async (t) => {
    const running = (count: number) =>
      lab.sees('get pods -l app=web --no-headers', (seen) => {
        const rows = seen.split('\n').filter((row) => row !== '');
        return rows.length === count && rows.every((row) => / 1\/1 +Running /.test(row));
      });
    await lab.apply(
      workload('Deployment', 'web', { replicas: 3, template: { containers: [server()] } }),
    );
    await lab.type('rollout status deployment web --timeout=180s');
    const before = await running(3);
    t.match(await lab.type('get deployment web --no-headers'), /web +3\/3 +3 +3 /);
    const first = before.split(' ')[0] ?? '';
    await lab.type(`delete pod ${first} --wait=false`);
    const after = await running(3);
    t.notMatch(after, first, 'another in its place');
    await lab.type('scale deployment web --replicas=4');
    await running(4);
    await lab.type('scale deployment web --replicas=2');
    await running(2);
    await lab.type('delete deployment web --timeout=60s');
  });

  await t.test('S7.5 a Job runs to its end, its log stays', async (t) => {
    const template = {
      spec: { restartPolicy: 'Never', containers: [container('one', 'echo done')] },
    };
    await lab.apply({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'once' },
      spec: { template },
    });
    await lab.type('wait --for=condition=complete job/once --timeout=180s');
    t.match(await lab.type('get pods -l job-name=once --no-headers'), / 0\/1 +Completed /);
    t.equal(await lab.type('logs job/once'), 'done');
    await lab.type('delete job once --timeout=60s');
  });

  await t.test('S7.7 a DaemonSet runs on each node', async (t) => {
    await lab.apply(workload('DaemonSet', 'each', { template: { containers: [sleeper()] } }));
    await lab.type('rollout status daemonset each --timeout=180s');
    const line = 'get pods -l app=each -o jsonpath={.items[*].spec.nodeName}';
    t.same((await lab.type(line)).split(' ').toSorted(), ['host01', 'host02', 'host03']);
    await lab.type('delete daemonset each --timeout=60s');
  });
}

export async function walkTroubles(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S10.1 a selector that no node fits, until one does', async (t) => {
    await lab.apply(pod('picky', { nodeSelector: { disk: 'ssd' }, containers: [sleeper()] }));
    await lab.sees('describe pod picky', /FailedScheduling[^]*node affinity\/selector/);
    await lab.type('label node host02 disk=ssd');
    await lab.type('wait --for=condition=Ready pod/picky --timeout=180s');
    t.match(await lab.type('get pod picky -o wide'), 'host02');
    await lab.type('label node host02 disk-');
    await lab.type('delete pod picky --timeout=60s');
  });

  await t.test('S10.3, S10.4 an image that is not there, a program that fails', async (t) => {
    const missing = { image: 'docker.io/library/nginxx:latest' };
    await lab.apply(
      pod('typo', { containers: [container('nginx', 'sleep 1000', missing)] }),
      pod('crash', { containers: [container('crash', 'echo no password >&2; exit 3')] }),
    );
    await lab.sees('get pod typo --no-headers', /ErrImagePull|ImagePullBackOff/);
    await lab.sees('get pod crash --no-headers', /CrashLoopBackOff/);
    const last = '{.status.containerStatuses[0].lastState.terminated.exitCode}';
    t.equal(await lab.sees(`get pod crash -o jsonpath=${last}`, /\d/), '3');
    await lab.sees('logs crash', /no password/);
    const good = 'set image pod/typo nginx=docker.io/library/busybox:latest';
    await lab.type(good);
    await lab.type('wait --for=condition=Ready pod/typo --timeout=400s');
    await lab.type('delete pod typo crash --timeout=60s');
    t.pass('both are gone');
  });
}

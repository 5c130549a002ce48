/** Chapters 8 and 9: the overlay, services and names. */
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { pod, server, service, sleeper, workload } from './objects.ts';

const addressOf = 'jsonpath={.status.podIP}';

export async function walkNetwork(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S8.1 to S8.6 pods of different nodes reach each other by VXLAN', async (t) => {
    await lab.apply(
      pod('pod1', { nodeName: 'host01', containers: [sleeper()] }),
      pod('pod2', { nodeName: 'host02', containers: [server()] }),
    );
    await lab.type('wait --for=condition=Ready pod/pod1 pod/pod2 --timeout=180s');
    t.match(await lab.see('host01', 'ls /etc/cni/net.d'), 'conflist');
    const other = await lab.type(`get pod pod2 -o ${addressOf}`);
    const ping = await lab.type(`exec pod1 -- ping -c 3 -W 5 ${other}`);
    t.match(ping, /ttl=62/, 'over two nodes');
    t.match(ping, / 0% packet loss/);
    const mtu = Number(await lab.type('exec pod1 -- cat /sys/class/net/eth0/mtu'));
    t.equal(mtu, 1450, 'what the outer headers leave of 1500');
    t.equal(await lab.type(`exec pod1 -- wget -qO- http://${other}/`), 'pod2');
    const fits = `exec pod1 -- ping -c 1 -W 5 -s ${mtu - 28} ${other}`;
    t.match(await lab.type(fits), / 0% packet loss/);
    await lab.type('delete pod pod1 pod2 --timeout=60s');
  });
}

export async function walkBandwidth(t: Test, lab: ClusterLab): Promise<void> {
  await t.test("S14.2 a pod's annotations are its limits", async (t) => {
    const annotations = {
      'kubernetes.io/ingress-bandwidth': '11M',
      'kubernetes.io/egress-bandwidth': '17M',
    };
    const spec = { nodeName: 'host02', containers: [sleeper()] };
    await lab.apply(pod('narrow', spec, { annotations }));
    await lab.type('wait --for=condition=Ready pod/narrow --timeout=180s');
    const buckets = (): Promise<string> => lab.see('host02', 'tc qdisc show | grep tbf || true');
    const seen = await buckets();
    t.match(seen, / rate 11Mbit /, 'what it receives');
    t.match(seen, / rate 17Mbit /, 'what it sends');
    await lab.type('delete pod narrow --timeout=60s');
    t.equal(await lab.until('no bucket', buckets, /^$/), '', 'and they go with it');
  });
}

export async function walkServices(t: Test, lab: ClusterLab): Promise<void> {
  await t.test(
    'S9.1 to S9.5 a Service by its address, by its name, by a port of nodes',
    async (t) => {
      const template = {
        containers: [server({ readinessProbe: { httpGet: { path: '/', port: 80 } } })],
      };
      await lab.apply(
        workload('Deployment', 'nginx', { replicas: 3, template }),
        service('nginx'),
        pod('client', { containers: [sleeper()] }),
      );
      await lab.type('rollout status deployment nginx --timeout=180s');
      await lab.type('wait --for=condition=Ready pod/client --timeout=180s');
      const address = await lab.type('get service nginx -o jsonpath={.spec.clusterIP}');
      for (const node of ['host01', 'host02', 'host03']) {
        await lab.until(
          `the Service from ${node}`,
          async () => (await lab.on(node, `curl -fsS --max-time 5 http://${address}/`)).stdout,
          /^nginx-/,
        );
      }
      const name = 'exec client -- wget -qO- http://nginx';
      t.match(await lab.sees(name, /^nginx-/), /^nginx-/, 'by its short name');
      t.match(await lab.type('exec client -- wget -qO- http://nginx.default.svc'), /^nginx-/);
      const resolver = await lab.type('exec client -- cat /etc/resolv.conf');
      t.match(resolver, /^nameserver 10\.96\.0\.10$/m);
      t.match(resolver, /^search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local/m);
      t.match(await lab.type('exec client -- nslookup nginx.default.svc.cluster.local'), address);
      const absent = await lab.try('exec', 'client', '--', 'wget', '-qO-', 'http://nobody');
      t.match(absent.stderr, /bad address 'nobody'/, 'a name that is not there');

      await lab.kubectl('patch', 'service', 'nginx', '-p', '{"spec":{"type":"NodePort"}}');
      const port = await lab.sees('get service nginx -o jsonpath={.spec.ports[0].nodePort}', /\d/);
      t.equal(await lab.type('get service nginx -o jsonpath={.spec.clusterIP}'), address);
      for (const node of ['host01', 'host02', 'host03']) {
        const url = `http://192.168.61.1${node.slice(-1)}:${port}/`;
        const fetch = `curl -fsS --max-time 5 ${url}`;
        const answer = await lab.until(
          url,
          async () => (await lab.on('host01', fetch)).stdout,
          /^ng/,
        );
        t.match(answer, /^nginx-/, `the port of ${node}`);
      }
    },
  );

  await t.test('S9.7 all endpoints take their share', async (t) => {
    const address = await lab.type('get service nginx -o jsonpath={.spec.clusterIP}');
    const script = `for i in $(seq 150); do curl -fsS --max-time 5 http://${address}/; done`;
    const counts = new Map<string, number>();
    for (const line of (await lab.see('host01', script)).split('\n')) {
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
    t.equal(counts.size, 3);
    // Of 50 each: six deviations on either side.
    for (const [name, count] of counts) t.ok(count > 15 && count < 85, `${name}: ${count}`);
  });

  await t.test('S9.6 an Ingress, by a node and by an address that stands for all', async (t) => {
    // What the book's kube-vip does: an address that some node has.
    const vip = '192.168.61.10';
    const device = await lab.see('host01', 'ip -o -4 addr show to 192.168.61.11 | cut -d" " -f2');
    await lab.see('host01', `ip addr replace ${vip}/32 dev ${device}`);
    const ask = (place: string): Promise<string> =>
      lab.see('host02', `curl -sS --max-time 120 -w " %{http_code}" -H Host:web01 http://${place}`);
    try {
      t.equal(await lab.until('nobody', () => ask(vip), / 404$/), 'default backend - 404 404');
      const backend = { service: { name: 'nginx', port: { number: 80 } } };
      const rule = { host: 'web01', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } };
      t.match(
        await lab.apply({
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata: { name: 'web01' },
          spec: { rules: [rule] },
        }),
        'ingress.networking.k8s.io/web01 created',
      );
      for (const place of ['host01', vip, 'host03']) {
        t.match(await lab.until(place, () => ask(place), /^nginx-/), / 200$/, place);
      }
      const listed = await lab.sees('get ingress web01', /192\.168\.61\.13/);
      t.match(listed, /^web01 +keelson +web01 +192\.168\.61\.11,192\.168\.61\.12,\S+ +80 /m);
      t.match(await ask(`${vip}/absent`), / 404$/, "the backend's own answer");
      const victim = (await lab.type('get pods -l app=nginx -o name')).split('\n')[0] ?? '';
      await lab.type(`delete ${victim} --wait=false`);
      for (let count = 0; count < 20; count += 1) t.match(await ask(vip), / 200$/);
      await lab.type('rollout restart deployment nginx');
      const rollout = { isOver: false };
      const rolling = lab.type('rollout status deployment nginx --timeout=180s').finally(() => {
        rollout.isOver = true;
      });
      while (!rollout.isOver) t.match(await ask(vip), / 200$/, 'while all pods are replaced');
      await rolling;
      await lab.see('host01', 'kill -9 $(cat /run/keelson/ingress.lock)');
      t.match(await ask(vip), / 200$/, 'a client waits for the next proxy, and sees nothing of it');
      await lab.type('delete ingress web01 --timeout=60s');
      await lab.until('nobody again', () => ask('host03'), / 404$/);
    } finally {
      await lab.see('host01', `ip addr del ${vip}/32 dev ${device}`);
    }
  });

  await t.test('a LoadBalancer has the addresses of all nodes', async (t) => {
    const spec = { type: 'LoadBalancer', selector: { app: 'nginx' } };
    await lab.apply(service('balanced', { ...spec, ports: [{ port: 8080, targetPort: 80 }] }));
    await lab.sees('get service balanced', /192\.168\.61\.11,192\.168\.61\.12,192\.168\.61\.13/);
    for (const place of ['host01', 'host02', 'host03']) {
      const look = async (): Promise<string> =>
        (await lab.on('host02', `curl -fsS --max-time 5 http://${place}:8080/`)).stdout;
      t.match(await lab.until(place, look, /^nginx-/), /^nginx-/);
    }
    await lab.type('delete service balanced --timeout=60s');
  });

  await t.test('S13.5 without a ready endpoint a connection is refused at once', async (t) => {
    const address = await lab.type('get service nginx -o jsonpath={.spec.clusterIP}');
    await lab.type('scale deployment nginx --replicas=0');
    const refused = async (): Promise<string> =>
      (await lab.on('host02', `curl -sS --max-time 5 http://${address}/`)).stderr;
    t.match(
      await lab.until('a refusal', refused, /refused|unreachable|connect to server/i),
      /refused|unreachable|connect to server/i,
    );
    await lab.type('delete deployment/nginx service/nginx pod/client --timeout=60s');
  });
}

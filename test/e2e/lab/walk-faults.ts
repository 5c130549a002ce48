/** Chapter 12, and the faults: drained and cut-off nodes, static pods, killed processes. */
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { pod, server, service, sleeper, workload } from './objects.ts';

const nodesOf = 'get pods -l app=spread -o jsonpath={.items[*].spec.nodeName}';

export async function walkNodes(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S12.3 a static pod is there with its manifest, and goes with it', async (t) => {
    const manifest = JSON.stringify(pod('static', { containers: [sleeper()] }));
    const path = '/etc/keelson/manifests/static.json';
    await lab.see('host02', `cat >${path} <<'END'\n${manifest}\nEND`);
    await lab.sees('get pod static-host02 --no-headers', /1\/1 +Running/);
    await lab.see('host02', `rm ${path}`);
    await lab.sees('get pods -o name', (seen) => !seen.includes('static-host02'));
    t.pass('it is gone');
  });

  await t.test('S12.4 drain moves what runs on a node', async (t) => {
    await lab.apply(
      workload('Deployment', 'spread', { replicas: 4, template: { containers: [sleeper()] } }),
    );
    await lab.type('rollout status deployment spread --timeout=180s');
    await lab.type(
      'drain host03 --ignore-daemonsets --force --delete-emptydir-data --timeout=120s',
    );
    await lab.type('rollout status deployment spread --timeout=180s');
    t.notMatch(await lab.type(nodesOf), 'host03');
    t.match(await lab.type('get node host03 --no-headers'), /Ready,SchedulingDisabled/);
    await lab.type('uncordon host03');
    await lab.type('delete deployment spread --timeout=60s');
  });
}

/** Each part is killed while a Service is asked through a node port: pods and rules stay. */
export async function walkKills(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('kill -9 of each part of a node', async (t) => {
    await lab.apply(
      workload('Deployment', 'steady', {
        replicas: 2,
        template: { containers: [server({ name: 'steady' })] },
      }),
      service('steady', { type: 'NodePort' }),
    );
    await lab.type('rollout status deployment steady --timeout=180s');
    const port = await lab.type('get service steady -o jsonpath={.spec.ports[0].nodePort}');
    const fetch = `curl -fsS --max-time 5 http://192.168.61.11:${port}/`;
    const fetched = async (): Promise<string> => (await lab.on('host02', fetch)).stdout;
    await lab.until('the node port', fetched, /^steady-/);
    const starts =
      'get pods -l app=steady -o jsonpath={.items[*].status.containerStatuses[*].containerID}';
    const before = await lab.type(starts);
    for (const part of ['network', 'kubelet', 'runtime', 'coordinator']) {
      const pid = (): Promise<string> =>
        lab.see(
          'host01',
          part === 'coordinator'
            ? 'cat /var/lib/keelson/coordinator/coordinator.lock'
            : `cat /run/keelson/${part}.lock`,
        );
      const old = await pid();
      t.equal((await lab.kill('host01', part)).code, 0);
      t.match(await fetched(), /^steady-/, `the Service goes on without the ${part}`);
      await lab.until(`another ${part}`, pid, (seen) => seen !== '' && seen !== old);
    }
    await lab.sees('get nodes --no-headers', (seen) => (seen.match(/ Ready /g)?.length ?? 0) === 3);
    t.equal(await lab.type(starts), before, 'no container was started again');
    await lab.type('scale deployment steady --replicas=3');
    await lab.type('rollout status deployment steady --timeout=180s');
    await lab.type('delete deployment/steady service/steady --timeout=60s');
  });
}

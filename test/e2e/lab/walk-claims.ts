/** Chapter 15: claims, volumes that somebody else made, and pods that share one. */
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { pod, server, sleeper, workload } from './objects.ts';

function claim(name: string, spec: object): object {
  const resources = { requests: { storage: '100Mi' } };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources, ...spec },
  };
}

function volumeOf(claimName: string): object[] {
  return [{ name: 'v', persistentVolumeClaim: { claimName } }];
}

export async function walkClaims(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S15.3 claims that wait, and one that a volume is made for by hand', async (t) => {
    await lab.apply(claim('storage', {}), claim('manual', { storageClassName: 'manual' }));
    // A folder is of one node, so that the class waits for the first pod.
    t.match(
      await lab.sees('describe pvc storage', /WaitForFirstConsumer/),
      /waiting for first consumer to be created before binding/,
    );
    t.match(await lab.type('get pvc manual --no-headers'), /^manual +Pending +manual /);
    await lab.see('host02', 'mkdir -p /var/lib/keelson/by-hand');
    const terms = [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['host02'] }];
    await lab.apply({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'manual' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '100Mi' },
        claimRef: { namespace: 'default', name: 'manual' },
        storageClassName: 'manual',
        local: { path: '/var/lib/keelson/by-hand' },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: terms }] } },
      },
    });
    await lab.sees('get pvc manual --no-headers', /^manual +Bound +manual +100Mi +RWO /);
    const row = await lab.type('get pv manual --no-headers');
    t.match(row, /^manual +100Mi +RWO +Retain +Bound +default\/manual +manual /);
    const volumeMounts = [{ name: 'v', mountPath: '/data' }];
    await lab.apply(
      pod('auto', { containers: [sleeper({ volumeMounts })], volumes: volumeOf('storage') }),
      pod('manual', { containers: [sleeper({ volumeMounts })], volumes: volumeOf('manual') }),
    );
    await lab.type('wait --for=condition=Ready pod/auto pod/manual --timeout=180s');
    t.match(await lab.type('get pvc storage --no-headers'), /^storage +Bound +pvc-/);
    t.equal(await lab.type('get pod manual -o jsonpath={.spec.nodeName}'), 'host02');
    await lab.kubectl('exec', 'manual', '--', 'sh', '-c', 'echo kept >/data/file');
    await lab.type('delete pod auto manual --timeout=60s');
    await lab.type('delete pvc storage manual --timeout=60s');
    await lab.sees('get pv manual --no-headers', /Released/);
    t.equal(
      await lab.see('host02', 'cat /var/lib/keelson/by-hand/file'),
      'kept',
      'Retain keeps it',
    );
    await lab.type('delete pv manual --timeout=60s');
    await lab.sees('get pv -o name', /^$/);
  });

  await t.test('S15.4, S15.5 pods that share a claim, which outlives them', async (t) => {
    const volumeMounts = [{ name: 'html', mountPath: '/www' }];
    const script = 'trap exit TERM; httpd -f -p 80 -h /www & wait';
    const nginx = workload('Deployment', 'nginx', {
      replicas: 1,
      template: {
        containers: [server({ command: ['sh', '-c', script], volumeMounts })],
        volumes: [{ name: 'html', persistentVolumeClaim: { claimName: 'nginx-storage' } }],
      },
    });
    await lab.apply(claim('nginx-storage', {}), nginx);
    await lab.type('rollout status deployment nginx --timeout=180s');
    const name = 'get pods -l app=nginx -o jsonpath={.items[0].metadata.name}';
    const first = await lab.type(name);
    const fetched = (of: string) => lab.try('exec', of, '--', 'wget', '-qO-', 'http://127.0.0.1/');
    t.match((await fetched(first)).stderr, /404/, 'an empty folder');
    await lab.see('host01', 'echo "Hello, World" >/run/index.html');
    await lab.type(`cp /run/index.html ${first}:/www/index.html`);
    t.equal((await fetched(first)).stdout, 'Hello, World\n');
    await lab.type('scale deployment nginx --replicas=3');
    await lab.type('rollout status deployment nginx --timeout=180s');
    const rows = await lab.type('get pods -l app=nginx -o jsonpath={.items[*].spec.nodeName}');
    t.equal(new Set(rows.split(' ')).size, 1, 'where the folder is: ReadWriteOnce is of a node');
    const names = await lab.type('get pods -l app=nginx -o jsonpath={.items[*].metadata.name}');
    for (const each of names.split(' ')) {
      t.equal((await fetched(each)).stdout, 'Hello, World\n', each);
    }
    await lab.type('delete deployment nginx --timeout=60s');
    await lab.apply(nginx);
    await lab.type('rollout status deployment nginx --timeout=180s');
    t.equal((await fetched(await lab.type(name))).stdout, 'Hello, World\n', 'it is still there');
    await lab.type('delete deployment nginx --timeout=60s');
    await lab.type('delete pvc nginx-storage --timeout=60s');
    await lab.sees('get pv -o name', /^$/);
  });

  await t.test('a folder is not shared by nodes, and says so', async (t) => {
    await lab.apply(
      claim('shared', { accessModes: ['ReadWriteMany'] }),
      pod('sharing', {
        containers: [sleeper({ volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'shared' } }],
      }),
    );
    const told = await lab.sees('describe pvc shared', /ProvisioningFailed/);
    t.match(told, /ReadWriteMany/);
    await lab.type('delete pod sharing --timeout=60s');
    await lab.type('delete pvc shared --timeout=60s');
  });
}

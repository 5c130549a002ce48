/** Chapters 13, 15 and 16: probes, volumes, ConfigMaps and Secrets. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { container, pod, server, sleeper, workload } from './objects.ts';

const quick = { periodSeconds: 1, failureThreshold: 2, timeoutSeconds: 5 };

export async function walkProbes(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S13.1 a liveness probe that fails has the container restarted', async (t) => {
    const probe = { exec: { command: ['test', '-e', '/tmp/alive'] }, ...quick };
    const script = 'touch /tmp/alive; trap exit TERM; sleep 36000 & wait';
    await lab.apply(
      pod('alive', { containers: [container('alive', script, { livenessProbe: probe })] }),
    );
    await lab.type('wait --for=condition=Ready pod/alive --timeout=180s');
    t.match(
      await lab.type('describe pod alive'),
      /Liveness: +exec \[test -e \S+\] delay=0s timeout=5s period=1s #success=1 #failure=2/,
    );
    await lab.type('exec alive -- rm /tmp/alive');
    await lab.sees('get pod alive --no-headers', /1\/1 +Running +[1-9]/);
    t.match(await lab.sees('describe pod alive', /Unhealthy/), /Liveness probe failed/);
    await lab.type('delete pod alive --timeout=60s');
  });

  await t.test('S13.2 a readiness probe that fails takes it out of Ready', async (t) => {
    const script = 'mkdir /www; httpd -p 8080 -h /www; trap exit TERM; sleep 36000 & wait';
    const probe = { httpGet: { path: '/ready', port: 8080 }, ...quick };
    await lab.apply(
      pod('ready', { containers: [container('web', script, { readinessProbe: probe })] }),
    );
    await lab.sees('get pod ready --no-headers', /0\/1 +Running/);
    await lab.kubectl('exec', 'ready', '--', 'sh', '-c', 'echo yes >/www/ready');
    await lab.sees('get pod ready --no-headers', /1\/1 +Running +0/);
    await lab.type('exec ready -- rm /www/ready');
    await lab.sees('get pod ready --no-headers', /0\/1 +Running +0/);
    await lab.type('delete pod ready --timeout=60s');
    t.pass('without a restart');
  });

  await t.test('S13.3 a liveness probe by TCP, and all is well', async (t) => {
    const livenessProbe = { tcpSocket: { port: 80 }, periodSeconds: 1, initialDelaySeconds: 5 };
    await lab.apply(pod('postgres', { containers: [server({ livenessProbe })] }));
    await lab.type('wait --for=condition=Ready pod/postgres --timeout=180s');
    t.match(
      await lab.type('describe pod postgres'),
      /Liveness: +tcp-socket :80 delay=5s timeout=1s period=1s #success=1 #failure=3/,
    );
    // That nothing happens takes a while to be seen; three failures in a row would restart it.
    await sleep(10_000);
    t.match(await lab.type('get pod postgres --no-headers'), /1\/1 +Running +0 /);
    await lab.type('delete pod postgres --timeout=60s');
  });

  await t.test('S13.4 a slow start is no failure of the liveness probe', async (t) => {
    const script = `trap exit TERM; mkdir /www; sleep 6 & wait
      httpd -p 8080 -h /www; echo yes >/www/index.html; sleep 36000 & wait`;
    const httpGet = { path: '/index.html', port: 8080 };
    await lab.apply(
      pod('slow', {
        containers: [
          container('web', script, {
            startupProbe: { httpGet, periodSeconds: 1, failureThreshold: 600, timeoutSeconds: 5 },
            livenessProbe: { httpGet, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 20 },
          }),
        ],
      }),
    );
    t.match(await lab.sees('describe pod slow', /Startup probe failed/), /Unhealthy/);
    await lab.type('wait --for=condition=Ready pod/slow --timeout=180s');
    t.match(await lab.type('get pod slow --no-headers'), /1\/1 +Running +0 /);
    await lab.type('exec slow -- rm /www/index.html');
    await lab.sees('get pod slow --no-headers', /Running +[1-9]/);
    t.match(await lab.type('describe pod slow'), /Liveness probe failed/, 'which then takes over');
    await lab.type('delete pod slow --timeout=60s');
  });
}

export async function walkConfiguration(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S16.1 to S16.3 a ConfigMap and a Secret as variables and files', async (t) => {
    const config = { configMapKeyRef: { name: 'settings', key: 'colour' } };
    const secret = { secretKeyRef: { name: 'login', key: 'password' } };
    await lab.apply(
      pod('waiting', { containers: [sleeper({ env: [{ name: 'COLOUR', valueFrom: config }] })] }),
    );
    await lab.sees('get pod waiting --no-headers', /CreateContainerConfigError/);
    await lab.type('create configmap settings --from-literal=colour=green');
    await lab.type('create secret generic login --from-literal=password=s3cr3t');
    await lab.type('wait --for=condition=Ready pod/waiting --timeout=180s');
    await lab.apply(
      pod('reader', {
        containers: [
          sleeper({
            env: [
              { name: 'COLOUR', valueFrom: config },
              { name: 'PASSWORD', valueFrom: secret },
              { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
            ],
            volumeMounts: [
              { name: 'settings', mountPath: '/settings' },
              { name: 'login', mountPath: '/login', readOnly: true },
            ],
          }),
        ],
        volumes: [
          { name: 'settings', configMap: { name: 'settings' } },
          { name: 'login', secret: { secretName: 'login' } },
        ],
      }),
    );
    await lab.type('wait --for=condition=Ready pod/reader --timeout=180s');
    const shown = await lab.type('exec reader -- env');
    t.match(shown, /^COLOUR=green$/m);
    t.match(shown, /^PASSWORD=s3cr3t$/m);
    t.match(shown, /^NODE=host0\d$/m);
    t.match(shown, /^KUBERNETES_SERVICE_HOST=10\.96\.0\.1$/m);
    await lab.sees('exec reader -- cat /settings/colour', /^green$/);
    await lab.sees('exec reader -- cat /login/password', /^s3cr3t$/);
    t.match(await lab.type('exec reader -- mount'), /tmpfs on \/login type tmpfs \(ro/);
    await lab.kubectl('patch', 'configmap', 'settings', '-p', '{"data":{"colour":"blue"}}');
    await lab.sees('exec reader -- cat /settings/colour', /^blue$/);
    await lab.type('delete pod/waiting pod/reader configmap/settings secret/login --timeout=60s');
  });
}

export async function walkStorage(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S7.6, S15 a StatefulSet, whose pods keep name and volume', async (t) => {
    t.match(await lab.type('get storageclass'), /\(default\)/);
    await lab.apply(
      workload('StatefulSet', 'db', {
        replicas: 2,
        serviceName: 'db',
        template: {
          containers: [sleeper({ volumeMounts: [{ name: 'data', mountPath: '/data' }] })],
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Mi' } } },
          },
        ],
      }),
    );
    await lab.type('rollout status statefulset db --timeout=180s');
    await lab.kubectl('exec', 'db-0', '--', 'sh', '-c', 'hostname >/data/name');
    t.match(await lab.type('get pvc --no-headers'), /^data-db-0 +Bound .*\ndata-db-1 +Bound /);
    const uid = 'get pod db-0 -o jsonpath={.metadata.uid}';
    const before = await lab.type(uid);
    // Its successor has its name: kubectl may wait for the end of both.
    await lab.type('delete pod db-0 --wait=false');
    await lab.sees(uid, (seen) => /^[0-9a-f-]{36}$/.test(seen) && seen !== before);
    await lab.type('wait --for=condition=Ready pod/db-0 --timeout=180s');
    t.equal(await lab.type('exec db-0 -- cat /data/name'), 'db-0', 'what was written is there');
    await lab.type('delete statefulset db --timeout=60s');
    await lab.type('delete pvc data-db-0 data-db-1 --timeout=60s');
    await lab.sees('get pv --no-headers', /^(No resources found.*)?$/);
  });
}

/**
 * The book's manifests over both runtimes with the same assertions: pods, ReplicaSets, Deployments,
 * Services, volumes, ConfigMaps, Secrets and namespaces do not depend on who runs the containers.
 */
import t, { type Test } from 'tap';
import type { ContainerStatus, Pod } from '../../../src/api/types/generated/core-v1.ts';
import { PrivateContainerd, withoutContainerd } from './private-containerd.ts';
import { isTrue, PrivateNode, shell, waiting } from './private-node.ts';
import { until } from '../../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const node = await PrivateNode.start();
t.teardown(() => node[Symbol.asyncDispose]());
const { coordinator } = node;
const core = '/api/v1/namespaces/default';
const apps = '/apis/apps/v1/namespaces/default';

const seen = (path: string, holds: (text: string) => boolean) =>
  until(async () => (await coordinator.process.asAdmin(`GET ${path}`)).text, holds);

const drop = (path: string) => coordinator.process.asAdmin(`DELETE ${path}`);

const addresses = (text: string) => text.match(/"ip": ?"10\./g)?.length ?? 0;
const none = (text: string) => /"items": ?\[\]/.test(text);

async function walk(t: Test, runtimeName: string): Promise<void> {
  await coordinator.make(`${core}/configmaps`, {
    metadata: { name: 'settings' },
    data: { colour: 'blue', 'app.conf': 'level=1' },
  });
  await coordinator.make(`${core}/secrets`, {
    metadata: { name: 'words' },
    stringData: { password: 'xyzzy' },
  });
  await t.test('a pod is given what its objects say, in files and variables', async (t) => {
    const volumes = [
      { name: 'config', configMap: { name: 'settings' } },
      { name: 'secret', secret: { secretName: 'words', defaultMode: 0o400 } },
      { name: 'shared', emptyDir: {} },
      { name: 'facts', downwardAPI: { items: [fact('name'), fact('namespace')] } },
    ];
    const places = ['config', 'secret', 'shared', 'facts'];
    const volumeMounts = places.map((name) => ({ name, mountPath: `/${name}` }));
    const part = { name: 'config', mountPath: '/etc/app.conf', subPath: 'app.conf' };
    const keyRef = { name: 'settings', key: 'colour' };
    const env = [{ name: 'COLOUR', valueFrom: { configMapKeyRef: keyRef } }];
    const files = '/config/colour /secret/password /shared/from-init /facts/name /etc/app.conf';
    const script = `(for f in ${files}; do cat $f; echo; done; echo $COLOUR; hostname; id -u; \
stat -L -c %a /secret/password) >/dev/termination-log`;
    const spec = {
      restartPolicy: 'Never',
      volumes,
      initContainers: [shell('echo -n init >/shared/from-init', { name: 'init', volumeMounts })],
      containers: [shell(script, { env, volumeMounts: [...volumeMounts, part] })],
    };
    await node.create(spec, { name: 'told' });
    const pod = await node.until('told', (now) => now?.status?.phase === 'Succeeded');
    const [main] = pod?.status?.containerStatuses ?? [];
    t.match(main?.containerID, new RegExp(`^${runtimeName}://`));
    const words = 'blue\nxyzzy\ninit\ntold\nlevel=1\nblue\ntold\n0\n400\n';
    t.equal(main?.state?.terminated?.message, words);
    await node.delete('told');
    await node.gone('told');
  });

  await t.test('a Deployment has its replicas, a Service their addresses', async (t) => {
    const readinessProbe = { exec: { command: ['true'] }, periodSeconds: 1 };
    const labels = { app: 'web' };
    const spec = { containers: [shell(waiting, { readinessProbe })] };
    const template = {
      metadata: { labels },
      spec: { ...spec, terminationGracePeriodSeconds: 1 },
    };
    await coordinator.make(`${apps}/deployments`, {
      metadata: { name: 'web' },
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    });
    await coordinator.make(`${core}/services`, {
      metadata: { name: 'web' },
      spec: { selector: labels, ports: [{ port: 80 }] },
    });
    const two = /"availableReplicas": ?2/;
    t.match(await seen(`${apps}/deployments/web`, (text) => two.test(text)), two);
    const ready = await seen(`${core}/endpoints/web`, (text) => addresses(text) === 2);
    t.equal(addresses(ready), 2);
    const selector = 'labelSelector=app%3Dweb';
    const { text } = await coordinator.process.asAdmin(`GET ${core}/pods?${selector}`);
    const { items } = JSON.parse(text) as { items: { metadata: { name: string } }[] };
    await node.delete(items[0]?.metadata.name ?? '');
    await node.gone(items[0]?.metadata.name ?? '');
    t.match(await seen(`${apps}/deployments/web`, (now) => two.test(now)), two, 'one replaces it');
    await drop(`${apps}/deployments/web`);
    await drop(`${core}/services/web`);
    t.ok(none(await seen(`${core}/pods?${selector}`, none)), 'the pods go with it');
  });

  await t.test(
    'a container that fails is started again, one that is not ready says so',
    async (t) => {
      const never = { exec: { command: ['false'] }, periodSeconds: 1 };
      const containers = [
        shell(waiting, { readinessProbe: never }),
        shell('exit 3', { name: 'ends' }),
      ];
      await node.create({ containers }, { name: 'troubled' });
      const pod = await node.until('troubled', (now) => (ends(now)?.restartCount ?? 0) > 0);
      t.notOk(isTrue(pod, 'Ready'));
      t.match(ends(pod)?.lastState, {
        terminated: { exitCode: 3, reason: 'Error' },
      });
      await node.delete('troubled');
      await node.gone('troubled');
    },
  );

  await t.test('a namespace takes its pods with it', async (t) => {
    await coordinator.make('/api/v1/namespaces', { metadata: { name: 'sample' } });
    const where = '/api/v1/namespaces/sample';
    await seen(`${where}/serviceaccounts/default`, (text) => !text.includes('"NotFound"'));
    const spec = { nodeName: node.name, containers: [shell(waiting)] };
    await coordinator.make(`${where}/pods`, {
      metadata: { name: 'inside' },
      spec: { ...spec, terminationGracePeriodSeconds: 1 },
    });
    const running = /"phase": ?"Running"/;
    t.match(await seen(`${where}/pods/inside`, (text) => running.test(text)), running);
    await drop(where);
    t.match(await seen(where, (text) => text.includes('"NotFound"')), 'NotFound');
  });
  await drop(`${core}/configmaps/settings`);
  await drop(`${core}/secrets/words`);
}

function ends(pod: Pod | undefined): ContainerStatus | undefined {
  return pod?.status?.containerStatuses?.find(({ name }) => name === 'ends');
}

function fact(name: string): object {
  return { path: name, fieldRef: { fieldPath: `metadata.${name}` } };
}

t.test('over our runtime', async (t) => await walk(t, 'keelson'));

t.test('over containerd', { skip: withoutContainerd }, async (t) => {
  await node.down();
  const containerd = await PrivateContainerd.start(node.runtime);
  node.beforeEnd(() => containerd[Symbol.asyncDispose]());
  node.socket = containerd.socket;
  await node.up();
  await walk(t, 'containerd');
});

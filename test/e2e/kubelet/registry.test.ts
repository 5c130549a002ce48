/** Images from a registry that asks who is there: pull secrets, policies, back-off. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { startDockerRegistry } from '../image/docker-registry.ts';
import { PrivateNode, shell, waiting } from './private-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const folder = mkdtempSync(join(tmpdir(), 'keelson-pull-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const registry = await startDockerRegistry();
t.teardown(() => registry[Symbol.asyncDispose]());
const logins = `${folder}/docker.json`;
writeFileSync(
  `${folder}/config.yaml`,
  `image: {certsFolder: ${registry.certsFolder}, dockerConfig: ${logins}}`,
);
const node = await PrivateNode.start({
  runtime: { flags: ['--config', `${folder}/config.yaml`] },
});
t.teardown(() => node[Symbol.asyncDispose]());

const { username, password } = registry.credentials;
const image = `${registry.host}/team/tool:1`;

async function makeSecret(name: string, secret: string): Promise<void> {
  const auth = { username, password: secret };
  const text = JSON.stringify({ auths: { [`https://${registry.host}/v1/`]: auth } });
  await node.coordinator.make('/api/v1/namespaces/default/secrets', {
    metadata: { name },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': text },
  });
}

const waitingFor = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]?.state?.waiting;

async function create(name: string, ...secrets: readonly string[]): Promise<void> {
  const imagePullSecrets = secrets.map((secret) => ({ name: secret }));
  const containers = [shell(waiting, { image, imagePullPolicy: 'IfNotPresent' })];
  await node.create({ containers, imagePullSecrets }, { name });
}

t.test('an image is in the registry, and nowhere else', async (t) => {
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  writeFileSync(logins, JSON.stringify({ auths: { [registry.host]: { auth } } }));
  for (const words of [['tag', 'busybox'], ['push'], ['rmi']]) {
    t.match(await node.runtime.run(...words, image), { code: 0, stderr: '' });
  }
  writeFileSync(logins, '{}');
  await makeSecret('right', password);
  await makeSecret('wrong', 'guess');
});

t.test('without the right secret nothing is pulled, which is said, and then paused', async (t) => {
  await create('stranger');
  const first = await node.until('stranger', (pod) => waitingFor(pod)?.reason === 'ErrImagePull');
  t.match(waitingFor(first)?.message, /tool:1/);
  const held = await node.until('stranger', (pod) => {
    return waitingFor(pod)?.reason === 'ImagePullBackOff';
  });
  t.match(waitingFor(held)?.message, `Back-off pulling image "${image}"`);
  await node.told('stranger', /^Failed Failed to pull image /);
  await node.told('stranger', /^BackOff Back-off pulling image /);
  await node.delete('stranger', 0);
  await node.gone('stranger');
});

t.test('each secret is tried until one is right; absent ones are no hindrance', async (t) => {
  await create('member', 'absent', 'wrong', 'right');
  const pod = await node.ready('member');
  t.match(pod?.status?.containerStatuses?.[0], { image, imageID: /sha256:[0-9a-f]{64}$/ });
  await node.told('member', /^Pulling Pulling image /);
  await node.told('member', /^Pulled Successfully pulled image .* Image size: \d+ bytes\.$/);
  await node.delete('member', 0);
  await node.gone('member');
});

t.test('an image that is there is not pulled again', async (t) => {
  await create('neighbour');
  await node.ready('neighbour');
  await node.told('neighbour', /^Pulled Container image .* already present on machine$/);
  t.notOk((await node.events('neighbour')).some(({ reason }) => reason === 'Pulling'));
  await node.delete('neighbour', 0);
  await node.gone('neighbour');
});

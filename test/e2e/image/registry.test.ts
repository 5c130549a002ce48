import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { isDomainError } from '../../../src/base/error.ts';
import type { LayerProgress } from '../../../src/image/image-service.ts';
import { makeLayer, openTestStore } from '../../kernel/image/image-store.ts';
import { withoutRoot } from '../../kernel/skip.ts';
import { startDockerRegistry, type DockerRegistry } from './docker-registry.ts';
import { openDoor } from './breaking-door.ts';
import { makeLayout, skopeo } from './make-images.ts';

const options = { skip: withoutRoot };

t.test('docker-registry with TLS and a user', options, async (t) => {
  await using registry = await startDockerRegistry();
  using layout = makeLayout();
  const name = `${registry.host}/team/app:1`;
  skopeo(
    'copy',
    ...skopeoAccess(registry, '--dest'),
    `oci:${layout.folder}:app`,
    `docker://${name}`,
  );
  const dockerConfig = join(registry.folder, 'config.json');
  const { username, password } = registry.credentials;
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  writeFileSync(dockerConfig, JSON.stringify({ auths: { [registry.host]: { auth } } }));

  await t.test('a pull with credentials has what umoci put in', async (t) => {
    await using store = await openTestStore({ certsFolder: registry.certsFolder, dockerConfig });
    const image = await store.images.pull(name);
    t.same(image.config.cmd, ['/bin/sh']);
    t.same(image.config.env.includes('A=b c'), true);
    const digest = skopeo(
      'inspect',
      ...skopeoAccess(registry),
      '-f',
      '{{.Digest}}',
      `docker://${name}`,
    );
    t.same(image.repoDigests, [`${registry.host}/team/app@${digest.trim()}`]);
    const { layers } = await store.images.createSnapshot(image.id, 'box');
    const [top = ''] = layers;
    t.equal(readFileSync(join(top, 'greeting'), 'utf8'), 'hello from umoci');
    const byDigest = await store.images.pull(`${registry.host}/team/app@${digest.trim()}`);
    t.equal(byDigest.id, image.id);
  });

  await t.test('the authority is asked for: without it the registry is not trusted', async (t) => {
    // This machine's own registries may do without, so it has to be told that this one may not.
    const registries = { [registry.host]: { plainHttp: false, skipVerify: false } };
    await using store = await openTestStore({ registries, dockerConfig });
    const error = await failureOf(store.images.pull(name));
    t.match(String(error), /certificate is signed by an unknown authority|not trusted/);
    const caFile = join(registry.folder, 'ca.crt');
    const trusted = { [registry.host]: { caFile } };
    await using other = await openTestStore({ registries: trusted, dockerConfig });
    t.equal((await other.images.pull(name)).diffIds.length, 2);
  });

  await t.test('no, wrong and missing are told apart', async (t) => {
    await using store = await openTestStore({ certsFolder: registry.certsFolder });
    t.ok(isDomainError(await failureOf(store.images.pull(name)), 'denied'));
    const wrong = { username, password: 'wrong-password' };
    const denied = await failureOf(store.images.pull(name, { credentials: wrong }));
    t.ok(isDomainError(denied, 'denied'));
    t.notMatch(String(denied), /wrong-password/);
    const right = { credentials: registry.credentials };
    const missing = await failureOf(store.images.pull(`${registry.host}/team/app:2`, right));
    t.ok(isDomainError(missing, 'notFound'), String(missing));
  });

  await t.test('a push sends what is missing once, and keeps the digest', async (t) => {
    await using store = await openTestStore({ certsFolder: registry.certsFolder, dockerConfig });
    const pulled = await store.images.pull(name);
    const target = `${registry.host}/other/copy:new`;
    await store.images.tag(name, target);
    const steps: LayerProgress[] = [];
    const onProgress = (progress: LayerProgress): void => void steps.push(progress);
    const digest = await store.images.push(target, { onProgress });
    t.ok(pulled.repoDigests[0]?.endsWith(digest));
    t.same(lastSteps(steps), ['exists', 'exists'], 'mounted from the other repository');
    const shown = skopeo(
      'inspect',
      ...skopeoAccess(registry),
      '-f',
      '{{.Digest}}',
      `docker://${target}`,
    );
    t.equal(shown.trim(), digest);

    await using second = await startDockerRegistry({ plain: true });
    const elsewhere = `${second.host}/copy:1`;
    await store.images.tag(name, elsewhere);
    steps.length = 0;
    t.equal(await store.images.push(elsewhere, { onProgress }), digest);
    t.same(lastSteps(steps), ['done', 'done']);
    steps.length = 0;
    await store.images.push(elsewhere, { onProgress });
    t.same(lastSteps(steps), ['exists', 'exists'], 'Layer already exists');
    await using reader = await openTestStore();
    t.equal((await reader.images.pull(elsewhere)).id, pulled.id);
  });

  await t.test('without kept blobs a push fetches them from where they came', async (t) => {
    const settings = { certsFolder: registry.certsFolder, dockerConfig, keepBlobs: false };
    await using store = await openTestStore(settings);
    await store.images.pull(name);
    t.equal(store.names('blobs').length, 2, 'only the documents are kept');
    await using second = await startDockerRegistry({ plain: true });
    const elsewhere = `${second.host}/copy:1`;
    await store.images.tag(name, elsewhere);
    const digest = await store.images.push(elsewhere);
    const archive = join(store.stateFolder, 'saved.tar');
    await store.images.save([name], { path: archive, format: 'oci' });
    t.match(skopeo('inspect', `oci-archive:${archive}`), digest);
  });

  // This registry refuses to go on with an upload that broke off; others do: see upload.test.ts.
  await t.test('a push whose connection breaks is completed all the same', async (t) => {
    await using store = await openTestStore();
    await using plain = await startDockerRegistry({ plain: true });
    await using door = await openDoor(Number(plain.host.split(':')[1]), 3_000_000);
    const archive = join(store.stateFolder, 'big.tar');
    writeFileSync(archive, makeLayer({ big: randomBytes(8_000_000) }));
    const pushed = `127.0.0.1:${door.port}/big:1`;
    await store.images.import(archive, { name: pushed });
    const digest = await store.images.push(pushed);
    t.equal(door.breaks, 1);
    const shown = skopeo('inspect', '--tls-verify=false', `docker://${plain.host}/big:1`);
    t.match(shown, digest);
    await using reader = await openTestStore();
    await reader.images.pull(`${plain.host}/big:1`);
  });

  await t.test('a push that is not allowed says so', async (t) => {
    await using store = await openTestStore({ certsFolder: registry.certsFolder, dockerConfig });
    await store.images.pull(name);
    const wrong = { credentials: { username, password: 'wrong-password' } };
    const error = await failureOf(store.images.push(name, wrong));
    t.ok(isDomainError(error, 'denied'));
    t.match(String(error), /push access denied/);
    await t.rejects(store.images.push('missing:1'), /No such image/);
    const { id } = store.images.find(name) ?? { id: '' };
    await t.rejects(store.images.push(id), /is an id/);
  });
});

t.test(
  'a registry that asks for a client certificate gets the one of certs.d',
  options,
  async (t) => {
    await using registry = await startDockerRegistry({ clientCertificates: true });
    using layout = makeLayout();
    const name = `${registry.host}/app:1`;
    skopeo(
      'copy',
      ...skopeoAccess(registry, '--dest'),
      `oci:${layout.folder}:app`,
      `docker://${name}`,
    );
    const { credentials } = registry;
    await using store = await openTestStore({ certsFolder: registry.certsFolder });
    t.equal((await store.images.pull(name, { credentials })).diffIds.length, 2);
    await using without = await openTestStore();
    t.ok(isDomainError(await failureOf(without.images.pull(name, { credentials })), 'unavailable'));
    const file = (ending: string): string => join(registry.folder, `client.${ending}`);
    const own = { clientCertFile: file('crt'), clientKeyFile: file('key') };
    const caFile = join(registry.folder, 'ca.crt');
    const registries = { [registry.host]: { ...own, caFile } };
    await using configured = await openTestStore({ registries });
    t.equal((await configured.images.pull(name, { credentials })).diffIds.length, 2);
  },
);

/** What skopeo needs to speak to the registry. */
function skopeoAccess(registry: DockerRegistry, side: '' | '--dest' = ''): string[] {
  const { username, password } = registry.credentials;
  const prefix = side === '' ? '--' : `${side}-`;
  const folder = join(registry.certsFolder, registry.host);
  return [`${prefix}creds=${username}:${password}`, `${prefix}cert-dir=${folder}`];
}

function lastSteps(steps: readonly LayerProgress[]): string[] {
  return [...new Map(steps.map(({ digest, step }) => [digest, step])).values()];
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

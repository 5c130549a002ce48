/** SIGHUP while containers run and a pull is under way. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { type Answer, CriClient, sleeper } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { until } from '../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(300_000);

const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** An image of one layer, as a registry has it: documents and layer by their digests. */
function makeImage(): { blobs: Map<string, Buffer>; manifest: Buffer; layer: string } {
  const folder = t.testdir({ root: { file: 'content' } });
  const tar = execFileSync('tar', ['-C', `${folder}/root`, '-c', '.']);
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    }),
  );
  const type = 'application/vnd.oci.image';
  const describe = (bytes: Buffer, kind: string): object => ({
    mediaType: `${type}.${kind}`,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${type}.manifest.v1+json`,
      config: describe(config, 'config.v1+json'),
      layers: [describe(layer, 'layer.v1.tar+gzip')],
    }),
  );
  const all = [manifest, config, layer];
  return {
    blobs: new Map(all.map((bytes) => [digestOf(bytes), bytes])),
    manifest,
    layer: digestOf(layer),
  };
}

const image = makeImage();

/** Serves the image under every name; its layer when `letGo` has resolved. */
async function serve(asked: string[], letGo: Promise<void>): Promise<string> {
  const server: Server = createServer((request, response) => {
    void (async () => {
      const { url = '' } = request;
      asked.push(url);
      const wanted = url.split('/').at(-1) ?? '';
      const found = url.includes('/manifests/') ? image.manifest : image.blobs.get(wanted);
      if (wanted === image.layer) await letGo;
      if (found === undefined) {
        response.end('{}');
        return;
      }
      const type = 'application/vnd.oci.image.manifest.v1+json';
      response.writeHead(200, { 'content-type': type, 'content-length': found.length });
      response.end(request.method === 'HEAD' ? undefined : found);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const gate = Promise.withResolvers<void>();
const [askedFirst, askedMirror]: [string[], string[]] = [[], []];
const host = await serve(askedFirst, gate.promise);
const mirror = await serve(askedMirror, Promise.resolve());

const settings = t.testdir({});
const configFile = `${settings}/config.yaml`;
const plain = { image: { registries: { [host]: { plainHttp: true } } } };
writeFileSync(configFile, JSON.stringify(plain));
const runtime = await PrivateRuntime.start({ flags: ['--config', configFile] });
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

const config = {
  metadata: { name: 'reload', uid: 'u1', namespace: 'ns', attempt: 0 },
  log_directory: `${runtime.folder}/logs`,
  linux: { security_context: { namespace_options: { network: 'NODE', pid: 'CONTAINER' } } },
};
mkdirSync(config.log_directory);
const pod = { id: await cri.pod(config), config };
t.teardown(() => cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id }));

async function told(wanted: RegExp, count = 1): Promise<Answer> {
  for (let attempt = 0; attempt < 4000; attempt += 1) {
    const lines = (await runtime.log).split('\n').filter((line) => wanted.test(line));
    if (lines.length >= count) return JSON.parse(lines.at(-1) ?? '');
    await sleep(25);
  }
  throw new Error(`${wanted} is not in the log`);
}

t.test('a reload takes hold, and what runs and what is pulled goes on', async (t) => {
  const id = await cri.run(pod, sleeper({}));
  const before = await cri.statusOf(id);
  const pull = cri.call('PullImage', { image: { image: `${host}/first/one:1` } });
  await until(() => askedFirst.some((url) => url.endsWith(image.layer)));
  writeFileSync(
    configFile,
    JSON.stringify({
      root: '/elsewhere',
      log: { level: 'trace' },
      cni: { config: `${settings}/net.d` },
      streaming: { idleTimeout: '1h' },
      image: {
        registries: { [host]: { plainHttp: true, mirrors: [`http://${mirror}/m`] } },
        pinned: ['busybox', `${host}/first/*`],
      },
      runtimes: { other: { path: '/usr/bin/no-such-runtime' } },
    }),
  );
  process.kill(runtime.pid, 'SIGHUP');
  // The root is given by a flag, which the file does not change.
  t.match(await told(/configuration reloaded/), {
    changed: ['image', 'log.level', 'runtimes'],
  });
  t.match(await told(/only after a restart/), { needRestart: ['streaming.idleTimeout'] });

  gate.resolve();
  t.match(await pull, { image_ref: /^sha256:/ });
  t.match(await cri.statusOf(id), { state: 'CONTAINER_RUNNING', started_at: before.started_at });
  t.equal(await cri.output(id, 'echo', 'still here'), 'still here\n');

  await cri.call('PullImage', { image: { image: `${host}/second/two:1` } });
  t.match(askedMirror[0], /^\/v2\/m\/second\/two\/manifests\/1/, 'the mirror is asked first');
  const { runtime_handlers } = await cri.call('Status');
  t.ok(runtime_handlers.some(({ name }: { name: string }) => name === 'other'));
  await cri.remove(id);
});

t.test('pinned images are said to be, and are not collected', async (t) => {
  const { images } = await cri.call('ListImages');
  const pins = images.map(({ repo_tags, pinned }: Answer) => [repo_tags[0], pinned]);
  t.match(new Map(pins).get('docker.io/library/busybox:latest'), true);
  const { image: first } = await cri.call('ImageStatus', {
    image: { image: `${host}/first/one:1` },
  });
  t.equal(first.pinned, true);
  const pruned = await runtime.run('system', 'prune', '--all', '--force');
  t.equal(pruned.code, 0, pruned.stderr);
  const { images: kept } = await cri.call('ListImages');
  t.same(
    kept
      .map(({ repo_tags }: Answer) => repo_tags)
      .flat()
      .toSorted(),
    [`${host}/first/one:1`, `${host}/second/two:1`, 'docker.io/library/busybox:latest'].toSorted(),
  );
});

t.test('a bad file changes nothing and is told by its fault', async (t) => {
  for (const [text, why] of [
    ['image:\n  pinned: 5\n', /image.pinned is not a list/],
    ['log:\n  level: loud\n', /"log.level" in the configuration is "loud"/],
    ['{ not yaml', /not YAML/],
    ['unknown: 1', /Unknown key "unknown"/],
  ] as const) {
    const before = (await runtime.log).split('configuration not reloaded').length;
    writeFileSync(configFile, text);
    process.kill(runtime.pid, 'SIGHUP');
    t.match(await told(/configuration not reloaded/, before), { why });
  }
  const { image: first } = await cri.call('ImageStatus', {
    image: { image: `${host}/first/one:1` },
  });
  t.equal(first.pinned, true, 'the settings before hold');
});

t.test('settings that were taken back are back, and a tenth wish is as good as one', async (t) => {
  writeFileSync(configFile, JSON.stringify(plain));
  for (let count = 0; count < 10; count += 1) process.kill(runtime.pid, 'SIGHUP');
  await told(/configuration reloaded/, 2);
  const { image: first } = await cri.call('ImageStatus', {
    image: { image: `${host}/first/one:1` },
  });
  t.equal(first.pinned, false);
  const { runtime_handlers } = await cri.call('Status');
  t.notOk(runtime_handlers.some(({ name }: { name: string }) => name === 'other'));
  await runtime.run('system', 'prune', '--all', '--force');
  const { images } = await cri.call('ListImages');
  t.same(images, [], 'what is not pinned any more is collected');
});

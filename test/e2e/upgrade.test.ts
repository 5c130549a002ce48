/** What the first release wrote, as the runtime finds it after an upgrade. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { type Answer, CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { until } from '../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(280_000);
const fixture = new URL('../fixtures/release/first.json', import.meta.url);
const files = JSON.parse(readFileSync(fixture, 'utf8')) as Record<string, string>;

/** Puts the release's files where they lay; its image holds busybox. */
function restore(folder: string, without: string): void {
  const name = folder.split('/').at(-1) ?? '';
  for (const [path, text] of Object.entries(files)) {
    if (path.startsWith(without)) continue;
    const content = text.replaceAll('@FOLDER@', folder).replaceAll('@NAME@', name);
    mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, path), content, { mode: 0o600 });
  }
  for (const id of readdirSync(join(folder, 'root/images/snapshots'))) {
    mkdirSync(join(folder, 'root/images/snapshots', id, 'work'));
  }
  const [layer = ''] = readdirSync(join(folder, 'root/images/layers'));
  const root = join(folder, 'root/images/layers', layer, 'fs');
  for (const path of ['bin', 'etc', 'tmp', 'dev', 'proc', 'sys']) {
    mkdirSync(join(root, path), { recursive: true });
  }
  cpSync('/bin/busybox', join(root, 'bin/busybox'));
  for (const applet of ['sh', 'sleep', 'echo']) symlinkSync('busybox', join(root, 'bin', applet));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
}

/** The network that its pod is attached to, as the machine still has it. */
function configureNetwork(folder: string): void {
  const path = Object.keys(files).find((name) => files[name]?.includes('"name":"old"')) ?? '';
  const { network } = JSON.parse(files[path] ?? '{}');
  const { name, specVersion, plugins } = network;
  const document = {
    cniVersion: specVersion,
    name,
    plugins: plugins.map(({ document }: Answer): object => document),
  };
  mkdirSync(`${folder}/net.d`);
  const text = JSON.stringify(document).replaceAll('@FOLDER@', folder);
  writeFileSync(`${folder}/net.d/10-old.conflist`, text);
}

const situations = [
  { words: 'its programs are gone', without: 'none', exited: { exit_code: 3, reason: 'Error' } },
  {
    words: 'the machine was started anew',
    without: 'state/',
    exited: { exit_code: 255, reason: 'Unknown' },
  },
];

for (const { words, without, exited } of situations) {
  t.test(`the first release's pods are known, and go, when ${words}`, async (t) => {
    const folder = mkdtempSync('/tmp/keelson-upgrade-');
    restore(folder, without);
    configureNetwork(folder);
    const runtime = await PrivateRuntime.start({ folder });
    t.teardown(() => runtime[Symbol.asyncDispose]());
    using cri = new CriClient(runtime.socket);

    const { items } = await cri.call('ListPodSandbox');
    t.same(items.map(nameOf).toSorted(), ['net', 'shared']);
    for (const { id, state, labels, annotations, metadata } of items) {
      t.match({ state, annotations }, { state: 'SANDBOX_NOTREADY', annotations: { 'a/b': 'c' } });
      t.same(labels, { app: metadata.name });
      t.ok(await cri.call('PodSandboxStatus', { pod_sandbox_id: id, verbose: true }));
    }
    const { containers } = await cri.call('ListContainers');
    t.same(containers.map(nameOf).toSorted(), ['created', 'exited', 'running']);
    for (const { id, metadata, labels } of containers) {
      const status = await cri.statusOf(id);
      t.match(status, { state: 'CONTAINER_EXITED', image: { image: 'busybox' } });
      if (metadata.name === 'exited') t.match(status, exited);
      t.same(labels, { l: 'm' });
    }

    const isUp = async () => / Up .* web\n/.test((await runtime.run('ps')).stdout);
    t.ok(await until(isUp), 'what shall be restarted is');
    const isWhole = async () => (await runtime.run('logs', 'web')).stdout === 'hello\nhello\n';
    t.ok(await until(isWhole), 'its log goes on');
    t.equal((await runtime.run('exec', 'web', 'echo', 'here')).stdout, 'here\n');
    const shown = await runtime.run('run', '--rm', 'first', 'echo', 'of the old image');
    t.match(shown, { code: 0, stdout: 'of the old image\n' });
    t.match(await runtime.run('rm', '-f', 'web', 'over'), { code: 0 });

    for (const { id } of items) await cri.call('RemovePodSandbox', { pod_sandbox_id: id });
    t.same((await cri.call('ListContainers')).containers, []);
    t.same(await runtime.leftovers(), []);
    t.notOk(existsSync(`${folder}/leases/old/10.83.0.2`), 'the address is free');
  });
}

const nameOf = ({ metadata }: Answer): string => metadata.name;

import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openFolder } from '../../../../src/kernel/open.ts';
import { bindSubPath } from '../../../../src/kubelet/volume/sub-path.ts';
import { unmountBeneath } from '../../../../src/kubelet/volume/tree/unmount-beneath.ts';
import { failureOf } from '../../failure.ts';
import { scratch } from '../../scratch.ts';
import { withoutRoot } from '../../skip.ts';
import { firstMount, VolumeNode } from './volume-node.ts';

t.setTimeout(300_000);

const skip = { skip: withoutRoot };

const mount = (more: object) => [
  { name: 'main', image: 'a', volumeMounts: [{ name: 'data', mountPath: '/data', ...more }] },
];

t.test('a part of a volume is mounted, and made where it is missing', skip, async (t) => {
  const node = await VolumeNode.start(t);
  const volumes = [{ name: 'data', emptyDir: {} }];
  const made = async (name: string, more: object) => {
    const pod = await node.pod(name, { volumes, containers: mount(more) });
    await node.prepare(pod);
    return pod;
  };
  const plain = await made('plain', { subPath: 'a/b' });
  const { hostPath } = firstMount(await node.mounts(plain));
  t.match(hostPath, /\/volume-subpaths\/data\/main\/0$/);
  t.equal(statSync(hostPath).mode & 0o7777, 0o777, 'as the volume is');
  writeFileSync(join(hostPath, 'file'), 'x');
  const root = join(hostPath, '../../../../volumes/kubernetes.io~empty-dir/data');
  t.same(readdirSync(join(root, 'a/b')), ['file']);
  t.equal(firstMount(await node.mounts(plain)).hostPath, hostPath, 'the same each time');
  const expanded = await made('expanded', { subPathExpr: 'logs/$(POD)/$$(POD)' });
  const environment = new Map([['POD', 'web-0']]);
  t.ok(existsSync(firstMount(await node.mounts(expanded, environment)).hostPath));
  const missing = await failureOf(() => node.mounts(expanded));
  t.match(missing, { message: /missing value for "POD"/ });
  writeFileSync(join(root, 'a/file'), 'one');
  const oneFile = { ...plain, spec: { ...plain.spec, containers: mount({ subPath: 'a/file' }) } };
  t.equal(readFileSync(firstMount(await node.mounts(oneFile)).hostPath, 'utf8'), 'one');
  await node.volumes.remove(plain.metadata.uid);
  await node.volumes.remove(expanded.metadata.uid);
  t.same(await node.volumes.uids(), []);
});

t.test('links that lead out of a volume are refused', skip, async (t) => {
  const { path, fd } = scratch(t);
  mkdirSync(join(path, 'volume/inside'), { recursive: true });
  mkdirSync(join(path, 'pod'));
  mkdirSync(join(path, 'elsewhere'));
  symlinkSync('inside', join(path, 'volume/good'));
  symlinkSync(join(path, 'elsewhere'), join(path, 'volume/absolute'));
  symlinkSync('../pod', join(path, 'volume/upward'));
  symlinkSync('/proc/self/root', join(path, 'volume/magic'));
  t.teardown(() => unmountBeneath(fd, path, 'pod'));
  using volume = openFolder(join(path, 'volume'));
  using pod = openFolder(join(path, 'pod'));
  const bind = (part: string) =>
    bindSubPath({ volume: volume.fd, path: part, pod: pod.fd, target: `volume-subpaths/v/c/0` });
  await bind('good');
  for (const part of [
    'absolute',
    'absolute/made',
    'upward',
    'upward/made',
    'magic',
    'magic/made',
  ]) {
    t.match(await failureOf(() => bind(part)), { code: /^(EXDEV|ELOOP)$/ }, part);
  }
  t.same(readdirSync(join(path, 'elsewhere')), []);
  t.same(readdirSync(join(path, 'pod')), ['volume-subpaths']);
});

t.test('a pod that swaps a folder for a link wins nothing', skip, async (t) => {
  const { path, fd } = scratch(t);
  mkdirSync(join(path, 'volume/part'), { recursive: true });
  mkdirSync(join(path, 'secret'));
  mkdirSync(join(path, 'pod/volume-subpaths/v/c'), { recursive: true });
  writeFileSync(join(path, 'secret/key'), 'secret');
  t.teardown(() => unmountBeneath(fd, path, 'pod'));
  using volume = openFolder(join(path, 'volume'));
  using pod = openFolder(join(path, 'pod'));
  // Another process swaps the two as fast as it can, each time in one step.
  const source = new URL('../../../../src/kernel/', import.meta.url).href;
  const script = `
    import { renameat2, RenameFlag, symlinkat } from '${source}file.ts';
    import { openFolder } from '${source}open.ts';
    const at = openFolder(process.argv[1]).fd;
    symlinkat('../secret', { at, path: 'link' });
    for (const end = Date.now() + 60000; Date.now() < end; ) {
      renameat2({ at, path: 'part' }, { at, path: 'link' }, RenameFlag.exchange);
    }`;
  const swapper = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    script,
    join(path, 'volume'),
  ]);
  const ended = new Promise((resolve) => swapper.once('exit', resolve));
  t.teardown(async () => {
    swapper.kill('SIGKILL');
    await ended;
  });
  while (!existsSync(join(path, 'volume/link')) && swapper.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  let bound = 0;
  let refused = 0;
  for (let round = 0; round < 3000; round += 1) {
    const target = `volume-subpaths/v/c/${round % 4}`;
    try {
      await bindSubPath({ volume: volume.fd, path: 'part/deep', pod: pod.fd, target });
      bound += 1;
    } catch {
      refused += 1;
    }
    const targets = join(path, 'pod/volume-subpaths/v/c');
    for (const one of readdirSync(targets)) {
      if (readdirSync(join(targets, one)).includes('key')) t.fail(`bound in round ${round}`);
    }
    if (bound > 50 && refused > 50) break;
  }
  t.notOk(existsSync(join(path, 'secret/deep')), 'nothing is made outside');
  t.equal(swapper.exitCode, null, 'it swapped all the time');
  t.ok(bound + refused > 100, `${bound} bound, ${refused} refused`);
});

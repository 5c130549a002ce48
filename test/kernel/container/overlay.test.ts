/** Overlays as mounts of a container, and folders of images that are not mounted. */
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { joinLayers } from '../../../src/container/plan-overlay.ts';
import { locateInLayers } from '../../../src/container/read-image-file.ts';
import { setXattr } from '../../../src/kernel/xattr.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

const scratch = new Scratch();
t.teardown(() => scratch[Symbol.asyncDispose]());
const invalid = { name: 'DomainError', kind: 'invalid' };
const folder = scratch.bundle.path('layers');

/** Files by path; a name that ends in a slash is a folder. Topmost layer first. */
function layers(...all: readonly Readonly<Record<string, string>>[]): string[] {
  rmSync(folder, { recursive: true, force: true });
  return all.map((files, index) => {
    const root = `${folder}/sha256:${index}/fs`;
    mkdirSync(root, { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(`${root}/${path}`.replace(/[^/]*$/, ''), { recursive: true });
      if (!path.endsWith('/')) writeFileSync(`${root}/${path}`, text);
    }
    return root;
  });
}

t.test('an overlay of layers shows the uppermost files, and cannot be written to', async (t) => {
  const lower = layers({ 'a/x': 'upper' }, { 'a/x': 'lower', 'a/y': 'only below' });
  const options = ['ro', `lowerdir=${joinLayers(lower)}`];
  const mount = { destination: '/vol', type: 'overlay', source: 'overlay', options };
  const script = 'cat /vol/a/x /vol/a/y; touch /vol/new || echo refused';
  const { out, err } = await scratch.run(['/bin/sh', '-c', script], { mounts: [mount] });
  t.equal(out, 'upperonly belowrefused\n');
  t.match(err, /Read-only file system/);
});

t.test('an overlay with a writable folder of its own', async (t) => {
  const lower = layers({ x: 'below' });
  for (const name of ['upper', 'work']) mkdirSync(`${folder}/${name}`);
  const options = [
    `lowerdir=${joinLayers(lower)}`,
    `upperdir=${folder}/upper`,
    `workdir=${folder}/work`,
  ];
  const mount = { destination: '/vol', type: 'overlay', source: 'overlay', options };
  const script = 'echo new > /vol/y; cat /vol/x /vol/y';
  const { out } = await scratch.run(['/bin/sh', '-c', script], { mounts: [mount] });
  t.equal(out, 'belownew\n');
});

t.test('an overlay that is none is refused in words', async (t) => {
  const refused = async (...options: string[]): Promise<void> => {
    const mount = { destination: '/vol', type: 'overlay', source: 'overlay', options };
    await t.rejects(scratch.run(['/bin/true'], { mounts: [mount] }), { name: 'DomainError' });
  };
  await refused('lowerdir=/a');
  await refused('lowerdir=/a', 'upperdir=/b');
  await refused('lowerdir=a:b');
  await refused('lowerdir=/a:/b', 'redirect_dir=on');
});

t.test('a folder of an image lies where its layers have it', async (t) => {
  const all = layers(
    { 'etc/a': '1', 'only/top': '' },
    { 'etc/b': '2' },
    { 'etc/c': '3', 'low/file': 'f' },
  );
  const [top = '', middle = '', bottom = ''] = all;
  t.same(locateInLayers(all, ''), { kind: 'folder', layers: all });
  t.same(locateInLayers(all, '/etc/'), {
    kind: 'folder',
    layers: [`${top}/etc`, `${middle}/etc`, `${bottom}/etc`],
  });
  t.same(locateInLayers(all, './only'), { kind: 'folder', layers: [`${top}/only`] });
  t.same(locateInLayers(all, 'low/file'), { kind: 'file', path: `${bottom}/low/file` });
  t.equal(locateInLayers(all, 'none/such'), undefined);
  t.throws(() => locateInLayers(all, '../x'), invalid);
});

t.test('what an upper layer hides is not there', async (t) => {
  const all = layers({ 'etc/a': '1', file: '' }, { 'etc/b': '2', 'file/below': '', 'etc/d/x': '' });
  const [top = '', bottom = ''] = all;
  setXattr(`${top}/etc`, { name: 'trusted.overlay.opaque', value: Buffer.from('y') });
  t.same(locateInLayers(all, 'etc'), { kind: 'folder', layers: [`${top}/etc`] });
  t.equal(locateInLayers(all, 'etc/d'), undefined, 'below an opaque folder');
  t.same(locateInLayers(all, 'file'), { kind: 'file', path: `${top}/file` });
  t.equal(locateInLayers(all, 'file/below'), undefined, 'below a file');
  t.same(locateInLayers([bottom], 'file'), { kind: 'folder', layers: [`${bottom}/file`] });
});

t.test('symbolic links of an image lead nowhere', async (t) => {
  const all = layers({ 'real/x': '' });
  const [top = ''] = all;
  symlinkSync('/etc', `${top}/link`);
  t.throws(() => locateInLayers(all, 'link'), invalid);
  t.throws(() => locateInLayers(all, 'link/passwd'), invalid);
  chmodSync(`${top}/real`, 0o755);
  t.ok(locateInLayers(all, 'real'));
});

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import type { Digest } from '../../../src/image/image.ts';
import type { ImageService } from '../../../src/image/image-service.ts';
import { makeLayer, openTestStore } from '../../kernel/image/image-store.ts';
import { withoutRoot } from '../../kernel/skip.ts';
import { makeLayout, skopeo } from './make-images.ts';

const run = promisify(execFile);
const options = { skip: withoutRoot };
const folder = mkdtempSync(join(tmpdir(), 'keelson-archive-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);

t.test('what skopeo and umoci wrote is loaded, plain and compressed', options, async (t) => {
  using layout = makeLayout();
  skopeo('copy', `oci:${layout.folder}:app`, `docker-archive:${path('docker.tar')}:team/app:1`);
  skopeo('copy', `oci:${layout.folder}:app`, `oci-archive:${path('oci.tar')}:localhost/app:2`);
  execFileSync('tar', ['-C', layout.folder, '-cf', path('umoci.tar'), '.']);
  execFileSync('gzip', ['-k', path('docker.tar')]);
  execFileSync('zstd', ['-q', path('oci.tar')]);
  await using store = await openTestStore();
  const load = async (name: string): Promise<string[]> => {
    const images = await store.images.load(path(name));
    return images.flatMap(({ repoTags }) => [...repoTags]);
  };
  t.same(await load('docker.tar'), ['docker.io/team/app:1']);
  t.same(await load('docker.tar.gz'), ['docker.io/team/app:1']);
  t.same(await load('oci.tar'), ['docker.io/team/app:1', 'localhost/app:2']);
  t.same(await load('oci.tar.zst'), ['docker.io/team/app:1', 'localhost/app:2']);
  t.equal(store.images.list().length, 1, 'they are all one image');
  t.same(await readIn(store.images, 'team/app:1', 'greeting'), 'hello from umoci');
  await store.images.remove('team/app:1');
  const [bare] = await store.images.load(path('umoci.tar'));
  t.same(bare?.repoTags, ['localhost/app:2'], 'a bare tag of a layout becomes no name');
  t.same(store.names('tmp'), []);
});

t.test(
  'what is saved is read by skopeo and umoci, and loads as the same image',
  options,
  async (t) => {
    using layout = makeLayout();
    skopeo('copy', `oci:${layout.folder}:app`, `oci-archive:${path('source.tar')}:team/app:1`);
    await using store = await openTestStore();
    const [image] = await store.images.load(path('source.tar'));
    await store.images.tag('team/app:1', 'localhost:5000/other:2');
    await store.images.save(['team/app:1'], { path: path('saved-oci.tar'), format: 'oci' });
    await store.images.save(['team/app:1'], { path: path('saved-docker.tar'), format: 'docker' });

    const inspected = JSON.parse(
      skopeo('inspect', `oci-archive:${path('saved-oci.tar')}`),
    ) as object;
    t.match(inspected, { Layers: [/^sha256:/, /^sha256:/], Os: 'linux' });
    const config = skopeo(
      'inspect',
      '--config',
      '--raw',
      `docker-archive:${path('saved-docker.tar')}`,
    );
    const read = skopeo('inspect', '--config', '--raw', `oci-archive:${path('saved-oci.tar')}`);
    t.equal(config, read);
    skopeo(
      'copy',
      `docker-archive:${path('saved-docker.tar')}:team/app:1`,
      `oci:${path('again')}:x`,
    );
    mkdirSync(path('extracted'));
    execFileSync('tar', ['-C', path('extracted'), '-xf', path('saved-oci.tar')]);
    execFileSync('umoci', ['unpack', '--image', `${path('extracted')}:1`, path('bundle')]);
    t.equal(readFileSync(join(path('bundle'), 'rootfs/greeting'), 'utf8'), 'hello from umoci');

    for (const name of ['saved-oci.tar', 'saved-docker.tar']) {
      await using other = await openTestStore();
      const [loaded] = await other.images.load(path(name));
      t.equal(loaded?.id, image?.id, name);
      t.same(loaded?.repoTags, ['docker.io/team/app:1']);
      t.equal(await readIn(other.images, 'team/app:1', 'greeting'), 'hello from umoci');
    }
    await store.images.save([image?.id ?? ''], { path: path('by-id.tar'), format: 'docker' });
    await using other = await openTestStore();
    const [byId] = await other.images.load(path('by-id.tar'));
    t.equal(byId?.repoTags.length, 2, 'by its id with all its tags');
  },
);

t.test('a root file system is imported with changes, saved and loaded', options, async (t) => {
  writeFileSync(path('root.tar'), makeLayer({ 'etc/motd': 'welcome' }));
  execFileSync('gzip', ['-k', path('root.tar')]);
  await using store = await openTestStore();
  const changes = ['CMD ["/bin/motd", "-a"]', 'ENV A=1 B="two words"', 'EXPOSE 80', 'USER 7:8'];
  const image = await store.images.import(path('root.tar'), { name: 'root', changes });
  t.same(image.repoTags, ['docker.io/library/root:latest']);
  t.same(image.config.cmd, ['/bin/motd', '-a']);
  t.same(image.config.env, ['A=1', 'B=two words']);
  t.same(image.config.exposedPorts, ['80/tcp']);
  t.equal(image.config.user, '7:8');
  const same = await store.images.import(path('root.tar.gz'), {});
  t.same(same.diffIds, image.diffIds);
  await store.images.save(['root'], { path: path('root-saved.tar'), format: 'oci' });
  t.match(skopeo('inspect', '--config', `oci-archive:${path('root-saved.tar')}`), /two words/);
  const history = await store.images.history('root');
  t.match(history[0], { comment: /Imported/, emptyLayer: false });
});

t.test(
  "a container's changes become a layer, and the image stays as it was",
  options,
  async (t) => {
    writeFileSync(path('base.tar'), makeLayer({ 'etc/a': 'a', 'etc/b': 'b', 'dir/c': 'c' }));
    await using store = await openTestStore();
    const base = await store.images.import(path('base.tar'), { name: 'base', changes: ['CMD sh'] });
    const { upper } = await store.images.createSnapshot(base.id, 'box');
    mkdirSync(join(upper, 'etc'));
    writeFileSync(join(upper, 'etc/a'), 'changed');
    writeFileSync(join(upper, 'new'), 'n'.repeat(10_000));
    execFileSync('mknod', [join(upper, 'dir'), 'c', '0', '0']);
    t.same(await store.images.diff('box'), [
      { path: '/dir', kind: 'D' },
      { path: '/etc', kind: 'C' },
      { path: '/etc/a', kind: 'C' },
      { path: '/new', kind: 'A' },
    ]);
    const use = await store.images.snapshotUse('box');
    t.ok(use.bytes >= 12_288 && use.inodes === 5, JSON.stringify(use));
    const committed = await store.images.commit('box', {
      name: 'derived:1',
      changes: ['ENTRYPOINT ["/new"]'],
      comment: 'by a test',
    });
    t.same(committed.diffIds.slice(0, 1), base.diffIds);
    t.same(committed.config.entrypoint, ['/new']);
    t.same(committed.config.cmd, []);
    t.match((await store.images.history('derived:1'))[0], { comment: 'by a test' });
    await store.images.save(['derived:1'], { path: path('derived.tar'), format: 'oci' });
    rmSync(path('extracted'), { recursive: true, force: true });
    mkdirSync(path('extracted'));
    execFileSync('tar', ['-C', path('extracted'), '-xf', path('derived.tar')]);
    rmSync(path('bundle'), { recursive: true, force: true });
    execFileSync('umoci', ['unpack', '--image', `${path('extracted')}:1`, path('bundle')]);
    const listing = execFileSync('find', ['.', '-type', 'f'], {
      cwd: join(path('bundle'), 'rootfs'),
    });
    t.same(listing.toString().trim().split('\n').toSorted(), ['./etc/a', './etc/b', './new']);
    await store.images.releaseSnapshot('box');
    t.equal(await readIn(store.images, 'base', 'etc/a'), 'a');
  },
);

t.test('an archive comes through a pipe and goes through one', options, async (t) => {
  using layout = makeLayout();
  skopeo('copy', `oci:${layout.folder}:app`, `oci-archive:${path('piped.tar')}:team/app:1`);
  execFileSync('mkfifo', [path('fifo')]);
  await using store = await openTestStore();
  const feeding = run('sh', ['-c', `cat ${path('piped.tar')} > ${path('fifo')}`]);
  const [image] = await store.images.load(path('fifo'));
  await feeding;
  const reading = run('sh', ['-c', `cat ${path('fifo')} > ${path('read.tar')}`]);
  await store.images.save(['team/app:1'], { path: path('fifo'), format: 'oci' });
  await reading;
  await using other = await openTestStore();
  t.equal((await other.images.load(path('read.tar')))[0]?.id, image?.id);
});

t.test('archives that lie leave nothing', options, async (t) => {
  const layer = makeLayer({ a: 'x' });
  const right = { 'c.json': config(digest(layer)), 'l.tar': layer };
  const attacks: Record<string, Record<string, string | Buffer>> = {
    'not an archive of images': { hello: 'world' },
    'a wrong diff id': { ...right, 'c.json': config('0'.repeat(64)), 'manifest.json': table({}) },
    'a missing layer': { 'c.json': config(digest(layer)), 'manifest.json': table({}) },
    'a missing configuration': { 'l.tar': layer, 'manifest.json': table({}) },
    'a path for a file name': {
      ...right,
      'manifest.json': table({ Layers: ['../../etc/passwd'] }),
    },
    'a digest for a tag': {
      ...right,
      'manifest.json': table({ RepoTags: [`x@sha256:${digest('')}`] }),
    },
    'a name that is none': { ...right, 'manifest.json': table({ RepoTags: ['X Y'] }) },
    'a table that is none': { ...right, 'manifest.json': '{"a":1}' },
    'too few layers': { ...right, 'manifest.json': table({ Layers: [] }) },
    'an index with a wrong blob': {
      'index.json': JSON.stringify({
        manifests: [
          {
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            digest: `sha256:${'1'.repeat(64)}`,
            size: 5,
          },
        ],
      }),
      [`blobs/sha256/${'1'.repeat(64)}`]: '{}',
    },
    'a huge table': { 'manifest.json': Buffer.alloc(5 * 1024 * 1024, ' ') },
  };
  for (const [name, files] of Object.entries(attacks)) {
    await using store = await openTestStore();
    writeFileSync(path('attack.tar'), makeLayer(files));
    await t.rejects(store.images.load(path('attack.tar')), { name: 'DomainError' }, name);
    t.same(store.images.list(), [], name);
    t.same(store.names('tmp'), [], name);
  }
  await using store = await openTestStore();
  await t.rejects(store.images.load(path('missing.tar')), /There is no file/);
  await t.rejects(store.images.load(folder), /is a folder/);
  writeFileSync(path('cut.tar'), readFileSync(path('piped.tar')).subarray(0, 300_000));
  await t.rejects(store.images.load(path('cut.tar')), { name: 'DomainError' });
  writeFileSync(path('cut.gz'), readFileSync(path('docker.tar.gz')).subarray(0, 300_000));
  await t.rejects(store.images.load(path('cut.gz')), /is damaged/);
  t.same(store.names('tmp'), []);
});

function digest(bytes: Buffer | string): string {
  return execFileSync('sha256sum', { input: bytes }).toString().slice(0, 64);
}

function config(diffId: string): string {
  const rootfs = { type: 'layers', diff_ids: [`sha256:${diffId}`] };
  return JSON.stringify({ os: 'linux', rootfs });
}

function table(entry: object): string {
  return JSON.stringify([{ Config: 'c.json', RepoTags: ['x:1'], Layers: ['l.tar'], ...entry }]);
}

async function readIn(images: ImageService, name: string, file: string): Promise<string> {
  const { layers } = await images.createSnapshot((images.find(name)?.id ?? '') as Digest, 'reader');
  const found = layers.map((layer) => join(layer, file)).find((path) => existsSync(path)) ?? '';
  await images.releaseSnapshot('reader');
  return readFileSync(found, 'utf8');
}

/** Checkpoints that somebody else has prepared: what they hold must stay what it is. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import t, { type Test } from 'tap';
import { CheckpointFolder } from '../../../../src/container/checkpoint/checkpoint-folder.ts';
import { ContainerRestoration } from '../../../../src/cri/checkpoint/container-restoration.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

const invalid = { kind: 'invalid', message: /./ } as const;

/** A whole one, which each test damages in its way. */
function checkpoint(t: Test): string {
  const folder = t.testdir({
    out: {},
    one: {
      checkpoint: { 'inventory.img': 'image', 'pages-1.img': 'pages' },
      'config.dump': JSON.stringify({ rootfsImage: 'sha256:a' }),
      secret: '{}',
    },
  });
  for (const path of [folder, `${folder}/one`, `${folder}/one/checkpoint`]) chmodSync(path, 0o700);
  return `${folder}/one`;
}

t.test('images are copied, and documents read', async (t) => {
  const path = checkpoint(t);
  using folder = CheckpointFolder.open(path);
  folder.copyImages('checkpoint', `${path}/../out/images`);
  t.strictSame(readdirSync(`${path}/../out/images`), ['inventory.img', 'pages-1.img']);
  t.equal(readFileSync(`${path}/../out/images/pages-1.img`, 'utf8'), 'pages');
  t.strictSame(folder.document('config.dump'), { rootfsImage: 'sha256:a' });
});

t.test('no link is followed, wherever it stands', async (t) => {
  const path = checkpoint(t);
  symlinkSync('/etc/hostname', `${path}/spec.dump`);
  symlinkSync('secret', `${path}/status.dump`);
  symlinkSync('checkpoint', `${path}/images`);
  symlinkSync(path, `${path}-link`);
  t.throws(() => CheckpointFolder.open(`${path}-link`), invalid);
  using folder = CheckpointFolder.open(path);
  for (const name of ['spec.dump', 'status.dump', '../one/config.dump', '/etc/hostname', '..']) {
    t.throws(() => folder.document(name), invalid, name);
  }
  t.throws(() => folder.child('images'), invalid);
  t.throws(() => folder.child('..'), invalid);
  symlinkSync('/etc/shadow', `${path}/checkpoint/pages-2.img`);
  t.throws(() => folder.copyImages('checkpoint', `${path}/../out/images`), invalid);
});

t.test('images are regular files with plain names, and nothing else', async (t) => {
  const odd: readonly ((images: string) => void)[] = [
    (images) => void execFileSync('mkfifo', [`${images}/pages-2.img`]),
    (images) => void execFileSync('mknod', [`${images}/pages-2.img`, 'c', '1', '3']),
    (images) => mkdirSync(`${images}/more`),
    (images) => writeFileSync(`${images}/.hidden`, ''),
    (images) => writeFileSync(`${images}/a b`, ''),
    (images) => chmodSync(`${images}/pages-1.img`, 0o666),
    (images) => chownSync(`${images}/pages-1.img`, 1000, 0),
    // Not a byte of it is on disk.
    (images) => truncateSync(`${images}/pages-1.img`, 2 ** 39),
  ];
  for (const [i, damage] of odd.entries()) {
    const path = checkpoint(t);
    damage(`${path}/checkpoint`);
    using folder = CheckpointFolder.open(path);
    t.throws(() => folder.copyImages('checkpoint', `${path}/../out/${i}`), invalid, `${i}`);
  }
});

t.test('what others than root can write is not restored', async (t) => {
  const path = checkpoint(t);
  chmodSync(path, 0o770);
  t.throws(() => CheckpointFolder.open(path), { kind: 'denied', message: /./ });
  chmodSync(path, 0o700);
  chownSync(path, 1000, 0);
  t.throws(() => CheckpointFolder.open(path), { kind: 'denied', message: /./ });
});

t.test('a document is bounded, and damage is told', async (t) => {
  const path = checkpoint(t);
  using folder = CheckpointFolder.open(path);
  truncateSync(`${path}/config.dump`, 2 ** 33);
  t.throws(() => folder.document('config.dump'), { ...invalid, message: /too long/ });
  writeFileSync(`${path}/config.dump`, '{"rootfsImage":');
  t.throws(() => folder.document('config.dump'), { ...invalid, message: /damaged/ });
  t.throws(() => folder.document('none'), invalid);
  t.throws(() => CheckpointFolder.open(`${path}/config.dump`), invalid);
});

t.test('changed files stay below the writable folder they are unpacked into', async (t) => {
  const path = checkpoint(t);
  const upper = `${path}/../out/upper`;
  mkdirSync(upper);
  const source = `${path}/../out/source`;
  mkdirSync(`${source}/etc`, { recursive: true });
  writeFileSync(`${source}/etc/kept`, 'kept');
  symlinkSync('/etc', `${source}/link`);
  const tar = (...words: string[]): void =>
    void execFileSync('tar', ['-C', source, '-P', '-f', `${path}/rootfs-diff.tar`, ...words]);
  const rename = '--transform=s,etc/kept,../../../escaped,';
  tar('-c', 'etc/kept', 'link');
  tar('-r', '--transform=s,etc/kept,link/through,', 'etc/kept');
  using folder = CheckpointFolder.open(path);
  const restoration = new ContainerRestoration(folder);
  await restoration.fill(upper).catch((error: unknown) => t.match(error, invalid));
  t.throws(() => readFileSync('/etc/through'), { code: 'ENOENT' });
  tar('-c', rename, 'etc/kept');
  mkdirSync(`${upper}2`);
  await restoration.fill(`${upper}2`).catch((error: unknown) => t.match(error, invalid));
  t.throws(() => readFileSync(`${path}/../../escaped`), { code: 'ENOENT' });
  writeFileSync(
    `${path}/rootfs-diff.tar`,
    'no archive, but long enough to be looked at'.repeat(40),
  );
  mkdirSync(`${upper}3`);
  await t.rejects(restoration.fill(`${upper}3`), invalid);
});

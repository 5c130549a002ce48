import { readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import t from 'tap';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(110_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const run = runtime.run.bind(runtime);

const volumes = (): string[] => readdirSync(`${runtime.folder}/root/volumes`);
const look = 'stat -c "%n %u:%g %a" /data /data/sub/file; cat /data/sub/file; ls /none';

t.before(async () => {
  const script =
    'mkdir -p /data/sub; echo one > /data/sub/file; chmod 640 /data/sub/file; ' +
    'chown -R 1000:1001 /data; chmod 1750 /data; ln -s /etc/passwd /data/link';
  await run('run', '--name', 'base', 'busybox', 'sh', '-c', script);
  const change = ['--change', 'VOLUME ["/data","/none/below"]'];
  const { code, stderr } = await run('commit', ...change, 'base', 'holder');
  if (code !== 0) throw new Error(stderr);
  await run('rm', 'base');
});

const asInImage = '/data 1000:1001 1750\n/data/sub/file 1000:1001 640\none\nbelow\n';

t.test('a volume of the image begins with what the image has there', async (t) => {
  const { code, stdout } = await run('run', '--rm', 'holder', 'sh', '-c', look);
  t.same({ code, stdout }, { code: 0, stdout: asInImage });
  const mounted = await run(
    'run',
    '--rm',
    'holder',
    'grep',
    '-c',
    '/_data /',
    '/proc/self/mountinfo',
  );
  t.equal(mounted.stdout, '2\n');
  t.same(volumes(), [], '--rm takes them along');
  t.same(await runtime.leftovers(), []);
});

t.test('its owners are mapped into a user namespace', async (t) => {
  const flags = ['--rm', '--userns', '100000:65536'];
  const { stdout } = await run('run', ...flags, 'holder', 'sh', '-c', look);
  t.equal(stdout, asInImage);
});

t.test('it can be written where the root cannot, and lives from one run to the next', async (t) => {
  const script = 'cat /data/count; echo x >> /data/count; rm -rf /data/sub; touch /y';
  await run('run', '--read-only', '--name', 'twice', 'holder', 'sh', '-c', script);
  await run('start', 'twice');
  await run('wait', 'twice');
  const { stdout, stderr } = await run('logs', 'twice');
  t.equal(stdout, 'x\n', 'what was written is there, what was removed is not copied again');
  t.match(stderr, /Read-only file system/);
  const json = (await run('inspect', '-f', '{{json .Mounts}}', 'twice')).stdout;
  const [mount] = JSON.parse(json) as { Type: string; Source: string; Destination: string }[];
  t.match(mount, { Type: 'volume', Destination: '/data', RW: true });
  const parent = await stat(`${mount?.Source}/../..`);
  t.equal(parent.mode & 0o777, 0o700, 'nobody but root walks in');
  t.equal((await run('cp', 'twice:/data/count', '-')).code, 0, 'cp sees it in an ended container');
});

t.test('rm keeps volumes, rm -v takes them along', async (t) => {
  t.equal((await run('rm', 'twice')).code, 0);
  t.equal(volumes().length, 2);
  await run('run', '-d', '--name', 'gone', 'holder', 'sleep', '100');
  t.equal(volumes().length, 4);
  t.equal((await run('rm', '-f', '-v', 'gone')).code, 0);
  t.equal(volumes().length, 2);
});

t.test('another mount at the place is in its stead', async (t) => {
  const before = volumes().length;
  const flags = ['--tmpfs', '/data', '-v', `${runtime.folder}/rootfs:/none/below`];
  const { stdout } = await run(
    'run',
    ...flags,
    '--name',
    'other',
    'holder',
    'ls',
    '/data',
    '/none/below',
  );
  t.match(stdout, /^\/data:\n\n\/none\/below:\nbin\n/);
  t.equal(volumes().length, before);
  await run('rm', 'other');
});

t.test('a container that cannot be made leaves no volume', async (t) => {
  const before = volumes().length;
  t.equal((await run('run', '--rm', 'holder', 'nosuch')).code, 127);
  await run('run', '--name', 'bad', 'busybox', 'sh', '-c', 'echo > /file');
  await run('commit', '--change', 'VOLUME ["/file"]', 'bad', 'badholder');
  const refused = await run('create', 'badholder');
  t.equal(refused.code, 1);
  t.match(refused.stderr, /ENOTDIR|directory/i);
  t.equal(volumes().length, before);
  await run('rm', 'bad');
  t.same(
    (await runtime.leftovers()).filter((line) => !line.includes('/volumes/')),
    [],
  );
});

t.test('a runtime that is killed finds them again', async (t) => {
  await run('run', '-d', '--name', 'kept', 'holder', 'sh', '-c', 'echo > /data/own; sleep 100');
  const before = volumes().toSorted();
  await runtime.down('SIGKILL');
  await runtime.up();
  t.same(volumes().toSorted(), before);
  t.match((await run('exec', 'kept', 'ls', '/data')).stdout, /own/);
  t.equal((await run('rm', '-f', '-v', 'kept')).code, 0);
  t.equal(volumes().length, before.length - 2);
});

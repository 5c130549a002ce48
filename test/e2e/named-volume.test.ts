import { mkdirSync, readdirSync } from 'node:fs';
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

async function names(): Promise<string> {
  return (await run('volume', 'ls', '-q')).stdout;
}

t.test('what one container writes another one reads', async (t) => {
  const write = await run('run', '--rm', '-v', 'data:/a', 'busybox', 'sh', '-c', 'echo x > /a/f');
  t.equal(write.code, 0, write.stderr);
  const mount = 'type=volume,source=data,target=/b,readonly';
  const script = 'cat /b/f; echo y > /b/f';
  const read = await run('run', '--rm', '--mount', mount, 'busybox', 'sh', '-c', script);
  t.equal(read.stdout, 'x\n');
  t.match(read.stderr, /Read-only file system/);
  t.equal(await names(), 'data\n', '--rm keeps what has a name');
});

t.test('one that is empty begins with what the image has there', async (t) => {
  const { stdout } = await run('run', '--rm', '-v', 'etc:/etc', 'busybox', 'ls', '/etc');
  t.match(stdout, /^group\n/m);
  const bare = ['-v', 'bare:/etc:nocopy', 'busybox', 'ls', '/etc'];
  t.notMatch((await run('run', '--rm', ...bare)).stdout, /group/);
  const kept = await run('run', '--rm', '-v', 'data:/etc', 'busybox', 'ls', '/etc');
  t.notMatch(kept.stdout, /group/, 'one that holds something is left as it is');
  t.equal((await run('volume', 'rm', 'etc', 'bare')).stdout, 'etc\nbare\n');
});

t.test('create, ls and inspect speak as Docker does', async (t) => {
  t.equal((await run('volume', 'create', '--label', 'a=b', 'made')).stdout, 'made\n');
  t.equal((await run('volume', 'create', 'made')).stdout, 'made\n', 'again is as good');
  const table = (await run('volume', 'ls')).stdout;
  t.match(table, /^DRIVER +VOLUME NAME\nlocal +data\nlocal +made\n$/);
  const rows = JSON.parse((await run('volume', 'ls', '-o', 'json')).stdout) as object[];
  t.match(rows, [{ Name: 'data' }, { Name: 'made', Driver: 'local', Labels: 'a=b' }]);
  t.equal((await run('volume', 'ls', '--format', '{{.Name}}')).stdout, 'data\nmade\n');
  const [shown] = JSON.parse((await run('volume', 'inspect', 'made')).stdout) as object[];
  const Mountpoint = `${runtime.folder}/root/volumes/made/_data`;
  t.match(shown, { Name: 'made', Mountpoint, Scope: 'local', Labels: { a: 'b' } });
  t.equal((await run('volume', 'inspect', '-f', '{{.Name}}', 'made')).stdout, 'made\n');
});

t.test('one in use is not removed, and the message names the container', async (t) => {
  await run('create', '--name', 'user', '-v', 'data:/a', 'busybox', 'true');
  const refused = await run('volume', 'rm', 'data', 'made');
  t.equal(refused.code, 1);
  t.match(refused.stderr, /^keelson: Volume "data" is in use by container "user"\n$/);
  t.equal(refused.stdout, 'made\n', 'the others are');
  await run('rm', '-v', 'user');
  t.equal(await names(), 'data\n', 'rm -v keeps what has a name');
  t.equal((await run('volume', 'rm', 'data')).code, 0);
  const gone = await run('volume', 'rm', 'data');
  t.match(gone, { code: 1, stderr: 'keelson: No such volume: data\n' });
  t.equal((await run('volume', 'rm', '-f', 'data')).code, 0);
  t.equal((await run('volume', 'inspect', 'data')).code, 1);
});

t.test('prune takes what nobody named, and with --all the rest that is unused', async (t) => {
  await run('create', '--name', 'one', '-v', '/own', '-v', 'used:/used', 'busybox', 'true');
  await run('create', '--name', 'two', '-v', '/own', 'busybox', 'true');
  await run('rm', 'two');
  await run('volume', 'create', 'unused');
  t.equal((await run('volume', 'prune')).code, 1, 'it does not go on without asking');
  const first = (await run('volume', 'prune', '-f')).stdout;
  t.match(first, /^Deleted volume: [0-9a-f]{64}\nTotal reclaimed space: /);
  const all = (await run('volume', 'prune', '-a', '-f')).stdout;
  t.match(all, /^Deleted volume: unused\nTotal/);
  t.equal((await names()).split('\n').length, 3, 'what "one" has is there');
  await run('rm', '-v', 'one');
  t.equal(await names(), 'used\n');
});

t.test('names that lead elsewhere are refused, and nothing is made', async (t) => {
  for (const name of ['.', '..', '../../x', 'a/b', '-x', 'a b', '.hidden']) {
    t.equal((await run('volume', 'create', '--', name)).code, 1, name);
    const mount = `type=volume,source=${name},target=/b`;
    const refused = await run('run', '--rm', '--mount', mount, 'busybox', 'true');
    t.match(refused, { code: 125, stderr: /Invalid volume name/ }, name);
  }
  t.same(readdirSync(`${runtime.folder}/root/volumes`), ['used']);
});

t.test('a killed runtime finds volumes, and removes what it had half made', async (t) => {
  await run('volume', 'rm', 'used');
  await run('run', '--name', 'keeper', '-v', 'safe:/a', 'busybox', 'sh', '-c', 'echo x > /a/f');
  await runtime.down('SIGKILL');
  mkdirSync(`${runtime.folder}/root/volumes/.0123456789abcdef/_data/half`, { recursive: true });
  await runtime.up();
  t.same(readdirSync(`${runtime.folder}/root/volumes`), ['safe']);
  t.equal((await run('run', '--rm', '-v', 'safe:/a', 'busybox', 'cat', '/a/f')).stdout, 'x\n');
  t.equal((await run('volume', 'rm', 'safe')).code, 1, 'its user is known');
  await run('rm', 'keeper');
  t.equal((await run('volume', 'rm', 'safe')).code, 0);
  t.same(await runtime.leftovers(), []);
});

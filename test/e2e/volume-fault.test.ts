/** The runtime is killed while a volume is being filled. */
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

const points = ['after-record', 'after-launch', 'after-created'];
for (const point of points) {
  t.test(`a volume is whole after a kill at container.create.${point}`, async (t) => {
    await runtime.down('SIGTERM');
    process.env['KEELSON_FAULT'] = `container.create.${point}`;
    await runtime.up();
    const words = ['-v', 'vol:/etc', 'busybox', 'ls', '/etc'];
    t.equal((await run('create', '--name', 'cut', ...words)).code, 1, 'it was killed');
    delete process.env['KEELSON_FAULT'];
    await runtime.up();
    const { code, stdout } = await run('run', '--rm', ...words);
    t.match({ code, stdout }, { code: 0, stdout: /^group\n(.*\n)*passwd\n/ });
    t.equal((await run('volume', 'rm', 'vol')).code, 1, 'the one that was cut off has it');
    t.equal((await run('rm', '-f', 'cut')).code, 0);
    t.equal((await run('volume', 'rm', 'vol')).code, 0);
    t.same(await runtime.leftovers(), []);
  });
}

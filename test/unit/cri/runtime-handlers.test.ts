import t from 'tap';
import { handlerNamed, parseRuntimes } from '../../../src/cri/runtime-handlers.ts';

t.test('handlers are read with their defaults', async (t) => {
  const runtimes = parseRuntimes({
    runc: { path: '/usr/sbin/runc' },
    gvisor: { path: '/opt/runsc', root: '/run/x', options: ['--platform=kvm'] },
  });
  t.same(runtimes, {
    runc: { path: '/usr/sbin/runc', root: '/run/keelson/runtimes/runc', options: [] },
    gvisor: { path: '/opt/runsc', root: '/run/x', options: ['--platform=kvm'] },
  });
  t.same(parseRuntimes(undefined), {});
});

t.test('what does not fit is refused by its key', async (t) => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    ['runc', /"runtimes"/],
    [{ runc: '/usr/sbin/runc' }, /"runtimes.runc"/],
    [{ runc: { path: 'runc' } }, /"runtimes.runc.path"/],
    [{ runc: { path: '/a', root: 1 } }, /"runtimes.runc.root"/],
    [{ runc: { path: '/a', options: 'x' } }, /"runtimes.runc.options"/],
    [{ runc: { path: '/a', binary: 'x' } }, /"runtimes.runc.binary"/],
    [{ '../x': { path: '/a' } }, /"\.\.\/x"/],
    [{ keelson: { path: '/a' } }, /without "keelson"/],
    [{ __proto__x: { path: '/a' } }, /__proto__x/],
  ];
  for (const [section, message] of wrong) {
    t.throws(() => parseRuntimes(section), { kind: 'invalid', message });
  }
});

t.test('a handler is found by its name alone', async (t) => {
  const binary = { path: '/a', root: '/b', options: [] };
  const features = { recursiveReadOnlyMounts: true, userNamespaces: false };
  const handlers = { runc: { binary, features } };
  for (const name of ['', 'keelson']) t.equal(handlerNamed(handlers, name), undefined);
  t.equal(handlerNamed(handlers, 'runc'), handlers.runc);
  for (const name of ['kata', 'constructor', '__proto__']) {
    t.throws(() => handlerNamed(handlers, name), {
      kind: 'notFound',
      message: /there are "keelson", "runc"/,
    });
  }
  t.throws(() => handlerNamed({}, 'kata'), { message: /there is "keelson"$/ });
});

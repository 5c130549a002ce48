import t from 'tap';
import { readConfig } from '../../../src/base/settings.ts';
import { parseConfig } from '../../../src/cri/config.ts';

t.test(
  'flags win over variables, variables over the file, the file over the defaults',
  async (t) => {
    const text = 'root: /file\nlog:\n  level: debug\ncgroup:\n  parent: /file\n';
    const environment = { KEELSON_LOG_LEVEL: 'warn', KEELSON_CGROUP_PARENT: '/variable' };
    const config = parseConfig(text, environment, { cgroupParent: '/flag' });
    t.match(config, {
      root: '/file',
      logLevel: 'warn',
      cgroupParent: '/flag',
      state: '/run/keelson',
      missingControllers: 'refuse',
    });
  },
);

t.test('an unknown key is refused with the nearest known one', async (t) => {
  t.throws(() => parseConfig('rot: /x', {}, {}), /Unknown key "rot".*did you mean "root"/);
  t.throws(
    () => parseConfig('cgroup:\n  missingController: warn', {}, {}),
    /"cgroup.missingController".*did you mean "cgroup.missingControllers"/,
  );
  t.throws(() => parseConfig('zzzzzz: 1', {}, {}), /Unknown key "zzzzzz" in the configuration$/);
});

t.test('a value that does not fit is refused by the name of its source', async (t) => {
  t.throws(
    () => parseConfig('root: relative', {}, {}),
    /"root" in the configuration is "relative"/,
  );
  t.throws(() => parseConfig('root: 5', {}, {}), /is 5, not an absolute path/);
  t.throws(() => parseConfig('', { KEELSON_LOG_LEVEL: 'loud' }, {}), /KEELSON_LOG_LEVEL is "loud"/);
});

t.test('what is not a mapping is refused', async (t) => {
  for (const text of ['- a', 'text', '{', 'a: [']) {
    t.throws(() => parseConfig(text, {}, {}), /The configuration is not|Unknown key/, text);
  }
  t.equal(parseConfig('', {}, {}).root, '/var/lib/keelson');
});

t.test('the image section is passed on as it is', async (t) => {
  t.same(parseConfig('image:\n  registries: {}\n', {}, {}).image, { registries: {} });
});

t.test('a missing file counts only when it was asked for', async (t) => {
  t.equal(await readConfig('/nonexistent/x', false), '');
  await t.rejects(readConfig('/nonexistent/x', true), /Cannot read the configuration/);
});

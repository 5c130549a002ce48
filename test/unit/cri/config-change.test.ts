import t from 'tap';
import { planChange } from '../../../src/cri/config-change.ts';
import { parseConfig } from '../../../src/cri/config.ts';

const running = parseConfig('', {}, {});

t.test('what can change changes, and the rest is named and stays', async (t) => {
  const next = parseConfig(
    JSON.stringify({
      root: '/elsewhere',
      log: { level: 'debug' },
      cni: { config: '/etc/other', networks: 2 },
      streaming: { address: '127.0.0.1:4444' },
      image: { pinned: ['busybox'] },
    }),
    {},
    {},
  );
  const { config, changed, needRestart } = planChange(running, next);
  t.same(changed.toSorted(), ['cni.config', 'cni.networks', 'image', 'log.level']);
  t.same(needRestart.toSorted(), ['root', 'streaming.address']);
  t.match(config, { root: '/var/lib/keelson', logLevel: 'debug', cniConfig: '/etc/other' });
  t.same(planChange(config, next).needRestart.toSorted(), ['root', 'streaming.address'], 'again');
});

t.test('the same configuration changes nothing', async (t) => {
  const same = parseConfig('image: {}\nruntimes: {}\n', {}, {});
  t.same(planChange(running, same), { config: running, changed: [], needRestart: [] });
});

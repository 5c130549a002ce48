import t from 'tap';
import { isDomainError } from '../../../src/base/error.ts';
import {
  canRun,
  choosePlatform,
  formatPlatform,
  hostPlatform,
  parsePlatform,
} from '../../../src/image/platform.ts';

const entries = (...names: string[]): { name: string; platform: ReturnType<typeof split> }[] =>
  names.map((name) => ({ name, platform: split(name) }));

t.test('the best platform that the machine can run is chosen', (t) => {
  const choices: [wanted: string, offered: string[], chosen: string | undefined][] = [
    ['linux/amd64', ['linux/arm64', 'linux/amd64'], 'linux/amd64'],
    ['linux/amd64', ['linux/amd64/v2', 'linux/amd64'], 'linux/amd64'],
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], 'linux/amd64/v2'],
    ['linux/amd64', ['linux/386', 'windows/amd64'], 'linux/386'],
    ['linux/arm64', ['linux/arm/v7', 'linux/arm64/v8'], 'linux/arm64/v8'],
    ['linux/arm64', ['linux/arm64'], 'linux/arm64'],
    ['linux/arm64', ['linux/arm/v6', 'linux/arm/v7'], 'linux/arm/v7'],
    ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6'], 'linux/arm/v6'],
    ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v5'], 'linux/arm/v5'],
    ['linux/arm', ['linux/arm/v8', 'linux/arm/v7'], 'linux/arm/v7'],
    ['linux/arm/v5', ['linux/arm/v7'], undefined],
    ['linux/s390x', ['linux/amd64'], undefined],
    ['linux/amd64', [], undefined],
  ];
  for (const [wanted, offered, chosen] of choices) {
    t.equal(choosePlatform(entries(...offered), parsePlatform(wanted))?.name, chosen, wanted);
  }
  t.end();
});

t.test('a single entry without a platform fits, one of several does not', (t) => {
  const bare: { name: string; platform?: ReturnType<typeof split> } = { name: 'bare' };
  t.equal(choosePlatform([bare], hostPlatform()), bare);
  t.equal(choosePlatform([bare, bare], hostPlatform()), undefined);
  t.end();
});

t.test('names are read as people and kernels write them', (t) => {
  t.equal(formatPlatform(parsePlatform('linux/aarch64')), 'linux/arm64/v8');
  t.equal(formatPlatform(parsePlatform('x86_64')), 'linux/amd64/v1');
  t.equal(formatPlatform(parsePlatform('linux/armhf')), 'linux/arm/v7');
  t.equal(formatPlatform(parsePlatform('linux/arm/6')), 'linux/arm/v6');
  t.equal(formatPlatform(hostPlatform('arm64')), 'linux/arm64/v8');
  t.equal(formatPlatform(hostPlatform('x64')), 'linux/amd64/v1');
  t.ok(canRun(split('linux/amd64'), hostPlatform('x64')));
  t.notOk(canRun(split('linux/arm64'), hostPlatform('x64')));
  for (const name of ['', 'a/b/c/d', 'linux/', 'linux/../x', 'linux amd64']) {
    try {
      parsePlatform(name);
      t.fail(name);
    } catch (error) {
      t.ok(isDomainError(error, 'invalid'), name);
    }
  }
  t.end();
});

function split(name: string): { os: string; architecture: string; variant: string } {
  const [os = '', architecture = '', variant = ''] = name.split('/');
  return { os, architecture, variant };
}

import t from 'tap';
import { isDomainError } from '../../../src/base/error.ts';
import { familiarName, formatReference, parseReference } from '../../../src/image/reference.ts';

const hex = 'a'.repeat(64);

t.test('short names become what Docker makes of them', (t) => {
  const names: Record<string, string> = {
    busybox: 'docker.io/library/busybox:latest',
    'busybox:1.36': 'docker.io/library/busybox:1.36',
    'user/app': 'docker.io/user/app:latest',
    'docker.io/busybox': 'docker.io/library/busybox:latest',
    'docker.io/user/app:1': 'docker.io/user/app:1',
    'index.docker.io/busybox': 'docker.io/library/busybox:latest',
    'a/b/c': 'docker.io/a/b/c:latest',
    'localhost/app': 'localhost/app:latest',
    'localhost:5000/app': 'localhost:5000/app:latest',
    'host.example/app:tag': 'host.example/app:tag',
    'HOST/app': 'HOST/app:latest',
    'host:5000/team/app:v1.2_3-rc': 'host:5000/team/app:v1.2_3-rc',
    '127.0.0.1:5000/app': '127.0.0.1:5000/app:latest',
    '[::1]:5000/app': '[::1]:5000/app:latest',
    '[2001:db8::1]/app': '[2001:db8::1]/app:latest',
    'app_a-b--c__d/e.f': 'docker.io/app_a-b--c__d/e.f:latest',
    [`busybox@sha256:${hex}`]: `docker.io/library/busybox@sha256:${hex}`,
    [`busybox:1@sha256:${hex}`]: `docker.io/library/busybox:1@sha256:${hex}`,
    'xn--n3h.example/app': 'xn--n3h.example/app:latest',
    // A name of hexadecimal digits is a name unless it is as long as an id.
    deadbeef: 'docker.io/library/deadbeef:latest',
  };
  for (const [name, full] of Object.entries(names)) {
    t.equal(formatReference(parseReference(name)), full, name);
  }
  t.end();
});

t.test('what is not a name is refused with a reason', (t) => {
  const names = [
    '',
    ' ',
    'UPPER',
    'user/UPPER',
    ':tag',
    'app:',
    'app:tag:tag',
    'app@',
    'app@sha256:abc',
    `app@sha256:${'A'.repeat(64)}`,
    `app@sha256:${hex}@sha256:${hex}`,
    `app@${hex}`,
    'app:-tag',
    `app:${'t'.repeat(129)}`,
    '/app',
    'app/',
    'a//b',
    '-app',
    'app-',
    'app..b',
    'app___b',
    'a/-b',
    'a/b_',
    'host:port/app',
    'host:/app',
    '-host.example/app',
    'host-.example/app',
    'host..example/app',
    '[::1/app',
    '[::g]/app',
    'https://host.example/app',
    'user:password@host.example/app',
    '../../etc/passwd',
    'host.example/../app',
    'app\n',
    'app\0',
    'app:latest\n',
    'äpp',
    hex,
    `localhost/${'a'.repeat(256)}`,
    'a'.repeat(5000),
    `a${'-a'.repeat(100_000)}`,
  ];
  for (const name of names) {
    try {
      parseReference(name);
      t.fail(`accepted ${JSON.stringify(name.slice(0, 80))}`);
    } catch (error) {
      t.ok(isOneLine(error), `${JSON.stringify(name.slice(0, 80))}: ${String(error)}`);
    }
  }
  t.end();
});

t.test('a path may have 255 characters and a tag 128', (t) => {
  const path = 'a'.repeat(255);
  t.equal(parseReference(`localhost/${path}`).path, path);
  t.equal(parseReference(`a:${'t'.repeat(128)}`).tag, 't'.repeat(128));
  t.end();
});

t.test('another digest algorithm is named as not supported', (t) => {
  try {
    parseReference(`app@sha512:${'a'.repeat(128)}`);
    t.fail('accepted');
  } catch (error) {
    t.ok(isDomainError(error, 'unsupported'));
  }
  t.end();
});

t.test('no name takes long to refuse', (t) => {
  const start = performance.now();
  const long = [
    `${'a'.repeat(1000)}!`,
    `${'a-'.repeat(500)}!`,
    `${'a.'.repeat(500)}!/b`,
    'a_'.repeat(500),
    `localhost/${'a/'.repeat(500)}!`,
    `x:${'1'.repeat(1000)}/`,
    `[${':'.repeat(1000)}/a`,
  ];
  for (const name of long) t.throws(() => parseReference(name), name.slice(0, 20));
  t.ok(performance.now() - start < 10_000);
  t.end();
});

t.test('the familiar name leaves out what everybody knows', (t) => {
  t.equal(familiarName('docker.io/library/busybox:1'), 'busybox:1');
  t.equal(familiarName('docker.io/user/app:1'), 'user/app:1');
  t.equal(familiarName('localhost:5000/app:1'), 'localhost:5000/app:1');
  t.end();
});

t.test('what is formatted parses to the same', (t) => {
  const names = [
    'busybox',
    'localhost:5000/a/b:c',
    `u/a@sha256:${hex}`,
    `[::1]:1/a:b@sha256:${hex}`,
  ];
  for (const name of names) {
    const once = parseReference(name);
    t.same(parseReference(formatReference(once)), once, name);
  }
  t.end();
});

function isOneLine(error: unknown): boolean {
  return isDomainError(error, 'invalid') && /^[\x20-\x7e…]{1,400}$/.test(error.message);
}

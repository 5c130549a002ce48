import t from 'tap';
import { describeError, withoutCredentials } from '../../../src/base/log-value.ts';

const kept = [
  'Cannot pull "docker.io/library/busybox@sha256:0123456789abcdef0123456789abcdef": not found',
  'token service at https://auth.example/token refused: 401',
  'mount /proc: EPERM; root or the matching capability is needed',
  'user root:root, group 1000:1000, ports 80:8080, [::1]:5000/a/b:1',
  `127.0.0.1:5000/a/b:1@sha256:${'0'.repeat(64)}`,
  'mailto someone@example.com at 12:30',
];

const cleaned: readonly (readonly [string, string])[] = [
  ['https://me:s3cret@host/v2/', 'https://***@host/v2/'],
  ['Invalid image "me:s3cret@host:5000/a:1"', 'Invalid image "***@host:5000/a:1"'],
  ['at https://me:s3c/ret@host/v2/', 'at https://***@host/v2/'],
  ['got Bearer abcdef.ghi-jkl_mno', 'got Bearer ***'],
  ['got Basic bWU6czNjcmV0', 'got Basic ***'],
  ['{"token":"abcdefgh"}', '{"token":"***"}'],
  ['password=hunter22', 'password=***'],
];

t.test('texts without credentials stay as they are', async (t) => {
  for (const text of kept) t.equal(withoutCredentials(text), text);
});

t.test('credentials go, and what they stood in stays readable', async (t) => {
  for (const [text, rest] of cleaned) t.equal(withoutCredentials(text), rest);
});

t.test('a long hostile text takes no long time', async (t) => {
  const startedAt = performance.now();
  withoutCredentials(`${'a:'.repeat(50_000)} ${'token:'.repeat(10_000)}`);
  t.ok(performance.now() - startedAt < 15_000);
});

t.test('an error is told by its words and its code, not by its other fields', async (t) => {
  const cause = Object.assign(new Error('inner me:pw@host'), { request: { headers: 'planted' } });
  const error = Object.assign(new Error('outer', { cause }), { code: 'EIO', options: 'planted' });
  const described = describeError(error);
  t.match(described, { type: 'Error', message: 'outer', code: 'EIO', stack: /log-value.test/ });
  t.match(described.cause, { message: 'inner ***@host' });
  t.notMatch(JSON.stringify(described), /planted/);
  t.match(describeError('me:pw@host'), { type: 'string', message: '***@host' });
});

t.test('causes that go in a circle end', async (t) => {
  const error = new Error('round');
  error.cause = error;
  t.match(JSON.stringify(describeError(error)), /round/);
});

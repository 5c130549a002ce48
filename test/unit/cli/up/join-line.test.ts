import t from 'tap';
import { formatJoinLine, parseJoinLine, serverOf } from '../../../../src/cli/up/join-line.ts';

const hash = 'a2c9debd1e023a8857885ca97b56ca7f8b6fe899953d3a86513871ea81fe64d2';
const token = 'abcdef.0123456789abcdef';

t.test('a line is read as it is written', (t) => {
  for (const [host, port, written] of [
    ['192.168.61.11', 6443, '192.168.61.11:6443'],
    ['fd00::11', 7443, '[fd00::11]:7443'],
    ['host01.example.org', 6443, 'host01.example.org:6443'],
  ] as const) {
    const line = { token, authorityHash: hash, host, port };
    const text = `${token}:sha256:${hash}@${written}`;
    t.equal(formatJoinLine(line), text);
    t.same(parseJoinLine(text), line);
    t.equal(serverOf(line), `https://${written}`);
  }
  t.equal(parseJoinLine(`${token}:sha256:${hash}@host01`).port, 6443, 'the usual port');
  t.end();
});

t.test('a line that does not say which cluster it means is refused', (t) => {
  t.throws(() => parseJoinLine(`${token}@host01`), {
    kind: 'invalid',
    message: /without the hash of the cluster's authority/,
  });
  t.end();
});

t.test('other texts are refused, without telling the secret', (t) => {
  for (const text of [
    '',
    token,
    `${token}:sha256:${hash}`,
    `${token}:sha256:${hash.slice(1)}@host01`,
    `${token}:sha256:${hash}@host01:0`,
    `${token}:sha256:${hash}@host01:65536`,
    `${token}:sha256:${hash}@host 01`,
    `${token}:sha256:${hash}@a@b`,
    `${token.toUpperCase()}:sha256:${hash}@host01`,
  ]) {
    t.throws(() => parseJoinLine(text), {
      kind: 'invalid',
      message: /^(?!.*0123456789abcdef)/,
    });
  }
  t.end();
});

import t from 'tap';
import * as documents from '../../../../src/container/checkpoint/checkpoint-document.ts';

const { parseCheckpointDocument } = documents;

const good = {
  version: 1,
  externals: [{ path: '/etc/hosts', kind: 'spec' }],
  streams: ['file[18:3]', 'pipe:[7]', ''],
  network: true,
};

t.test('what was written is read', async (t) => {
  t.strictSame(parseCheckpointDocument(JSON.parse(JSON.stringify(good))), good);
});

const external = (path: unknown, kind: unknown = 'spec') => ({ externals: [{ path, kind }] });

t.test('a document that could lead criu elsewhere is refused', async (t) => {
  const bad: readonly object[] = [
    external('etc/hosts'),
    external('/etc/../../hosts'),
    external('/etc//hosts'),
    external('/'),
    external('/etc\0hosts'),
    external(`/${'a'.repeat(4096)}`),
    external(7),
    external('/etc/hosts', '/dev/sda'),
    { externals: {} },
    { externals: Array.from({ length: 1025 }, () => ({ path: '/a', kind: 'spec' })) },
    { streams: ['', '', '', ''] },
    { streams: ['pipe:[7]', '', 'fd[3]:extRootNetNS'] },
    { streams: ['pipe:[7]\n', '', ''] },
    { streams: ['file[18:3', '', ''] },
    { streams: ['/etc/shadow', '', ''] },
    { network: 1 },
  ];
  for (const change of bad) {
    const document = { ...good, ...change };
    t.throws(
      () => parseCheckpointDocument(document),
      { kind: 'invalid', message: /./ },
      JSON.stringify(change),
    );
  }
});

t.test('another version, or no document at all, is told', async (t) => {
  for (const value of [null, [], 'text', 7, {}, { ...good, version: 2 }]) {
    t.throws(() => parseCheckpointDocument(value), { kind: 'unsupported', message: /./ });
  }
});

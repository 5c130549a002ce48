import t from 'tap';
import { limits } from '../../../src/base/limits.ts';
import { chainIdsOf } from '../../../src/image/digest.ts';
import { parseConfigDocument } from '../../../src/image/image-config.ts';

const diffId = `sha256:${'2'.repeat(64)}` as const;
const document = {
  architecture: 'amd64',
  os: 'linux',
  created: '2020-01-02T03:04:05Z',
  config: {
    User: '1000:1000',
    Env: ['PATH=/bin', 'EMPTY='],
    Entrypoint: null,
    Cmd: ['sh'],
    WorkingDir: '/work',
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/data': {} },
    Labels: { a: 'b', ['__proto__']: 'c' },
    StopSignal: 'SIGQUIT',
  },
  rootfs: { type: 'layers', diff_ids: [diffId] },
  history: [{ created: 'never', created_by: 'x' }, { empty_layer: true }],
};

t.test('a configuration is read whole', (t) => {
  const { config, ...rest } = parse(document);
  t.same(config.cmd, ['sh']);
  t.same(config.entrypoint, []);
  t.same(config.exposedPorts, ['80/tcp']);
  t.same(config.volumes, ['/data']);
  t.equal(config.user, '1000:1000');
  t.equal(config.stopSignal, 'SIGQUIT');
  t.equal(rest.createdAtMs, Date.UTC(2020, 0, 2, 3, 4, 5));
  t.same(rest.diffIds, [diffId]);
  t.same(
    rest.history.map(({ emptyLayer }) => emptyLayer),
    [false, true],
  );
  t.end();
});

t.test('a label named like a property of objects stays a label', (t) => {
  const parsed = parse(JSON.parse('{"config":{"Labels":{"__proto__":"x","constructor":"y"}}}'));
  t.same(Object.entries(parsed.config.labels), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  t.equal(Object.getPrototypeOf(parsed.config.labels), Object.prototype);
  t.end();
});

t.test('what is absent is empty', (t) => {
  const { config, diffIds, createdAtMs } = parse({ rootfs: {} });
  t.same([config.env, config.cmd, diffIds, createdAtMs], [[], [], [], 0]);
  t.end();
});

t.test('what is of the wrong type, too much or dangerous is refused', (t) => {
  const wrong: unknown[] = [
    [],
    { config: { Env: 'PATH=/bin' } },
    { config: { Env: [1] } },
    { config: { Cmd: [['sh']] } },
    { config: { User: 0 } },
    { config: { Labels: { a: 1 } } },
    { config: { Env: ['A=\0B=1'] } },
    { config: { Labels: { 'a\0': '1' } } },
    { config: { WorkingDir: '/a\0b' } },
    { rootfs: { type: 'zip' } },
    { rootfs: { diff_ids: ['sha256:short'] } },
    { rootfs: { diff_ids: [`sha512:${'2'.repeat(128)}`] } },
    { rootfs: { diff_ids: Array.from({ length: limits.imageLayers + 1 }, () => diffId) } },
    { history: [1] },
  ];
  for (const item of wrong) t.throws(() => parse(item), JSON.stringify(item).slice(0, 60));
  t.doesNotThrow(() => parse({ config: { Env: ['A=\\u0000'] } }), 'an escaped NUL is only text');
  t.throws(() => parseConfigDocument(Buffer.alloc(limits.imageConfigBytes + 1, ' ')), /too large/);
  t.end();
});

t.test('chain ids follow the specification', (t) => {
  const ids = chainIdsOf([diffId, diffId]);
  t.equal(ids[0], diffId);
  // printf 'sha256:22… sha256:22…' | sha256sum
  t.equal(ids[1], 'sha256:f5984fcbe7ec4ee8bbc9b064df2a3666e145d454e6add242b3bc90bb1ce52c05');
  t.end();
});

function parse(value: unknown): ReturnType<typeof parseConfigDocument> {
  return parseConfigDocument(Buffer.from(JSON.stringify(value)));
}

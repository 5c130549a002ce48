import t from 'tap';
import type { Pod, Volume } from '../../../../src/api/types/generated/core-v1.ts';
import { collectFiles, type Sources } from '../../../../src/kubelet/volume/payload/collect.ts';
import {
  downwardField,
  downwardResource,
} from '../../../../src/kubelet/volume/payload/downward-value.ts';
import { cleanFilePath } from '../../../../src/kubelet/volume/payload/file-path.ts';
import { makePayload } from '../../../../src/kubelet/volume/payload/payload.ts';
import { quote } from '../../../../src/kubelet/volume/payload/quote.ts';

const pod: Pod = {
  metadata: {
    name: 'web',
    namespace: 'blue',
    uid: 'u1',
    labels: { b: '2', a: 'x"y\n' },
    annotations: { 'example.com/note': 'hello' },
  },
  spec: {
    containers: [
      {
        name: 'main',
        image: 'a',
        resources: { limits: { cpu: '1500m', memory: '64Mi' }, requests: { cpu: '250m' } },
      },
      { name: 'free', image: 'a' },
    ],
  },
};

const allocatable = new Map([
  ['cpu', '3800m'],
  ['memory', '2Gi'],
]);

const sources: Sources = {
  pod,
  allocatable,
  configMap: async (name) =>
    Promise.resolve(
      name === 'app'
        ? {
            metadata: {},
            data: { 'app.yaml': 'one', other: 'two' },
            binaryData: { raw: Buffer.from([1, 255]).toString('base64') },
          }
        : undefined,
    ),
  secret: async (name) =>
    Promise.resolve(
      name === 'login'
        ? { metadata: {}, data: { user: Buffer.from('jane').toString('base64') } }
        : undefined,
    ),
  token: async ({ audience = 'api' }) => Promise.resolve(`token for ${audience}`),
};

async function filesOf(volume: Omit<Volume, 'name'>, from = sources) {
  const payload = await collectFiles({ name: 'x', ...volume }, from);
  return Object.fromEntries(
    [...payload].map(([path, { bytes, mode, uid }]) => [
      path,
      [Buffer.from(bytes).toString('latin1'), mode, ...(uid === undefined ? [] : [uid])],
    ]),
  );
}

t.test('keys of ConfigMaps and Secrets are files', async (t) => {
  t.same(await filesOf({ configMap: { name: 'app', defaultMode: 0o400 } }), {
    'app.yaml': ['one', 0o400],
    other: ['two', 0o400],
    raw: ['\u0001\u00ff', 0o400],
  });
  const items = [{ key: 'app.yaml', path: 'etc/app.yaml', mode: 0o755 }];
  t.same(await filesOf({ configMap: { name: 'app', items } }), { 'etc/app.yaml': ['one', 0o755] });
  t.same(await filesOf({ secret: { secretName: 'login' } }), { user: ['jane', 0o644] });
  t.same(await filesOf({ secret: { secretName: 'none', optional: true } }), {});
  const missing = [{ key: 'none', path: 'none' }];
  t.same(await filesOf({ configMap: { name: 'app', items: missing, optional: true } }), {});
  await t.rejects(filesOf({ configMap: { name: 'app', items: missing } }), {
    kind: 'notFound',
    message: 'configmap references non-existent config key: none',
  });
  await t.rejects(filesOf({ secret: { secretName: 'login', items: missing } }), {
    message: 'references non-existent secret key: none',
  });
  const inherited = [{ key: 'constructor', path: 'x' }];
  await t.rejects(
    filesOf({ configMap: { name: 'app', items: inherited } }),
    /non-existent config key: constructor/,
  );
});

t.test('a projected volume puts them together; the later of one path stays', async (t) => {
  const projected = {
    defaultMode: 0o440,
    sources: [
      { configMap: { name: 'app', items: [{ key: 'other', path: 'same' }] } },
      { secret: { name: 'login', items: [{ key: 'user', path: 'same' }] } },
      { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
      { serviceAccountToken: { path: 'token', audience: 'vault' } },
    ],
  };
  t.same(await filesOf({ projected }), {
    same: ['jane', 0o440],
    name: ['web', 0o440],
    token: ['token for vault', 0o440],
  });
  const withGroup = { ...pod, spec: { ...pod.spec, securityContext: { fsGroup: 5 } } } as Pod;
  t.match(await filesOf({ projected }, { ...sources, pod: withGroup }), {
    token: ['token for vault', 0o600],
  });
  const asUser = { ...pod, spec: { ...pod.spec, securityContext: { runAsUser: 7 } } } as Pod;
  t.match(await filesOf({ projected }, { ...sources, pod: asUser }), {
    token: ['token for vault', 0o600, 7],
  });
  const two = [
    { configMap: { name: 'a' } },
    { secret: { name: 'b' } },
    { configMap: { name: 'a' } },
  ];
  await t.rejects(filesOf({ projected: { sources: two } }), {
    message: '[configmap "a" not found, secret "b" not found]',
  });
  const bundle = [{ clusterTrustBundle: { path: 'x' } }];
  await t.rejects(filesOf({ projected: { sources: bundle } }), /"clusterTrustBundle" is not supp/);
});

t.test('downward values are those of the pod', async (t) => {
  t.equal(downwardField(pod, 'metadata.labels'), 'a="x\\"y\\n"\nb="2"');
  t.equal(downwardField(pod, "metadata.annotations['example.com/note']"), 'hello');
  t.equal(downwardField(pod, "metadata.labels['none']"), '');
  t.equal(downwardField(pod, 'metadata.uid'), 'u1');
  t.throws(() => downwardField(pod, 'status.podIP'), /unsupported fieldPath: status.podIP/);
  const value = (resource: string, more = {}) =>
    downwardResource(pod, { containerName: 'main', resource, ...more }, allocatable);
  t.equal(value('limits.cpu'), '2', 'rounded up');
  t.equal(value('limits.cpu', { divisor: '1m' }), '1500');
  t.equal(value('requests.cpu', { divisor: '1m' }), '250');
  t.equal(value('limits.memory', { divisor: '1Mi' }), '64');
  t.equal(value('limits.memory', { divisor: '0' }), String(64 * 1024 * 1024));
  t.equal(value('limits.memory', { containerName: 'free', divisor: '1Mi' }), '2048');
  t.equal(value('requests.memory', { containerName: 'free' }), '0');
  t.throws(() => value('limits.gpu'), /unsupported container resource : limits.gpu/);
  t.throws(() => value('limits.cpu', { containerName: 'none' }), /container none not found/);
});

t.test('text is quoted as Go does', async (t) => {
  t.equal(quote('plain text, äöü'), '"plain text, äöü"');
  t.equal(quote('a"b\\c\n\t\u0007\u0001\u007f'), '"a\\"b\\\\c\\n\\t\\a\\x01\\x7f"');
  t.equal(quote('\u200b\u{e0001}'), '"\\u200b\\U000e0001"');
});

t.test('paths stay in the volume', async (t) => {
  t.equal(cleanFilePath('a//b/./c/'), 'a/b/c');
  t.equal(cleanFilePath('a/..b'), 'a/..b');
  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /must not be empty/],
    ['/etc/passwd', /must be relative path/],
    ['a/../b', /must not contain '\.\.'/],
    ['..', /must not contain '\.\.'/],
    ['..data', /must not start with '\.\.'/],
    ['./..data/x', /must not start with '\.\.'/],
    ['.', /must name a file/],
    ['a\0b', /NUL/],
    ['x'.repeat(256), /filenames must be less than or equal to 255/],
    ['x/'.repeat(2100), /less than or equal to 4096/],
  ];
  for (const [path, why] of refused) t.throws(() => cleanFilePath(path), why, JSON.stringify(path));
});

const file = (bytes: number) => ({ bytes: Buffer.alloc(bytes), mode: 0o644 });

t.test('what a volume holds is bounded', async (t) => {
  const many = Array.from({ length: 9000 }, (_, at) => [`f${at}`, file(0)] as const);
  t.throws(() => makePayload(many), /more than 8192 files/);
  t.throws(() => makePayload([['a', file(17 * 1024 * 1024)]]), /more than 8192 files/);
  t.throws(
    () =>
      makePayload([
        ['a', file(1)],
        ['a/b', file(1)],
      ]),
    /is a file and a folder/,
  );
});

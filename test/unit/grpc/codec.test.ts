import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type * as Protobuf from 'protobufjs';
import t from 'tap';
import { generate } from '../../../scripts/generate-proto.ts';
import { decode, encode } from '../../../src/grpc/codec.ts';
import * as keelson from '../../../src/cri/generated/keelson.ts';
import * as runtime from '../../../src/cri/generated/runtime.ts';

const require = createRequire(import.meta.url);
const protobuf = createRequire(require.resolve('@grpc/proto-loader'))(
  'protobufjs',
) as typeof Protobuf;
const folder = new URL('../../../src/cri/', import.meta.url).pathname;
const root = new protobuf.Root();
root.resolvePath = (_origin, target) => `${folder}${target.split('/').at(-1)}`;
root.loadSync('keelson.proto', { keepCase: true }).resolveAll();

const container = {
  pod_sandbox_id: 'pod',
  config: {
    metadata: { name: 'wörk', attempt: 7 },
    image: { image: 'busybox', annotations: { a: 'b' } },
    command: ['sh', '-c', ''],
    envs: [{ key: 'A', value: Buffer.from([0xff, 0, 1]) }],
    mounts: [{ container_path: '/a', host_path: '/b', readonly: true, propagation: 2 }],
    labels: { one: '1', empty: '' },
    stdin: true,
    linux: {
      resources: { cpu_quota: -1, memory_limit_in_bytes: 268435456, oom_score_adj: -998 },
      security_context: { run_as_user: { value: 1000 }, supplemental_groups: [1, 4294967295, -1] },
    },
    stop_signal: 23,
  },
};

t.test('generated files are what the generator makes of the protos now', async (t) => {
  for (const name of ['runtime', 'keelson'] as const) {
    const text = readFileSync(`${folder}generated/${name}.ts`, 'utf8');
    t.equal(text, generate(`${name}.v1`), name);
  }
});

t.test('bytes equal those of protobufjs, and are read back', async (t) => {
  const type = root.lookupType('runtime.v1.CreateContainerRequest');
  const theirs = Buffer.from(type.encode(type.fromObject(container)).finish());
  const ours = encode(runtime.CreateContainerRequest, container);
  t.same(ours, theirs);
  const back = decode(runtime.CreateContainerRequest, theirs);
  t.match(back, container);
  t.equal(back.config?.working_dir, '', 'what is absent is empty');
  t.equal(back.sandbox_config, undefined, 'absent messages are undefined');
});

t.test('every message survives a round trip with each field set', async (t) => {
  for (const [module, name] of [
    [runtime, 'runtime.v1'],
    [keelson, 'keelson.v1'],
  ] as const) {
    for (const [key, table] of Object.entries(module)) {
      if (!('fields' in table)) continue;
      const type = root.lookup(`${name}.${key}`) as Protobuf.Type | null;
      if (type === null) continue;
      const sample = sampleOf(type, 0);
      const bytes = Buffer.from(type.encode(type.fromObject(sample)).finish());
      const decoded = decode(
        table as runtime.VersionRequest & typeof runtime.VersionRequest,
        bytes,
      );
      const again = encode(table as typeof runtime.VersionRequest, decoded);
      t.same(type.toObject(type.decode(again)), type.toObject(type.decode(bytes)), key);
    }
  }
});

t.test('64-bit values are exact as bigint and clamped at the ends', async (t) => {
  const now = 1_764_000_000_123_456_789n;
  const type = root.lookupType('runtime.v1.PodSandboxStatusResponse');
  const exact = encode(runtime.PodSandboxStatusResponse, { timestamp: now });
  t.equal(String(type.decode(exact).toJSON()['timestamp']), String(now));
  const huge = encode(runtime.PodSandboxStatusResponse, { timestamp: 2 ** 63 });
  t.equal(String(type.decode(huge).toJSON()['timestamp']), '9223372036854775807');
  const negative = encode(runtime.PodSandboxStatusResponse, { timestamp: -5 });
  t.equal(decode(runtime.PodSandboxStatusResponse, negative).timestamp, -5);
});

t.test('zero in a oneof is told apart from absence', async (t) => {
  const bytes = encode(keelson.SessionOutput, { exit_code: 0 });
  t.equal(decode(keelson.SessionOutput, bytes).exit_code, 0);
  t.equal(decode(keelson.SessionOutput, Buffer.alloc(0)).exit_code, undefined);
});

t.test('fields of a newer interface are read over', async (t) => {
  const type = protobuf
    .parse(
      'syntax="proto3"; message M { string version=1; bytes a=77; fixed32 b=78; double c=79; }',
    )
    .root.lookupType('M');
  const bytes = type.encode({ version: 'x', a: Buffer.alloc(9), b: 1, c: 2 }).finish();
  t.same(decode(runtime.VersionRequest, Buffer.from(bytes)), { version: 'x' });
});

t.test('a label named __proto__ comes back as a label', async (t) => {
  const type = root.lookupType('runtime.v1.PodSandboxConfig');
  const labels = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
  const bytes = encode(runtime.PodSandboxConfig, { labels });
  t.ok(type.decode(bytes));
  t.same(Object.entries(decode(runtime.PodSandboxConfig, bytes).labels), [['__proto__', 'x']]);
});

t.test('damaged bytes are refused, not read past their end', async (t) => {
  const whole = encode(runtime.CreateContainerRequest, container);
  for (let length = 1; length < whole.length; length += 1) {
    try {
      decode(runtime.CreateContainerRequest, whole.subarray(0, length));
    } catch (error) {
      t.match(error, { name: 'DomainError', kind: 'invalid' });
    }
  }
  for (const bytes of ['0aff', 'ffffffffffffffffffffff01', '0f', '0affffffff0f', '02']) {
    t.throws(() => decode(runtime.VersionRequest, Buffer.from(bytes, 'hex')), /Malformed/);
  }
});

t.test('random bytes never do worse than a refusal', async (t) => {
  let seed = 42;
  const next = (): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 8;
  for (let round = 0; round < 5000; round += 1) {
    const bytes = Buffer.from(Array.from({ length: next() % 40 }, () => next() & 255));
    try {
      decode(runtime.CreateContainerRequest, bytes);
    } catch (error) {
      if ((error as Error).name !== 'DomainError') t.fail(bytes.toString('hex'), { error });
    }
  }
  t.pass('5000 inputs');
});

/** A message with something in every field. */
function sampleOf(type: Protobuf.Type, depth: number): Record<string, unknown> {
  const sample: Record<string, unknown> = {};
  const oneofs = new Set<string>();
  for (const field of type.fieldsArray) {
    field.resolve();
    if (depth > 3 && field.resolvedType instanceof protobuf.Type) continue;
    if (field.partOf !== null && oneofs.has(field.partOf.name)) continue;
    if (field.partOf !== null) oneofs.add(field.partOf.name);
    const value = valueOf(field, depth);
    if (field instanceof protobuf.MapField) sample[field.name] = { k: value, '': value };
    else sample[field.name] = field.repeated ? [value, value] : value;
  }
  return sample;
}

function valueOf(field: Protobuf.Field, depth: number): unknown {
  if (field.resolvedType instanceof protobuf.Type) return sampleOf(field.resolvedType, depth + 1);
  if (field.resolvedType instanceof protobuf.Enum) return 1;
  if (field.type === 'string') return 'text';
  if (field.type === 'bool') return true;
  if (field.type === 'bytes') return Buffer.from([1, 2, 3]);
  if (field.type === 'double') return 1.5;
  return field.type.startsWith('u') ? 300 : -300;
}

import t from 'tap';
import { decodeFieldSet, encodeFieldSet } from '../../../src/api/apply/field-set.ts';
import { fieldsOf } from '../../../src/api/apply/fields-of.ts';
import { type Author, applyConfiguration, recordUpdate } from '../../../src/api/apply/manage.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { messageType } from '../../../src/api/schema/schema.ts';

const deployment = messageType('apps.v1.Deployment');
const author = (name: string): Author => ({
  name,
  apiVersion: 'apps/v1',
  subresource: '',
  time: '2026-01-02T03:04:05Z',
});

const apply = (live: JsonObject, name: string, applied: JsonObject) =>
  applyConfiguration(deployment, { live, applied }, { author: author(name), force: false });
const applyByForce = (live: JsonObject, name: string, applied: JsonObject) =>
  applyConfiguration(deployment, { live, applied }, { author: author(name), force: true });
const update = (old: JsonObject, name: string, object: JsonObject) =>
  recordUpdate(deployment, { old, object }, author(name));

const web = (containers: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  spec: { ...more, template: { spec: { containers } } },
});
const specOf = (object: JsonObject) => object['spec'] as JsonObject;
const bare = ({ metadata: _metadata, ...rest }: JsonObject) => rest;

t.test('fields are named as Kubernetes names them', async (t) => {
  const object = {
    metadata: { name: 'web', uid: 'x', labels: { app: 'web' }, finalizers: ['a/b'] },
    ...web([{ name: 'a', image: 'x', args: ['1'], ports: [{ containerPort: 80 }] }], {
      selector: { matchLabels: { app: 'web' } },
    }),
  };
  const encoded = encodeFieldSet(fieldsOf(deployment, object));
  t.same(encoded, {
    'f:metadata': {
      'f:finalizers': { '.': {}, 'v:"a/b"': {} },
      'f:labels': { '.': {}, 'f:app': {} },
    },
    'f:spec': {
      'f:selector': {},
      'f:template': {
        'f:spec': {
          'f:containers': {
            '.': {},
            'k:{"name":"a"}': {
              '.': {},
              'f:args': {},
              'f:image': {},
              'f:name': {},
              'f:ports': {
                '.': {},
                'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} },
              },
            },
          },
        },
      },
    },
  });
  t.same(encodeFieldSet(decodeFieldSet(encoded)), encoded);
});

t.test('what a manager no longer wants is removed, what others set stays', async (t) => {
  let live = apply({}, 'one', web([{ name: 'a', image: 'x', tty: true }], { replicas: 2 }));
  live = update(live, 'other', { ...live, spec: { ...specOf(live), paused: true } });
  live = apply(live, 'one', web([{ name: 'a', image: 'y' }]));
  t.same(bare(live), web([{ name: 'a', image: 'y' }], { paused: true }));
});

t.test('two managers share a list by its keys', async (t) => {
  let live = apply({}, 'one', web([{ name: 'a', image: 'x' }]));
  live = apply(live, 'two', web([{ name: 'b', image: 'y' }]));
  t.same(
    bare(live),
    web([
      { name: 'a', image: 'x' },
      { name: 'b', image: 'y' },
    ]),
  );
  live = apply(live, 'one', web([]));
  t.same(bare(live), web([{ name: 'b', image: 'y' }]));
});

t.test(
  'a field that another one has set is a conflict, unless it is the same or forced',
  async (t) => {
    const live = update({}, 'kubectl', web([{ name: 'a', image: 'x' }], { replicas: 3 }));
    t.throws(() => apply(live, 'one', { spec: { replicas: 2 } }), {
      message:
        'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas',
    });
    t.doesNotThrow(() => apply(live, 'one', { spec: { replicas: 3 } }));
    const forced = applyByForce(live, 'one', { spec: { replicas: 2 } });
    t.match(forced, { spec: { replicas: 2 } });
    t.throws(
      () => apply(forced, 'two', web([{ name: 'a', image: 'z' }], { replicas: 4 })),
      /Apply failed with 2 conflicts/,
    );
  },
);

t.test('applying the same again changes nothing, not even a time', async (t) => {
  const wanted = web([{ name: 'a', image: 'x' }], { replicas: 1 });
  const once = apply({}, 'one', wanted);
  const later = { ...author('one'), time: '2030-01-01T00:00:00Z' };
  const twice = applyConfiguration(
    deployment,
    { live: once, applied: wanted },
    { author: later, force: false },
  );
  t.same(twice, once);
});

t.test('an update takes what it changes from the one who applied it', async (t) => {
  const live = apply({}, 'one', { spec: { replicas: 1, paused: true } });
  const scaled = update(live, 'kubectl', { ...live, spec: { replicas: 5, paused: true } });
  const managers = (scaled['metadata'] as JsonObject)['managedFields'];
  t.match(managers, [
    { manager: 'one', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:paused': {} } } },
    { manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
  ]);
  t.notMatch(managers, [{ fieldsV1: { 'f:spec': { 'f:replicas': {} } } }]);
});

t.test('many updaters become one; a hostile list is read over', async (t) => {
  let live: JsonObject = {};
  for (let index = 0; index < 30; index += 1) {
    const labels = {
      ...((live['metadata'] as JsonObject | undefined)?.['labels'] as JsonObject),
      [`l${index}`]: 'x',
    };
    const metadata = { ...(live['metadata'] as JsonObject), labels };
    live = update(live, `m${index}`, { ...live, metadata });
  }
  t.equal(((live['metadata'] as JsonObject)['managedFields'] as unknown[]).length, 10);
  const hostile = {
    metadata: {
      managedFields: [5, {}, { operation: 'Apply', fieldsV1: { 'x:y': 1, 'f:spec': 7 } }],
    },
  };
  t.doesNotThrow(() => apply(hostile, 'one', { spec: { replicas: 1 } }));
});

t.test('thousands of entries are recorded in a moment, each on its own', async (t) => {
  const env = Array.from({ length: 4000 }, (_, index) => ({ name: `ENTRY_${index}`, value: 'x' }));
  const [first, ...others] = env;
  const begun = performance.now();
  const live = update({}, 'one', web([{ name: 'a', env }]));
  const changed = [{ ...first, value: 'y' } as JsonObject, ...others];
  const next = { ...live, ...web([{ name: 'a', env: changed }]) };
  const { managedFields } = update(live, 'two', next)['metadata'] as JsonObject;
  const own = (managedFields as JsonObject[]).find(({ manager }) => manager === 'two');
  t.match(JSON.stringify(own), 'ENTRY_0');
  t.notMatch(JSON.stringify(own), 'ENTRY_1');
  const ms = performance.now() - begun;
  // One look through the list for each entry takes more than a minute.
  t.ok(ms < 15_000, `${ms.toFixed(0)} ms`);
});

t.test("what says nothing but its name is in nobody's way", async (t) => {
  const kind = messageType('core.v1.ConfigMap');
  const first = applyConfiguration(
    kind,
    { live: {}, applied: { metadata: { name: 'a' }, data: { x: '1' } } },
    { author: author('one'), force: false },
  );
  t.notMatch(JSON.stringify(first), '"f:metadata"');
  const second = applyConfiguration(
    kind,
    { live: first, applied: { metadata: { name: 'b' }, data: { y: '2' } } },
    { author: author('two'), force: false },
  );
  t.match(second['data'], { x: '1', y: '2' });
  // Two managers of one map: what one no longer wants goes, and the map is in no conflict.
  const third = applyConfiguration(
    kind,
    { live: second, applied: { metadata: { name: 'b' }, data: { y: '2' } } },
    { author: author('one'), force: false },
  );
  t.same(third['data'], { y: '2' });
});

t.test('an entry that differs in what its defaults add is no conflict', async (t) => {
  const kind = messageType('core.v1.Service');
  const applied = { spec: { ports: [{ port: 80 }] } };
  const first = applyConfiguration(
    kind,
    { live: {}, applied },
    { author: author('one'), force: false },
  );
  const live = { ...first, spec: { ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] } };
  const second = applyConfiguration(
    kind,
    { live, applied },
    { author: author('two'), force: false },
  );
  t.same(second['spec'], live.spec);
});

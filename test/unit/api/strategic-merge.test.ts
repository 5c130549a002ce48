import t from 'tap';
import type { JsonObject } from '../../../src/api/json.ts';
import { applyStrategicMerge } from '../../../src/api/patch/strategic-merge.ts';
import { messageType } from '../../../src/api/schema/schema.ts';

const podSpec = messageType('core.v1.PodSpec');
const merge = (target: JsonObject, patch: JsonObject) =>
  applyStrategicMerge(podSpec, target, patch);

t.test('entries of a list are merged by its key', async (t) => {
  const target = { containers: [{ name: 'a', image: 'x', tty: true }, { name: 'b' }] };
  const patch = { containers: [{ name: 'a', image: 'y' }, { name: 'c' }] };
  t.same(merge(target, patch), {
    containers: [{ name: 'a', image: 'y', tty: true }, { name: 'b' }, { name: 'c' }],
  });
  t.equal(target.containers[0]?.image, 'x', 'the target stays as it was');
});

t.test('null removes a field, and an atomic list is replaced', async (t) => {
  const target = { nodeName: 'n', containers: [{ name: 'a', args: ['1', '2'] }] };
  t.same(merge(target, { nodeName: null, containers: [{ name: 'a', args: ['3'] }] }), {
    containers: [{ name: 'a', args: ['3'] }],
  });
});

t.test('$patch deletes an entry, replaces a list, replaces a map', async (t) => {
  const target = { containers: [{ name: 'a' }, { name: 'b' }], securityContext: { fsGroup: 1 } };
  t.same(merge(target, { containers: [{ name: 'a', $patch: 'delete' }] }).containers, [
    { name: 'b' },
  ]);
  t.same(merge(target, { containers: [{ name: 'z' }, { $patch: 'replace' }] }).containers, [
    { name: 'z' },
  ]);
  const replaced = merge(target, { securityContext: { runAsUser: 5, $patch: 'replace' } });
  t.same(replaced['securityContext'], { runAsUser: 5 });
  t.throws(() => merge(target, { securityContext: { $patch: 'burn' } }), /unknown patch type/);
});

t.test('$setElementOrder orders what it names and keeps the rest in place', async (t) => {
  const target = { containers: [{ name: 'a' }, { name: 'own' }, { name: 'b' }] };
  const patch = {
    '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }, { name: 'a' }],
    containers: [{ name: 'c' }],
  };
  const { containers } = merge(target, patch) as { containers: { name: string }[] };
  t.same(
    containers.map(({ name }) => name).filter((name) => name !== 'own'),
    ['c', 'b', 'a'],
  );
  t.equal(containers.length, 4);
  const only = merge(target, { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] });
  t.same(only['containers'], [{ name: 'b' }, { name: 'own' }, { name: 'a' }]);
});

t.test(
  '$retainKeys drops what the patch does not name: one volume source follows another',
  async (t) => {
    const target = { volumes: [{ name: 'v', emptyDir: {} }] };
    const patch = {
      volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/' } }],
    };
    t.same(merge(target, patch), { volumes: [{ name: 'v', hostPath: { path: '/' } }] });
  },
);

t.test('lists of plain values are added to and deleted from', async (t) => {
  const meta = messageType('meta.v1.ObjectMeta');
  const target = { finalizers: ['a', 'b'] };
  t.same(applyStrategicMerge(meta, target, { finalizers: ['b', 'c'] }), {
    finalizers: ['a', 'b', 'c'],
  });
  t.same(applyStrategicMerge(meta, target, { '$deleteFromPrimitiveList/finalizers': ['a'] }), {
    finalizers: ['b'],
  });
});

t.test('conditions of a status are merged by their type', async (t) => {
  const status = messageType('core.v1.PodStatus');
  const target = { conditions: [{ type: 'Ready', status: 'False', reason: 'x' }] };
  const patch = {
    '$setElementOrder/conditions': [{ type: 'Initialized' }, { type: 'Ready' }],
    conditions: [
      { type: 'Ready', status: 'True', reason: null },
      { type: 'Initialized', status: 'True' },
    ],
  };
  t.same(applyStrategicMerge(status, target, patch), {
    conditions: [
      { type: 'Initialized', status: 'True' },
      { type: 'Ready', status: 'True' },
    ],
  });
});

t.test('an entry without its key is refused', async (t) => {
  t.throws(
    () => merge({}, { containers: [{ image: 'x' }] }),
    /does not contain declared merge key/,
  );
});

t.test('keys are told apart by their type, and maps of labels are merged', async (t) => {
  const meta = messageType('meta.v1.ObjectMeta');
  t.same(
    applyStrategicMerge(meta, { labels: { a: '1', b: '2' } }, { labels: { a: null, c: '3' } }),
    {
      labels: { b: '2', c: '3' },
    },
  );
});

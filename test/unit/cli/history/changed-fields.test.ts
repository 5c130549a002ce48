import t from 'tap';
import { changedFields } from '../../../../src/cli/history/changed-fields.ts';

t.test('paths of what differs, without what every change changes', async (t) => {
  const before = {
    metadata: { resourceVersion: '1', managedFields: [], labels: { 'a.b/c': 'x' } },
    spec: { replicas: 1, list: [{ image: 'a' }, { image: 'b' }], gone: true },
  };
  const after = {
    metadata: { resourceVersion: '2', managedFields: [{}], labels: { 'a.b/c': 'y' } },
    spec: { replicas: 2, list: [{ image: 'a' }, { image: 'c' }] },
  };
  t.same(changedFields(before, after).toSorted(), [
    'metadata.labels[a.b/c]',
    'spec.gone',
    'spec.list[1].image',
    'spec.replicas',
  ]);
  t.same(changedFields(before, before), []);
  t.same(changedFields({ a: [1] }, { a: [1, 2] }), ['a'], 'a list of another length is one change');
});

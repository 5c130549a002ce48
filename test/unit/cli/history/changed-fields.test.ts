import t from 'tap';
import { changedFields } from '../../../../src/cli/history/changed-fields.ts';

t.test('paths of what differs, without what every change changes', async (t) => {
  const before = {
    metadata: { generation: 1, managedFields: [{ time: 'a' }], labels: { 'a.b/c': 'x' } },
    spec: { replicas: 1, list: [{ image: 'a' }, { image: 'b' }], gone: true },
  };
  const after = {
    metadata: { generation: 2, managedFields: [{ time: 'b' }], labels: { 'a.b/c': 'y' } },
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

t.test('entries with types or names are told apart by them', async (t) => {
  const ready = { type: 'Ready', status: 'True' };
  const known = { conditions: [ready, { type: 'Available', status: 'True' }] };
  const added = { conditions: [{ type: 'Available', status: 'False' }, { type: 'New' }, ready] };
  t.same(changedFields(known, added), ['conditions[Available].status', 'conditions[New]']);
  const reversed = { conditions: known.conditions.toReversed() };
  t.same(changedFields(known, reversed), ['conditions'], 'an order is a change too');
});

import t from 'tap';
import {
  describedFields,
  describeField,
  describeType,
} from '../../../src/api/description/description.ts';
import { kinds } from '../../../src/api/kinds.ts';
import { messageType } from '../../../src/api/schema/schema.ts';

t.test('what is described exists', (t) => {
  for (const [type, field] of describedFields()) {
    if (!messageType(type).byName.has(field)) t.fail(`${type} has no ${field}`);
  }
  t.ok(describedFields().length > 300);
  t.end();
});

t.test('the kinds that readers look up say what they are', (t) => {
  for (const kind of ['core.v1.Pod', 'core.v1.Service', 'apps.v1.Deployment', 'batch.v1.Job']) {
    t.not(describeType(kind), '', kind);
  }
  const silent = kinds.filter(
    ({ virtual, storedAs, type }) =>
      !virtual && storedAs === undefined && describeType(type) === '',
  );
  t.ok(silent.length <= 10, silent.map(({ kind }) => kind).join(' '));
  t.end();
});

t.test('every field of a pod, a container and a service has its words', (t) => {
  for (const type of ['core.v1.PodSpec', 'core.v1.Container', 'core.v1.ServiceSpec']) {
    const silent = [...messageType(type).byName.keys()].filter(
      (field) => describeField(type, field) === '',
    );
    t.ok(silent.length <= 3, `${type}: ${silent.join(' ')}`);
  }
  t.not(describeField('core.v1.EphemeralContainer', 'image'), '');
  t.end();
});

import t from 'tap';
import { messageType, packageNames, typeNames } from '../../../src/api/schema/schema.ts';

const all = packageNames.flatMap(typeNames).map(messageType);

t.test('every field leads to a type, and numbers are given once', async (t) => {
  t.ok(all.length > 350, `${all.length} types`);
  for (const type of all) {
    const numbers = type.fields.map((field) => field.number);
    t.equal(new Set(numbers).size, numbers.length, type.name);
    for (const field of type.fields) {
      t.ok(field.scalar !== undefined || field.message !== undefined, `${type.name}.${field.name}`);
    }
  }
});

t.test('keys of lists are fields of their entries', async (t) => {
  for (const type of all) {
    for (const field of type.fields) {
      const keys = [...field.list.keys, field.list.mergeKey].filter((key) => key !== undefined);
      for (const key of keys) {
        t.ok(field.message?.byName.has(key), `${type.name}.${field.name} by ${key}`);
      }
    }
  }
});

t.test('the fields of an inline message are those of its owner', async (t) => {
  t.ok(messageType('core.v1.Volume').byName.has('emptyDir'));
  t.notOk(messageType('core.v1.Volume').byName.has('volumeSource'));
  t.ok(messageType('core.v1.Probe').byName.has('httpGet'));
});

t.test('what the rest relies on stands as the published schema has it', async (t) => {
  const ports = messageType('core.v1.Container').byName.get('ports');
  t.match(ports, { number: 6, shape: 'list', list: { apply: 'map', mergeKey: 'containerPort' } });
  t.same(ports?.list.keys, ['containerPort', 'protocol']);
  t.match(messageType('apps.v1.DeploymentSpec').byName.get('replicas'), { pointer: true });
  t.match(messageType('core.v1.PodSpec').byName.get('volumes'), { retainsKeys: true });
  t.equal(messageType('meta.v1.LabelSelector').atomic, true);
});

import t from 'tap';
import { definitionFaults } from '../../../../src/api/custom/definition-faults.ts';
import { valueFaults } from '../../../../src/api/custom/value-faults.ts';
import type { JsonObject } from '../../../../src/api/json.ts';
import { definition } from '../../../cluster/apiserver/custom-objects.ts';

function faultsOf(change: (made: ReturnType<typeof definition>) => object): readonly string[] {
  const faults = definitionFaults(change(definition()) as JsonObject);
  return faults.map(({ path, words }) => `${path}: ${words}`);
}

function ofSchema(schema: object): readonly string[] {
  return faultsOf(() => definition({}, schema));
}

const at = 'spec.validation.openAPIV3Schema';

t.test('a right definition has no faults', async (t) => {
  t.same(
    faultsOf((made) => made),
    [],
  );
});

t.test('a schema has to be structural', async (t) => {
  t.same(ofSchema({}), [`${at}.type: Required value: must not be empty at the root`]);
  t.same(ofSchema({ type: 'string' }), [
    `${at}.type: Invalid value: "string": must be object at the root`,
  ]);
  t.same(ofSchema({ type: 'object', properties: { a: {}, b: { type: 'array' } } }), [
    `${at}.properties[a].type: Required value: must not be empty for specified object fields`,
    `${at}.properties[b].items: Required value: must be specified`,
  ]);
  t.same(ofSchema({ type: 'object', anyOf: [{ properties: { b: { minimum: 1 } } }] }), [
    `${at}.properties[b]: Required value: because it is defined in ` +
      `${at}.anyOf[0].properties[b]`,
  ]);
  const typed = { type: 'object', properties: { a: { type: 'string', not: { type: 'string' } } } };
  t.same(ofSchema(typed), [
    `${at}.properties[a].not.type: Forbidden: must be empty to be structural`,
  ]);
  const set = { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } };
  t.same(ofSchema({ type: 'object', properties: { a: set } }), [
    `${at}.properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if ` +
      'x-kubernetes-list-type is map',
  ]);
});

t.test('what cannot be done is refused in words, never passed over', async (t) => {
  const rules = [{ rule: 'self > 1' }];
  const ruled = {
    type: 'object',
    properties: { a: { type: 'integer', 'x-kubernetes-validations': rules } },
  };
  t.match(ofSchema(ruled), [/\(CEL\) are not supported by this server$/]);
  const conversion = { strategy: 'Webhook', webhook: {} };
  t.match(
    faultsOf((made) => ({ ...made, spec: { ...made.spec, conversion } })),
    [/conversion by webhooks is not supported by this server$/],
  );
  t.match(
    faultsOf((made) => ({ ...made, spec: { ...made.spec, group: 'apiextensions.k8s.io' } })),
    [/must be spec.names.plural/, /is served by this server itself/],
  );
  const backwards = { type: 'object', properties: { a: { type: 'string', pattern: '(a)\\1' } } };
  t.match(ofSchema(backwards), [/must be a valid regular expression, but isn't/]);
});

t.test('a default is what its schema says', async (t) => {
  const wrong = { type: 'object', properties: { a: { type: 'integer', default: 'x' } } };
  t.match(ofSchema(wrong), [/a\].default: Invalid value: "string": .* must be of type integer/]);
});

t.test('deep and broad schemas are refused at once', async (t) => {
  let deep: object = { type: 'object' };
  for (let level = 0; level < 200; level += 1) deep = { type: 'object', properties: { a: deep } };
  t.match(ofSchema(deep), [/more than 64 levels deep/]);
  const many = Array.from({ length: 30_000 }, (_, index) => [`p${index}`, { type: 'string' }]);
  const broad = { type: 'object', properties: Object.fromEntries(many) as object };
  t.match(ofSchema(broad), [/more than 20000 parts/]);
});

t.test('alternatives times entries are bounded', async (t) => {
  const oneOf = Array.from({ length: 2000 }, (_, index) => ({ minimum: index }));
  const items = { type: 'integer', anyOf: oneOf };
  const schema = { type: 'object', properties: { a: { type: 'array', items } } };
  const value = { a: Array.from({ length: 20_000 }, () => -1) };
  const faults = valueFaults(schema, value);
  t.ok(faults.some(({ words }) => words.includes('too large to be checked')));
  t.ok(faults.length <= 101);
});

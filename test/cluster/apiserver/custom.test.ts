/** Kinds that definitions make: served, checked, changed, and gone with their definition. */
import { basename } from 'node:path';
import t from 'tap';
import { findPrograms } from '../api/kubectl.ts';
import { until } from '../../until.ts';
import { definition, objectOf, sampleSchema } from './custom-objects.ts';
import { ScratchServer } from './scratch-server.ts';

t.setTimeout(600_000);

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const samples = '/apis/example.com/v1/namespaces/default/samples';

t.test(
  'a definition is served when its making is answered, and goes with its objects',
  async (t) => {
    await using server = await ScratchServer.start();
    const made = await server.request(`POST ${definitions}`, definition());
    t.equal(made.status, 201);
    t.match(made.body, {
      metadata: { finalizers: ['customresourcecleanup.apiextensions.k8s.io'], generation: 1 },
      spec: { conversion: { strategy: 'None' }, names: { listKind: 'SampleList' } },
      status: {
        acceptedNames: { plural: 'samples', kind: 'Sample', shortNames: ['sam'] },
        conditions: [
          { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts' },
          { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' },
        ],
        storedVersions: ['v1'],
      },
    });
    const empty = await server.request(`GET ${samples}`);
    t.match(empty.body, { kind: 'SampleList', apiVersion: 'example.com/v1', items: [] });
    t.match((await server.request('GET /apis/example.com/v1')).body, {
      resources: [
        { name: 'samples', singularName: 'sample', kind: 'Sample', shortNames: ['sam'] },
        { name: 'samples/status', kind: 'Sample', verbs: ['get', 'patch', 'update'] },
        { name: 'samples/scale', group: 'autoscaling', version: 'v1', kind: 'Scale' },
      ],
    });
    t.equal((await server.request(`POST ${samples}`, objectOf('one'))).status, 201);
    const held = objectOf('held', {}, { finalizers: ['example.com/hold'] });
    t.equal((await server.request(`POST ${samples}`, held)).status, 201);

    await server.request(`DELETE ${definitions}/samples.example.com`);
    const late = await server.request(`POST ${samples}`, objectOf('late'));
    t.match(late, { status: 405, body: { reason: 'MethodNotAllowed' } });
    await until(async () => {
      const { body } = await server.request(`GET ${samples}`);
      return (body['items'] as unknown[]).length === 1;
    });
    const waiting = await server.request(`GET ${definitions}/samples.example.com`);
    t.match(waiting.body, { status: { conditions: [{}, {}, { type: 'Terminating' }] } });
    await server.request(`PATCH ${samples}/held`, '{"metadata":{"finalizers":null}}', {
      'Content-Type': 'application/merge-patch+json',
    });
    await until(async () => {
      return (await server.request(`GET ${definitions}/samples.example.com`)).status === 404;
    });
    t.equal((await server.request(`GET ${samples}`)).status, 404);
  },
);

t.test('objects are pruned, filled and held against their schema in its words', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${definitions}`, definition());
  const spec = { value: 5, unknown: 1, open: { a: [{ b: 1 }] }, port: 'http', map: { x: 'y' } };
  const made = await server.request(`POST ${samples}?fieldValidation=Ignore`, objectOf('a', spec));
  t.same(made.body['spec'], {
    value: 5,
    open: { a: [{ b: 1 }] },
    port: 'http',
    map: { x: 'y' },
    replicas: 2,
  });
  const strict = await server.request(
    `POST ${samples}?fieldValidation=Strict`,
    objectOf('b', spec),
  );
  t.equal(strict.status, 400);
  t.match(strict.body['message'], /strict decoding error: unknown field "spec.unknown"/);

  const wrong: Record<string, unknown> = {
    value: 'x',
    replicas: 100,
    name: 'B',
    mode: 'Fast',
    port: true,
    map: { x: 1 },
    list: [{ name: 'a' }, { name: 'a' }, {}],
    set: ['a', 'b', 'a'],
    time: 'yesterday',
    either: 'no',
  };
  const words: Record<string, string> = {
    value:
      'spec.value: Invalid value: "string": spec.value in body must be of type integer: "string"',
    replicas:
      'spec.replicas: Invalid value: 100: spec.replicas in body should be less than or equal to 10',
    name: `spec.name: Invalid value: "B": spec.name in body should match '^[a-z]+$'`,
    mode: 'spec.mode: Unsupported value: "Fast": supported values: "Off", "On"',
    port:
      'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: ' +
      '"boolean"',
    map:
      'spec.map.x: Invalid value: "integer": spec.map.x in body must be of type string: ' +
      '"integer"',
    list: '[spec.list[2].name: Required value, spec.list[1]: Duplicate value: {"name":"a"}]',
    set: 'spec.set[2]: Duplicate value: "a"',
    time:
      'spec.time: Invalid value: "yesterday": spec.time in body must be of type date-time: ' +
      '"yesterday"',
    either:
      '[<nil>: Invalid value: "": "spec.either" must validate one and only one schema (oneOf)',
  };
  for (const [field, value] of Object.entries(wrong)) {
    const { status, body } = await server.request(
      `POST ${samples}`,
      objectOf('c', { [field]: value }),
    );
    t.equal(status, 422, field);
    const start = `Sample.example.com "c" is invalid: ${words[field] ?? ''}`;
    t.equal(String(body['message']).slice(0, start.length), start);
  }
  const absent = await server.request(`POST ${samples}`, { ...objectOf('d'), spec: undefined });
  t.equal(absent.body['message'], 'Sample.example.com "d" is invalid: spec: Required value');
});

t.test('what an update leaves as it was need not be right by a stricter schema', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${definitions}`, definition());
  await server.request(`POST ${samples}`, objectOf('a', { value: 50, name: 'x' }));
  const stricter = {
    ...sampleSchema.properties.spec.properties,
    value: { type: 'integer', maximum: 9 },
  };
  const [version] = definition().spec.versions;
  const schema = { ...sampleSchema };
  const properties = { spec: { type: 'object', properties: stricter } };
  const versions = [{ ...version, schema: { openAPIV3Schema: { ...schema, properties } } }];
  const merge = { 'Content-Type': 'application/merge-patch+json' };
  const path = `${definitions}/samples.example.com`;
  const changed = await server.request(`PATCH ${path}`, { spec: { versions } }, merge);
  t.match(changed.body, { metadata: { generation: 2 } });
  const kept = await server.request(`PATCH ${samples}/a`, { spec: { name: 'y' } }, merge);
  t.equal(kept.status, 200, 'the value was so before');
  const worse = await server.request(`PATCH ${samples}/a`, { spec: { value: 51 } }, merge);
  t.match(worse.body['message'], /spec.value in body should be less than or equal to 9/);
});

t.test('status and scale are changed apart, and the generation counts the rest', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${definitions}`, definition());
  const merge = { 'Content-Type': 'application/merge-patch+json' };
  const made = await server.request(`POST ${samples}`, {
    ...objectOf('a'),
    status: { replicas: 9 },
  });
  t.equal(made.body['status'], undefined, 'a status is not for who creates');
  const told = await server.request(
    `PATCH ${samples}/a/status`,
    { metadata: { labels: { a: 'b' } }, spec: { value: 1 }, status: { replicas: 3 } },
    merge,
  );
  t.match(told.body, { metadata: { generation: 1 }, status: { replicas: 3 } });
  t.equal((told.body['metadata'] as Record<string, unknown>)['labels'], undefined);
  t.same(told.body['spec'], { replicas: 2 });
  const scaled = await server.request(`PATCH ${samples}/a/scale`, { spec: { replicas: 7 } }, merge);
  t.match(scaled.body, { kind: 'Scale', spec: { replicas: 7 }, status: { replicas: 3 } });
  const after = await server.request(`GET ${samples}/a`);
  t.match(after.body, { metadata: { generation: 2 }, spec: { replicas: 7 } });
  const strategic = { 'Content-Type': 'application/strategic-merge-patch+json' };
  t.equal((await server.request(`PATCH ${samples}/a`, {}, strategic)).status, 415);
});

t.test('several versions are one object, and each has its schema', async (t) => {
  await using server = await ScratchServer.start();
  const [first] = definition().spec.versions;
  const second = {
    ...first,
    name: 'v2',
    storage: false,
    schema: { openAPIV3Schema: { type: 'object', properties: { other: { type: 'string' } } } },
  };
  const both = { ...definition(), spec: { ...definition().spec, versions: [first, second] } };
  t.equal((await server.request(`POST ${definitions}`, both)).status, 201);
  await server.request(`POST ${samples}`, objectOf('a', { value: 1 }));
  const seen = await server.request(`GET ${samples.replace('v1', 'v2')}/a`);
  t.match(seen.body, { apiVersion: 'example.com/v2', kind: 'Sample', metadata: { name: 'a' } });
  t.equal(seen.body['spec'], undefined, 'no field of this version');
  t.match((await server.request('GET /apis/example.com')).body, {
    preferredVersion: { version: 'v2' },
  });
  const foreign = await server.request(`POST ${samples.replace('v1', 'v2')}`, objectOf('b'));
  t.match(foreign.body['message'], /does not match the expected API version \(example.com\/v2\)/);
});

t.test('names belong to whom they were first', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${definitions}`, definition());
  const other = definition({ plural: 'others', singular: 'other', kind: 'Other' });
  const made = await server.request(`POST ${definitions}`, other);
  t.match(made.body['status'], {
    conditions: [
      { status: 'False', reason: 'ShortNamesConflict', message: '"sam" is already in use' },
      { type: 'Established', status: 'False', reason: 'NotAccepted' },
    ],
  });
  t.equal((await server.request('GET /apis/example.com/v1/others')).status, 404);
  await server.request(`DELETE ${definitions}/samples.example.com`);
  await until(async () => {
    return (await server.request('GET /apis/example.com/v1/others')).status === 200;
  });
});

t.test('a kind that is called like one of ours is none of ours', async (t) => {
  await using server = await ScratchServer.start();
  const names = { plural: 'services', singular: 'service', kind: 'Service', shortNames: [] };
  await server.request(`POST ${definitions}`, definition(names));
  const path = '/apis/example.com/v1/namespaces/default/services';
  const object = { ...objectOf('web', { value: 1 }), kind: 'Service' };
  const made = await server.request(`POST ${path}`, object);
  t.same(made.body['spec'], { value: 1, replicas: 2 }, 'no address, no ports');
  t.equal((await server.request(`DELETE ${path}/web`)).status, 200);
});

t.test('a start serves what was defined before', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${definitions}`, definition());
  await server.request(`POST ${samples}`, objectOf('a', { value: 1 }));
  await server.restart();
  t.match((await server.request(`GET ${samples}/a`)).body, { spec: { value: 1, replicas: 2 } });
});

const [kubectl] = findPrograms();
t.test(
  'kubectl applies, shows, explains and deletes',
  { skip: kubectl === undefined },
  async (t) => {
    await using server = await ScratchServer.start();
    const run = async (...args: string[]) => {
      const output = await server.kubectl(kubectl ?? '', ...args);
      t.equal(output.code, 0, `${args.join(' ')}: ${output.stderr}`);
      return output.stdout;
    };
    t.comment(basename(kubectl ?? ''));
    await run('apply', '-f', server.manifest('definition.json', JSON.stringify(definition())));
    const path = server.manifest('a.json', JSON.stringify(objectOf('a', { value: 3 })));
    t.equal(await run('apply', '-f', path), 'sample.example.com/a created\n');
    t.equal(await run('apply', '-f', path), 'sample.example.com/a unchanged\n');
    t.match(await run('get', 'sam'), /^NAME +VALUE +READY +AGE\na +3 +\d+s$/m);
    t.match(await run('explain', 'sample.spec.value'), /the number that is meant/);
    t.match(
      await run('apply', '--server-side', '--force-conflicts', '-f', path),
      'serverside-applied',
    );
    const bad = server.manifest('b.json', JSON.stringify(objectOf('b', { valu: 3 })));
    const refused = await server.kubectl(kubectl ?? '', 'apply', '-f', bad);
    t.match(refused.stderr, /unknown field "spec.valu"/);
    await run('delete', 'crd', 'samples.example.com');
    t.equal(await run('get', 'crd'), '');
  },
);

t.test('who watches is told of the end of all, and begins anew with another schema', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${definitions}`, definition());
  await server.request(`POST ${samples}`, objectOf('a'));
  const watch = () => server.text(`GET ${samples}?watch=true&timeoutSeconds=600`);
  const first = watch();
  const merge = { 'Content-Type': 'application/merge-patch+json' };
  const path = `${definitions}/samples.example.com`;
  const names = { spec: { names: { shortNames: ['sa'] } } };
  // The watch may not have begun yet: it is ended by the next change then.
  let label = 0;
  const ended = first.then(() => true);
  await until(async () => {
    label += 1;
    names.spec.names.shortNames = [`s${label}`];
    await server.request(`PATCH ${path}`, names, merge);
    return await Promise.race([ended, new Promise((done) => void setTimeout(done, 50))]);
  });
  t.match(await first, '"ADDED"');
  const second = watch();
  await server.request(`DELETE ${path}`);
  t.match(await second, /"DELETED".*"name":"a"/s);
});

import t from 'tap';
import { ScratchServer } from './scratch-server.ts';

t.test('options that do not go together are refused in the words of Kubernetes', async (t) => {
  await using server = await ScratchServer.start();
  const maps = '/api/v1/namespaces/default/configmaps';
  const refused = async (line: string, body?: unknown, type = 'application/json') => {
    const answer = await server.request(line, body, { 'Content-Type': type });
    return `${answer.status} ${String(answer.body['message'])}`;
  };
  const list = '422 ListOptions.meta.k8s.io "" is invalid: ';
  t.equal(
    await refused(`GET ${maps}?resourceVersionMatch=Exact`),
    `${list}resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless ` +
      'resourceVersion is provided',
  );
  t.equal(
    await refused(`GET ${maps}?watch=true&sendInitialEvents=true`),
    `${list}resourceVersionMatch: Forbidden: sendInitialEvents requires setting ` +
      'resourceVersionMatch to NotOlderThan',
  );
  const create = '422 CreateOptions.meta.k8s.io "" is invalid: ';
  t.equal(
    await refused(`POST ${maps}?dryRun=some`, {}),
    `${create}dryRun: Unsupported value: ["some"]: supported values: "All"`,
  );
  t.equal(
    await refused(`POST ${maps}?fieldManager=${'x'.repeat(129)}`, {}),
    `${create}fieldManager: Too long: may not be more than 128 bytes`,
  );
  await server.request(`POST ${maps}`, { metadata: { name: 'a' } });
  t.match(await refused(`PUT ${maps}/a`, {}), /^400 the name of the object \(a based on URL\)/);
  const merge = 'application/merge-patch+json';
  t.match(
    await refused(`PATCH ${maps}/a?force=true`, {}, merge),
    /^422 PatchOptions.meta.k8s.io "" is invalid: force: Forbidden/,
  );
});

t.test('what a patch misspells is refused, warned of or ignored', async (t) => {
  await using server = await ScratchServer.start();
  const maps = '/api/v1/namespaces/default/configmaps';
  await server.request(`POST ${maps}`, { metadata: { name: 'a' } });
  const patch = (validation: string) =>
    server.request(
      `PATCH ${maps}/a?fieldValidation=${validation}`,
      '{"dato":{},"data":{"x":"1","x":"2"}}',
      { 'Content-Type': 'application/merge-patch+json' },
    );
  const strict = await patch('Strict');
  t.equal(strict.status, 422);
  t.match(
    strict.body['message'],
    /strict decoding error: duplicate field "data.x", unknown field "dato"/,
  );
  const warned = await patch('Warn');
  t.equal(warned.status, 200);
  t.match(warned.headers.get('warning'), /unknown field \\"dato\\"/);
  t.equal((await patch('Ignore')).headers.get('warning'), null);
});

t.test("a port that was refused to one service is still another one's", async (t) => {
  await using server = await ScratchServer.start();
  const services = '/api/v1/namespaces/default/services';
  const service = (name: string, dryRun = '') =>
    server.request(`POST ${services}${dryRun}`, {
      metadata: { name },
      spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] },
    });
  const tried = await service('a', '?dryRun=All');
  t.match(tried.body, { spec: { clusterIP: /^10\./, ports: [{ nodePort: 30080 }] } });
  t.equal((await service('a')).status, 201);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    t.match((await service('b')).body, { message: /provided port is already allocated/ });
  }
  t.equal((await service('b', '?dryRun=All')).status, 422);
});

t.test('a job without a name is refused', async (t) => {
  await using server = await ScratchServer.start();
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'x' }] } };
  const jobs = '/apis/batch/v1/namespaces/default/jobs';
  const nameless = await server.request(`POST ${jobs}`, { spec: { template } });
  t.match(nameless.body, { message: /metadata.name: Required value/ });
  const { body } = await server.request(`POST ${jobs}`, {
    metadata: { name: 'j' },
    spec: { template },
  });
  t.match(body, { metadata: { labels: { 'job-name': 'j' } }, spec: { manualSelector: false } });
});

t.test('daemon sets count the changes of their template', async (t) => {
  await using server = await ScratchServer.start();
  const sets = '/apis/apps/v1/namespaces/default/daemonsets';
  const containers = [{ name: 'a', image: 'x' }];
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers } };
  const selector = { matchLabels: { a: 'b' } };
  await server.request(`POST ${sets}`, { metadata: { name: 'd' }, spec: { selector, template } });
  const patch = async (spec: object) =>
    (
      await server.request(
        `PATCH ${sets}/d`,
        { spec },
        { 'Content-Type': 'application/merge-patch+json' },
      )
    ).body['metadata'] as { annotations: Record<string, string> };
  const count = 'deprecated.daemonset.template.generation';
  t.equal((await patch({ minReadySeconds: 5 })).annotations[count], '1');
  t.equal(
    (await patch({ template: { spec: { terminationGracePeriodSeconds: 5 } } })).annotations[count],
    '2',
  );
});

t.test('a pod keeps the tolerations it has', async (t) => {
  await using server = await ScratchServer.start();
  const pods = '/api/v1/namespaces/default/pods';
  const spec = { containers: [{ name: 'a', image: 'x' }] };
  const sent = { metadata: { name: 'p' }, spec: { ...spec, tolerations: [{ key: 'mine' }] } };
  await server.request(`POST ${pods}`, sent);
  const patch = (tolerations: readonly object[]) =>
    server.request(
      `PATCH ${pods}/p`,
      { spec: { tolerations } },
      { 'Content-Type': 'application/merge-patch+json' },
    );
  const added = await patch([{ key: 'mine' }, { key: 'new', operator: 'Exists' }]);
  const { tolerations } = added.body['spec'] as { tolerations: readonly { key: string }[] };
  t.same(
    tolerations.map(({ key }) => key),
    ['mine', 'new', 'node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'],
  );
  t.match((await patch([{ key: 'new', operator: 'Exists' }])).body, {
    message: /pod updates may not change fields other than/,
  });
  const ephemeralContainers = [{ name: 'b', image: 'x' }];
  const early = { metadata: { name: 'e' }, spec: { ...spec, ephemeralContainers } };
  t.match((await server.request(`POST ${pods}`, early)).body, {
    message: 'Pod "e" is invalid: spec.ephemeralContainers: Forbidden: cannot be set on create',
  });
});

t.test('what a deletion wants is one thing', async (t) => {
  await using server = await ScratchServer.start();
  const maps = '/api/v1/namespaces/default/configmaps';
  await server.request(`POST ${maps}`, { metadata: { name: 'a' } });
  const invalid = 'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: ';
  t.match((await server.request(`DELETE ${maps}/a?propagationPolicy=Foo`)).body, {
    message:
      `${invalid}Unsupported value: "Foo": ` +
      'supported values: "Background", "Foreground", "Orphan", "nil"',
  });
  const both = { orphanDependents: true, propagationPolicy: 'Orphan' };
  t.match((await server.request(`DELETE ${maps}/a`, both)).body, {
    message:
      `${invalid}Invalid value: "Orphan": ` +
      'orphanDependents and deletionPropagation cannot be both set',
  });
});

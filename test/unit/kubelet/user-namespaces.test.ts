import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { UserNamespaces } from '../../../src/kubelet/pod/user-namespaces.ts';

function podOf(uid: string, hostUsers: boolean | undefined = false): Pod {
  return { metadata: { uid }, spec: { containers: [], ...(!hostUsers && { hostUsers }) } };
}

const range = (first: number) => [{ host_id: first, container_id: 0, length: 65_536 }];
const rootOf = (t: Test): string => t.testdir({ pods: {} });

t.test('pods have ranges that nobody else has, and give them back', async (t) => {
  const users = new UserNamespaces({ root: rootOf(t), maxPods: 3 });
  t.equal(await users.ensure(podOf('plain', true)), undefined);
  t.equal(users.of(podOf('plain', true)), undefined);
  const all = await Promise.all(['a', 'b', 'c'].map((uid) => users.ensure(podOf(uid))));
  t.same(
    all.map((one) => one?.uids),
    [65_536, 131_072, 196_608].map(range),
  );
  t.same(all[0]?.gids, all[0]?.uids);
  t.same(await users.ensure(podOf('b')), all[1], 'the same when it is asked again');
  const words = /could not find an empty slot to allocate a user namespace/;
  await t.rejects(users.ensure(podOf('d')), { kind: 'exhausted', message: words });
  t.throws(() => users.of(podOf('d')), { message: /pod d has no range of users/ });
  users.release('b');
  t.same((await users.ensure(podOf('d')))?.uids, range(131_072));
});

t.test('a restart gives each its own again, by the form of the stock kubelet', async (t) => {
  const root = rootOf(t);
  const first = new UserNamespaces({ root, maxPods: 10 });
  for (const uid of ['a', 'b']) await first.ensure(podOf(uid));
  const mappings = [{ hostId: 131_072, containerId: 0, length: 65_536 }];
  t.same(JSON.parse(readFileSync(`${root}/pods/b/userns`, 'utf8')), {
    uidMappings: mappings,
    gidMappings: mappings,
  });
  rmSync(`${root}/pods/a`, { recursive: true });
  const second = new UserNamespaces({ root, maxPods: 10 });
  t.same(second.of(podOf('b'))?.uids, range(131_072));
  t.same((await second.ensure(podOf('c')))?.uids, range(65_536), 'the one that is free');
  t.doesNotThrow(() => new UserNamespaces({ root: `${root}/nothing`, maxPods: 10 }));
});

t.test('a record that is damaged is nobody’s guess', async (t) => {
  const root = rootOf(t);
  mkdirSync(`${root}/pods/a`);
  const one = { hostId: 65_536, containerId: 0, length: 65_536 };
  const wrong: unknown[] = [
    null,
    {},
    { uidMappings: [one], gidMappings: [] },
    { uidMappings: [one, one], gidMappings: [one] },
    ...[
      { hostId: 0 },
      { hostId: 65_537 },
      { hostId: '65536' },
      { hostId: 2 ** 32 },
      { containerId: 1 },
      { length: 1 },
    ].map((more) => {
      return { uidMappings: [{ ...one, ...more }], gidMappings: [{ ...one, ...more }] };
    }),
    { uidMappings: [one], gidMappings: [{ ...one, hostId: 131_072 }] },
  ];
  const open = () => new UserNamespaces({ root, maxPods: 10 });
  for (const record of [...wrong.map((value) => JSON.stringify(value)), '', '{']) {
    writeFileSync(`${root}/pods/a/userns`, record);
    t.throws(open, { kind: 'invalid', message: /pods\/a\/userns: / }, record);
  }
  mkdirSync(`${root}/pods/b`);
  const same = JSON.stringify({ uidMappings: [one], gidMappings: [one] });
  for (const uid of ['a', 'b']) writeFileSync(`${root}/pods/${uid}/userns`, same);
  t.throws(open, { message: /pods a and b have both the range from 65536/ });
});

/** Our loopback and the reference's in equal worlds. */
import t from 'tap';
import { type Call, compare, skip, World } from './differential.ts';

t.setTimeout(600_000);

const calls = (verbs: readonly string[], config: object = {}): Call[] =>
  verbs.map((verb) => ({
    verb,
    config: { cniVersion: '1.0.0', name: 'net', type: 'loopback', ...config },
  }));

t.test('ADD, CHECK and DEL', { skip }, async (t) => {
  await compare(t, { calls: calls(['ADD', 'CHECK', 'DEL', 'DEL']) });
});

t.test(
  'older versions get a result in their shape; the reference prints that of 1.0',
  { skip },
  async (t) => {
    t.testdir({});
    const world = new World(t, 'ours');
    for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0']) {
      const [add] = calls(['ADD'], { cniVersion });
      if (add === undefined) throw new Error('no call');
      const expected =
        cniVersion < '0.3.0'
          ? { ip4: { ip: '127.0.0.1/8' }, ip6: { ip: '::1/128' } }
          : {
              interfaces: [{ name: 'lo' }],
              ips: [{ version: '4', interface: 0 }, { version: '6' }],
            };
      t.match(world.call(add), { exitCode: 0, document: { cniVersion, ...expected } }, cniVersion);
    }
  },
);

t.test('a previous result is passed on', { skip }, async (t) => {
  const prevResult = {
    cniVersion: '1.0.0',
    ips: [{ address: '10.1.1.1/24', gateway: '10.1.1.254' }],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  await compare(t, { calls: calls(['ADD'], { prevResult }) });
});

t.test('a stranger’s address on lo is refused, and CHECK sees it down', { skip }, async (t) => {
  await compare(t, {
    prepare: (world) => {
      world.ipInside('address', 'add', '10.5.5.5/32', 'dev', 'lo');
    },
    calls: calls(['CHECK', 'ADD']),
  });
});

t.test('STATUS and GC of 1.1.0, which the reference does not have', { skip }, async (t) => {
  t.testdir({});
  const world = new World(t, 'ours');
  for (const call of calls(['STATUS', 'GC', 'ADD', 'CHECK', 'DEL'], { cniVersion: '1.1.0' })) {
    t.match(world.call(call), { exitCode: 0 }, call.verb);
  }
});

import t from 'tap';
import { netlink } from '../../../../src/index.ts';
import { TestNamespace } from '../namespace.ts';
import { inet, ip, listed, loaded, open, skipReason } from './ruleset.ts';

const { nftables } = netlink;
const { statement } = nftables;
const prerouting = { ...ip, chain: 'prerouting' };

t.test('sets and maps of nf_tables', { skip: skipReason }, async (t) => {
  t.test('sets and maps are listed by nft as its own', async (t) => {
    using ours = new TestNamespace();
    using theirs = new TestNamespace();
    using connection = await open(ours);
    loaded(
      theirs,
      `table inet keelson {
         set pods {
           type ipv4_addr
           comment "the pods"
           elements = { 10.1.0.1, 10.1.0.2 comment "web" }
         }
         set names { type ifname; elements = { "eth0", "veth1" } }
         set marks { type mark; elements = { 0x10, 0x20 } }
         set ports {
           type ipv6_addr . inet_proto . inet_service
           elements = { fd00::1 . tcp . 80 }
         }
         set nets {
           type ipv4_addr
           flags interval
           elements = { 10.0.0.0/8, 192.168.1.5-192.168.1.9, 255.255.255.0/24 }
         }
         set rich {
           type ipv4_addr . inet_service
           flags interval
           elements = { 10.0.0.0/8 . 80-90 }
         }
         set short { type ipv4_addr; flags timeout; timeout 1h; }
         chain one { }
         map jumps {
           type ipv4_addr : verdict
           elements = { 10.1.0.1 : jump one, 10.1.0.2 : drop }
         }
         map backends {
           type ipv4_addr . inet_service : ipv4_addr . inet_service
           elements = { 10.96.0.1 . 80 : 10.1.0.1 . 8080 }
         }
         chain use {
           ip saddr @pods accept
           ip saddr . tcp dport @rich drop
           iifname != @names drop
           ip daddr vmap @jumps
         }
       }`,
    );
    const pods = set('pods', ['ipv4_addr'], { comment: 'the pods' });
    const names = set('names', ['ifname']);
    const marks = set('marks', ['mark']);
    const ports = set('ports', ['ipv6_addr', 'inet_proto', 'inet_service']);
    const nets = set('nets', ['ipv4_addr'], { interval: true });
    const rich = set('rich', ['ipv4_addr', 'inet_service'], { interval: true });
    const short = set('short', ['ipv4_addr'], { timeoutMs: 3_600_000 });
    const jumps = set('jumps', ['ipv4_addr'], { data: 'verdict' });
    const service = ['ipv4_addr', 'inet_service'] as const;
    const backends = set('backends', [...service], { data: service });
    const use = { ...inet, chain: 'use' };
    const ip4 = statement.version(4);
    const tcp = statement.protocol('tcp');
    const elementsOf = {
      pods: [{ key: ['10.1.0.1'] }, { key: ['10.1.0.2'], comment: 'web' }],
      names: [{ key: ['eth0'] }, { key: ['veth1'] }],
      marks: [{ key: [0x10] }, { key: [0x20] }],
      ports: [{ key: ['fd00::1', 'tcp', 80] }],
      nets: [
        { key: ['10.0.0.0/8'] },
        { key: [{ from: '192.168.1.5', to: '192.168.1.9' }] },
        { key: ['255.255.255.0/24'] },
      ],
      rich: [{ key: ['10.0.0.0/8', { from: 80, to: 90 }] }],
      jumps: [
        { key: ['10.1.0.1'], data: { verdict: 'jump', chain: 'one' } },
        { key: ['10.1.0.2'], data: { verdict: 'drop' } },
      ],
      backends: [{ key: ['10.96.0.1', 80], data: ['10.1.0.1', 8080] }],
    } as const;
    await nftables.commit(connection, [
      nftables.addTable(inet),
      nftables.addChain({ ...inet, chain: 'one' }),
      nftables.addChain(use),
      ...[pods, names, marks, ports, nets, rich, short, jumps, backends].map(nftables.addSet),
      nftables.addElements(pods, elementsOf.pods),
      nftables.addElements(names, elementsOf.names),
      nftables.addElements(marks, elementsOf.marks),
      nftables.addElements(ports, elementsOf.ports),
      nftables.addElements(nets, elementsOf.nets),
      nftables.addElements(rich, elementsOf.rich),
      nftables.addElements(jumps, elementsOf.jumps),
      nftables.addElements(backends, elementsOf.backends),
      nftables.addRule({
        ...use,
        expressions: [ip4, statement.inSet(['sourceIp'], 'pods'), statement.verdict('accept')],
      }),
      nftables.addRule({
        ...use,
        expressions: [
          ip4,
          tcp,
          statement.inSet(['sourceIp', 'destinationPort'], 'rich'),
          statement.verdict('drop'),
        ],
      }),
      nftables.addRule({
        ...use,
        expressions: [
          statement.inSet(['inputInterface'], 'names', 'neq'),
          statement.verdict('drop'),
        ],
      }),
      nftables.addRule({
        ...use,
        expressions: [ip4, statement.verdictMap(['destinationIp'], 'jumps')],
      }),
    ]);
    t.same(parts(listed(ours)), parts(listed(theirs)));
    const sets = await nftables.listSets(connection, inet);
    const find = (name: string) => sets.filter((one) => one.set === name);
    for (const [name, elements] of Object.entries(elementsOf)) {
      const [found] = find(name);
      if (found === undefined) throw new Error(`${name} is not listed`);
      const read = await nftables.listElements(connection, found);
      const expected = elements.map((one) => JSON.stringify(one)).toSorted();
      const normal = expected.map((one) =>
        one
          .replaceAll('"10.0.0.0/8"', '{"from":"10.0.0.0","to":"10.255.255.255"}')
          .replaceAll('"255.255.255.0/24"', '{"from":"255.255.255.0","to":"255.255.255.255"}'),
      );
      t.same(read.map((one) => JSON.stringify(order(one))).toSorted(), normal.toSorted(), name);
    }
    t.match(find('pods'), [{ key: ['ipv4_addr'], comment: 'the pods' }]);
    t.match(find('jumps'), [{ data: 'verdict' }]);
    t.match(find('backends'), [{ data: ['ipv4_addr', 'inet_service'] }]);
    t.match(find('short'), [{ timeoutMs: 3_600_000 }]);
    await nftables.commit(connection, [
      nftables.deleteElements(nets, [{ key: ['10.0.0.0/8'] }]),
      nftables.deleteElements(rich, elementsOf.rich),
      nftables.flushElements(pods),
    ]);
    t.same(await nftables.listElements(connection, pods), []);
    t.same(await nftables.listElements(connection, rich), []);
    t.equal((await nftables.listElements(connection, nets)).length, 2);
  });

  t.test('30,000 elements go in one transaction, and one changes alone', async (t) => {
    using space = new TestNamespace();
    using connection = await open(space);
    const service = ['ipv4_addr', 'inet_service'] as const;
    const map = { ...ip, set: 'services', key: service, data: service };
    const elements = Array.from({ length: 30_000 }, (_, i) => ({
      key: [`10.96.${i >> 8}.${i & 255}`, 80],
      data: [`10.1.${i >> 8}.${i & 255}`, 8080],
    }));
    await nftables.commit(connection, [
      nftables.addTable(ip),
      nftables.addSet(map),
      nftables.addElements(map, elements),
      nftables.addChain({
        ...prerouting,
        base: { type: 'nat', hook: 'prerouting', priority: -100 },
      }),
      nftables.addRule({
        ...prerouting,
        expressions: [
          statement.protocol('tcp'),
          statement.destinationNatByMap(['destinationIp', 'destinationPort'], 'services', 4),
        ],
      }),
    ]);
    const chain = space.exec('nft', ...'list chain ip nat prerouting'.split(' '));
    t.match(chain, /dnat ip to ip daddr . tcp dport map @services/);
    t.equal((await nftables.listElements(connection, map)).length, 30_000);
    const one = { key: ['10.96.0.7', 80] };
    await nftables.commit(connection, [
      nftables.deleteElements(map, [one]),
      nftables.addElements(map, [{ ...one, data: ['10.1.9.9', 9090] }]),
    ]);
    const changed = await nftables.listElements(connection, map);
    t.equal(changed.length, 30_000);
    t.match(
      changed.find(({ key }) => key[0] === '10.96.0.7'),
      { data: ['10.1.9.9', 9090] },
    );
  });
});

function set(
  name: string,
  key: netlink.nftables.DataTypeName[],
  more: Partial<netlink.nftables.SetDefinition> = {},
): netlink.nftables.SetDefinition {
  return { ...inet, set: name, key, ...more };
}

/** Sets and chains in no order. */
function parts(text: string): string[] {
  return text.split(/^\t(?=set|map|chain)/m).toSorted();
}

/** The fields in the order in which the test writes them. */
function order({ key, data, comment }: netlink.nftables.Element): netlink.nftables.Element {
  return {
    key,
    ...(data !== undefined && { data }),
    ...(comment !== undefined && { comment }),
  };
}

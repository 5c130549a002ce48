import t from 'tap';
import { netlink } from '../../../../src/index.ts';
import { skip, TestNamespace } from '../namespace.ts';

const { nftables } = netlink;

t.test('an element is found by its key', { skip }, async (t) => {
  using space = new TestNamespace();
  using connection = await netlink.open({ namespace: space.path, protocol: 'netfilter' });
  const table = { family: 'inet', table: 'found' } as const;
  const map = {
    ...table,
    set: 'ports',
    key: ['inet_proto', 'inet_service'],
    data: ['ipv4_addr', 'inet_service'],
  } as const;
  const pairs = {
    ...table,
    set: 'pairs',
    key: ['ipv4_addr', 'ipv4_addr'],
    interval: true,
  } as const;
  t.equal(await nftables.findElement(connection, map, ['tcp', 80]), undefined, 'no table');
  await nftables.commit(connection, [
    nftables.addTable(table),
    nftables.addSet(map),
    nftables.addSet(pairs),
    nftables.addElements(map, [{ key: ['tcp', 80], data: ['10.1.0.2', 8080], comment: 'mine' }]),
    nftables.addElements(pairs, [{ key: ['10.1.0.0/24', '10.1.0.2'], comment: 'a range' }]),
  ]);
  const found = await nftables.findElement(connection, map, ['tcp', 80]);
  t.same(found, { key: ['tcp', 80], data: ['10.1.0.2', 8080], comment: 'mine' });
  t.equal(await nftables.findElement(connection, map, ['udp', 80]), undefined);
  const range = await nftables.findElement(connection, pairs, ['10.1.0.0/24', '10.1.0.2']);
  t.equal(range?.comment, 'a range');
  t.equal(
    (await nftables.findElement(connection, pairs, ['10.1.0.9', '10.1.0.3']))?.key,
    undefined,
  );
});

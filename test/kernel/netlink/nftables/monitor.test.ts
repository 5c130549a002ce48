import t from 'tap';
import { netlink } from '../../../../src/index.ts';
import { TestNamespace } from '../namespace.ts';
import { inet, loaded, open, skipReason } from './ruleset.ts';

const { nftables } = netlink;

t.setTimeout(60_000);

type Events = AsyncIterable<netlink.nftables.NftEvent | netlink.Resync>;

/** What is told up to the end of a transaction, as `nft monitor` words it. */
async function transaction(events: Events): Promise<readonly string[]> {
  const told: string[] = [];
  for await (const event of uninterrupted(events)) {
    told.push(worded(event));
    if (event.kind === 'commit' || event.kind === 'resync') break;
  }
  return told;
}

/** `break` would end the subscription. */
function uninterrupted<Event>(events: AsyncIterable<Event>): AsyncIterable<Event> {
  const iterator = events[Symbol.asyncIterator]();
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}

function worded(event: netlink.nftables.NftEvent | netlink.Resync): string {
  switch (event.kind) {
    case 'table':
      return `${event.action} table ${event.table.family} ${event.table.table}`;
    case 'chain':
      return `${event.action} chain ${event.chain.chain}`;
    case 'rule':
      return `${event.action} rule ${event.rule.chain} ${event.rule.comment}`;
    case 'set':
      return `${event.action} set ${event.set.set}`;
    case 'elements':
      return `${event.action} elements ${event.elements.set}`;
    case 'object':
      return `${event.action} ${event.object.type} ${event.object.object}`;
    default:
      return event.kind;
  }
}

t.test('the monitor of nf_tables', { skip: skipReason }, async (t) => {
  t.test('tells what another program does, transaction by transaction', async (t) => {
    using space = new TestNamespace();
    using connection = await open(space);
    await using events = await nftables.monitor({ namespace: space.path });
    loaded(
      space,
      `table inet keelson {
         counter hits { }
         set allowed { type ipv4_addr; }
         chain input { tcp dport 80 accept comment "web"; }
       }`,
    );
    t.same((await transaction(events)).toSorted(), [
      'commit',
      'new chain input',
      'new counter hits',
      'new rule input web',
      'new set allowed',
      'new table inet keelson',
    ]);
    loaded(space, 'add element inet keelson allowed { 10.0.0.1, 10.0.0.2 }');
    const set = (await nftables.listSets(connection, inet)).find((one) => one.set === 'allowed');
    if (set?.key === undefined) throw new Error('the set is not listed');
    const known = { ...set, key: set.key };
    const addresses: string[] = [];
    for await (const event of uninterrupted(events)) {
      if (event.kind === 'commit') {
        t.equal(event.generation.program, 'nft');
        t.equal(event.generation.id, (await nftables.generation(connection)).id);
        break;
      }
      if (event.kind !== 'elements') throw new Error(`told of ${event.kind}`);
      const changed = nftables.changedElements(known, event.elements);
      addresses.push(...changed.map(({ key }) => JSON.stringify(key)));
    }
    t.same(addresses.toSorted(), ['["10.0.0.1"]', '["10.0.0.2"]']);
    loaded(space, 'delete table inet keelson');
    const gone = await transaction(events);
    t.equal(gone.at(-1), 'commit');
    for (const what of ['rule input web', 'chain input', 'set allowed', 'table inet keelson']) {
      t.ok(gone.includes(`removed ${what}`), what);
    }
  });

  t.test('a consumer that was too slow is told so, lists again and is right', async (t) => {
    using space = new TestNamespace();
    using connection = await open(space);
    const set = { ...inet, set: 'many', key: ['ipv4_addr'] } as const;
    await nftables.commit(connection, [nftables.addTable(inet), nftables.addSet(set)]);
    const options = { namespace: space.path, receiveBytes: 32 * 1024 };
    await using events = await nftables.monitor(options);
    const keys = Array.from({ length: 20_000 }, (_, i) => ({
      key: [`10.1.${i >> 8}.${i & 255}`],
    }));
    await nftables.commit(connection, nftables.addElements(set, keys));
    let told = await transaction(events);
    while (!told.includes('resync')) told = await transaction(events);
    t.ok(told.includes('resync'));
    t.equal((await nftables.listElements(connection, set)).length, keys.length);
    await nftables.commit(connection, nftables.deleteElements(set, keys.slice(0, 1)));
    while (!told.includes('removed elements many')) told = await transaction(events);
    t.pass('and later events are told');
  });

  t.test('what ends, ends the iteration', async (t) => {
    using space = new TestNamespace();
    const events = await nftables.monitor({ namespace: space.path });
    const waiting = events.next();
    events.close();
    t.same(await waiting, { value: undefined, done: true });
    t.same(await events.next(), { value: undefined, done: true });
  });
});

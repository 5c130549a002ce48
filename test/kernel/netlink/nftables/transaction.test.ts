import t from 'tap';
import { isKernelError, netlink } from '../../../../src/index.ts';
import { TestNamespace } from '../namespace.ts';
import { inet, listed, open, skipReason } from './ruleset.ts';

const { nftables } = netlink;
const { statement } = nftables;
const forward = { ...inet, chain: 'forward' };

t.test('transactions of nf_tables', { skip: skipReason }, async (t) => {
  t.test('a transaction that fails anywhere changes nothing and names the place', async (t) => {
    using space = new TestNamespace();
    using connection = await open(space);
    const failure = await nftables
      .commit(connection, [
        nftables.addTable(inet),
        nftables.addChain(forward),
        nftables.addRule({ ...inet, chain: 'none', expressions: [statement.counter()] }),
        nftables.deleteChain({ ...inet, chain: 'neither' }),
      ])
      .catch((error: unknown) => error);
    t.ok(isKernelError(failure, 'ENOENT'));
    t.match(String(failure), /NFT_MSG_NEWRULE rule of inet keelson none: ENOENT/);
    t.same(await nftables.listTables(connection), []);
    await nftables.commit(connection, []);
  });

  t.test('a commit at another generation is refused', async (t) => {
    using space = new TestNamespace();
    using connection = await open(space);
    const { id } = await nftables.generation(connection);
    await nftables.commit(connection, [nftables.addTable(inet)], { generation: id });
    await t.rejects(nftables.commit(connection, [nftables.deleteTable(inet)], { generation: id }), {
      code: 'ERESTART',
      path: `generation ${id}`,
    });
    const now = await nftables.generation(connection);
    t.not(now.id, id);
    t.equal(now.pid, process.pid);
    await nftables.commit(connection, [nftables.deleteTable(inet)], { generation: now.id });
    t.same(await nftables.listTables(connection), []);
  });

  t.test('tables, chains, rules and objects are read back', async (t) => {
    using space = new TestNamespace();
    using connection = await open(space);
    const base = { type: 'filter', hook: 'forward', priority: -5, policy: 'drop' } as const;
    const expressions = [...statement.protocol('tcp'), ...statement.counter('hits')];
    await nftables.commit(connection, [
      nftables.addTable({ ...inet, comment: 'keelson: services' }),
      nftables.addChain({ ...forward, base, comment: 'all of it' }),
      nftables.addObject({ ...inet, object: 'hits', type: 'counter', comment: 'of a pod' }),
      nftables.addObject({ ...inet, object: 'most', type: 'quota', bytes: 1000n, over: true }),
      nftables.addRule({ ...forward, expressions, comment: 'first' }),
      nftables.addRule({ ...forward, expressions: statement.verdict('drop') }),
    ]);
    t.match(await nftables.listTables(connection), [
      { ...inet, comment: 'keelson: services', dormant: false },
    ]);
    t.match(await nftables.listChains(connection, inet), [
      { ...forward, base, comment: 'all of it' },
    ]);
    const rules = await nftables.listRules(connection, forward);
    t.equal(rules.length, 2);
    t.match(rules[0], { comment: 'first', expressions });
    t.match(await nftables.listObjects(connection, inet), [
      { object: 'hits', type: 'counter', packets: 0n, comment: 'of a pod' },
      { object: 'most', type: 'quota', bytes: 1000n },
    ]);
    t.match(listed(space), /comment "keelson: services"[^]*over 1000 bytes/);
    const [first, second] = rules;
    if (first === undefined || second === undefined) throw new Error('no rules');
    await nftables.commit(connection, [
      nftables.replaceRule({ ...forward, expressions: statement.verdict('accept') }, first.handle),
      nftables.insertRule({ ...forward, expressions: statement.counter() }, second.handle),
      nftables.insertRule({ ...forward, expressions: statement.notrack() }),
    ]);
    const kinds = (await nftables.listRules(connection, forward)).map(
      (one) => one.expressions[0]?.name,
    );
    t.same(kinds, ['notrack', 'immediate', 'counter', 'immediate']);
    await nftables.commit(connection, [nftables.deleteRule(second)]);
    t.equal((await nftables.listRules(connection, forward)).length, 3);
    await nftables.commit(connection, [nftables.flushRules(forward)]);
    t.same(await nftables.listRules(connection, forward), []);
    await nftables.commit(connection, nftables.destroyTable(inet));
    await nftables.commit(connection, nftables.destroyTable(inet));
    t.same(await nftables.listRules(connection, forward), []);
  });
});

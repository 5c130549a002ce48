import t from 'tap';
import { netlink } from '../../../src/index.ts';
import { skip, TestNamespace } from './namespace.ts';

const { link, rule, fdb, bridgePort, namespaceId } = netlink;

t.test('bridges, rules and namespace numbers', { skip }, async (t) => {
  t.test('a forwarding database is the one that bridge shows', async (t) => {
    using space = new TestNamespace();
    using connection = await netlink.open({ namespace: space.path });
    await link.create(connection, {
      kind: 'vxlan',
      name: 'x0',
      data: { id: 7, port: 4789, learning: 0 },
    });
    const linkAddress = '02:00:00:00:00:09';
    const one = { device: 'x0', linkAddress, remote: '10.0.0.9' };
    await fdb.add(connection, one);
    await t.rejects(fdb.add(connection, one), { code: 'EEXIST' });
    await fdb.replace(connection, { ...one, remote: 'fd00::9' }).catch(() => {});
    await fdb.replace(connection, { ...one, remote: '10.0.0.10' });
    const flood = { device: 'x0', linkAddress: '00:00:00:00:00:00' };
    await fdb.append(connection, { ...flood, remote: '10.0.0.1' });
    await fdb.append(connection, { ...flood, remote: '10.0.0.2', port: 4790, vni: 9 });
    const shown = JSON.parse(space.exec('bridge', '-j', 'fdb', 'show', 'dev', 'x0')) as object[];
    t.match(
      shown.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
      [
        { mac: '00:00:00:00:00:00', dst: '10.0.0.1', state: 'permanent' },
        { mac: '00:00:00:00:00:00', dst: '10.0.0.2', port: 4790, vni: 9 },
        { mac: linkAddress, dst: '10.0.0.10', flags: ['self'] },
      ],
    );
    const listed = await fdb.list(connection, 'x0');
    t.equal(listed.length, 3);
    t.match(
      listed.find((entry) => entry.linkAddress === linkAddress),
      { remote: '10.0.0.10', self: true, permanent: true, static: true },
    );
    t.match(
      listed.find((entry) => entry.remote === '10.0.0.2'),
      { port: 4790, vni: 9 },
    );
    t.equal(await fdb.remove(connection, { ...one, remote: '10.0.0.10' }), true);
    t.equal(await fdb.remove(connection, { ...one, remote: '10.0.0.10' }), false);
  });

  t.test('a port has what is set of it', async (t) => {
    using space = new TestNamespace();
    using connection = await netlink.open({ namespace: space.path });
    await link.create(connection, { kind: 'bridge', name: 'br0' });
    await link.create(connection, { kind: 'veth', name: 'v0', peer: { name: 'v1' } });
    await t.rejects(bridgePort.set(connection, 'v0', { hairpin: true }), {
      name: 'KernelError',
    });
    await link.setMaster(connection, 'v0', 'br0');
    await bridgePort.set(connection, 'v0', { hairpin: true, isolated: true, learning: false });
    await bridgePort.set(connection, 'v0', { flood: false, neighbourSuppress: true, cost: 77 });
    const [shown] = JSON.parse(
      space.exec('bridge', '-j', '-d', 'link', 'show', 'dev', 'v0'),
    ) as object[];
    t.match(shown, {
      hairpin: true,
      isolated: true,
      learning: false,
      flood: false,
      neigh_suppress: true,
      cost: 77,
    });
    t.match((await link.get(connection, 'v0')).port, {
      hairpin: 1,
      isolated: 1,
      learning: 0,
      unicastFlood: 0,
      cost: 77,
    });
    await fdb.add(connection, {
      device: 'v0',
      linkAddress: '02:00:00:00:00:05',
      owner: 'master',
      state: 'static',
    });
    t.match(
      (await fdb.list(connection, 'v0')).find(({ permanent }) => !permanent),
      { linkAddress: '02:00:00:00:00:05', static: true, self: false },
    );
    const vlan = await bridgePort.addVlan(connection, 'v0', { id: 10 }).then(
      () => 'made',
      (error: Error) => error.message,
    );
    t.match(vlan, /^made$|EOPNOTSUPP|EINVAL/, 'VLANs, where the kernel filters them');
  });

  t.test('rules are those that ip shows', async (t) => {
    using space = new TestNamespace();
    using connection = await netlink.open({ namespace: space.path });
    const one = { from: '10.1.0.0/16', table: 200, priority: 100, protocol: 222 };
    await rule.add(connection, one);
    await t.rejects(rule.add(connection, one), { code: 'EEXIST' });
    await rule.add(connection, { family: 'ipv4', mark: 16, table: 5000, inputInterface: 'lo' });
    await rule.add(connection, { to: 'fd00::/8', action: 'prohibit', priority: 7 });
    t.match(space.ipJson('rule', 'show'), [
      { priority: 0, src: 'all', table: 'local' },
      { iif: 'lo', fwmark: '0x10', table: '5000' },
      { priority: 100, src: '10.1.0.0', srclen: 16, table: '200', protocol: '222' },
      { priority: 32766, table: 'main' },
      { priority: 32767, table: 'default' },
    ]);
    t.match(await rule.list(connection, 'ipv4'), [
      { priority: 0, table: 255 },
      { mark: 16, inputInterface: 'lo', table: 5000 },
      { priority: 100, from: '10.1.0.0/16', table: 200, action: 'table', protocol: 222 },
      { priority: 32766, table: 254 },
      { priority: 32767, table: 253 },
    ]);
    t.ok(
      (await rule.list(connection)).some(
        ({ to, action }) => to === 'fd00::/8' && action === 'prohibit',
      ),
    );
    t.equal(await rule.remove(connection, { from: '10.1.0.0/16' }), true);
    t.equal(await rule.remove(connection, { from: '10.1.0.0/16' }), false);
    await t.rejects(rule.add(connection, { table: 7 }), /needs a family/);
  });

  t.test('namespaces have numbers', async (t) => {
    using host = new TestNamespace();
    using pod = new TestNamespace();
    using connection = await netlink.open({ namespace: host.path });
    t.equal(await namespaceId.get(connection, pod.path), undefined);
    t.equal(await namespaceId.assign(connection, pod.path, 42), 42);
    t.equal(await namespaceId.get(connection, pod.path), 42);
    t.same(await namespaceId.list(connection), [42]);
    await t.rejects(namespaceId.assign(connection, pod.path), { code: 'EEXIST' });
    await link.create(connection, {
      kind: 'veth',
      name: 'v0',
      peer: { name: 'eth0', namespace: pod.path },
    });
    t.equal((await link.get(connection, 'v0')).linkNamespaceId, 42);
    using other = new TestNamespace();
    t.type(await namespaceId.assign(connection, other.path), 'number');
  });
});

import t from 'tap';
import { isDomainError, isKernelError, netlink } from '../../../src/index.ts';
import { skip, TestNamespace } from './namespace.ts';

const { link } = netlink;

t.test('links', { skip }, async (t) => {
  t.test('get tells of the loopback what ip tells', async (t) => {
    using space = new TestNamespace();
    using connection = await netlink.open({ namespace: space.path });
    const lo = await link.get(connection, 'lo');
    const [oracle] = space.ipJson('link', 'show', 'lo');
    t.match(oracle, {
      ifindex: lo.index,
      ifname: lo.name,
      mtu: lo.mtu,
      qdisc: lo.queueDiscipline,
      txqlen: lo.transmitQueueLength,
      address: lo.address,
      broadcast: lo.broadcast,
      promiscuity: lo.promiscuity,
      operstate: 'DOWN',
    });
    t.equal(lo.up, false);
    t.equal((await link.get(connection, lo.index)).name, 'lo');
  });

  t.test('create makes a veth whose peer is born in another namespace', async (t) => {
    using host = new TestNamespace();
    using pod = new TestNamespace();
    using connection = await netlink.open({ namespace: host.path });
    await link.create(connection, {
      kind: 'veth',
      name: 'veth0',
      up: true,
      peer: { name: 'eth0', namespace: pod.path, address: '02:00:00:00:00:07', mtu: 1400 },
    });
    const own = await link.get(connection, 'veth0');
    t.match(own, { kind: 'veth', up: true, mtu: 1500 });
    using inside = await netlink.open({ namespace: pod.path });
    const peer = await link.get(inside, 'eth0');
    t.match(peer, { kind: 'veth', up: false, mtu: 1400, address: '02:00:00:00:00:07' });
    t.equal(peer.link, own.index);
    t.equal(own.link, peer.index);
    t.type(own.linkNamespaceId, 'number');
    t.match(pod.ipJson('link', 'show', 'eth0'), [{ address: '02:00:00:00:00:07', mtu: 1400 }]);
  });

  t.test('create makes each kind with its data as ip shows it', async (t) => {
    using space = new TestNamespace();
    using connection = await netlink.open({ namespace: space.path });
    await link.create(connection, { kind: 'bridge', name: 'br0', data: { forwardDelay: 200 } });
    const parent = await link.indexOf(connection, 'br0');
    await link.create(connection, {
      kind: 'vxlan',
      name: 'vx0',
      data: { id: 4096, port: 4789, local: '10.0.0.1', learning: 0, group: '239.1.1.1', parent },
    });
    await link.create(connection, {
      kind: 'macvlan',
      name: 'mv0',
      parent,
      data: { mode: 'bridge' },
    });
    await link.create(connection, { kind: 'ifb', name: 'ifb7', transmitQueueLength: 0 });
    const shown = new Map(space.ipJson('link', 'show').map((one) => [one['ifname'], one]));
    t.match(shown.get('br0'), { linkinfo: { info_kind: 'bridge' } });
    t.match(shown.get('vx0'), {
      linkinfo: {
        info_kind: 'vxlan',
        info_data: { id: 4096, port: 4789, local: '10.0.0.1', learning: false, group: '239.1.1.1' },
      },
    });
    t.match(shown.get('mv0'), {
      linkinfo: { info_kind: 'macvlan', info_data: { mode: 'bridge' } },
    });
    t.match(shown.get('ifb7'), { linkinfo: { info_kind: 'ifb' } });
    const read = await link.get(connection, 'vx0');
    t.match(read.data, { id: 4096, port: 4789, local: '10.0.0.1', learning: 0, parent });
    t.match((await link.get(connection, 'mv0')).data, { mode: 'bridge' });
    t.match((await link.get(connection, 'br0')).data, { forwardDelay: 200 });
  });

  t.test('a kind that the kernel lacks is EOPNOTSUPP with its name', async (t) => {
    using space = new TestNamespace();
    using connection = await netlink.open({ namespace: space.path });
    for (const kind of ['dummy', 'vrf', 'wireguard'] as const) {
      try {
        const data = kind === 'vrf' ? { data: { table: 10 } } : {};
        await link.create(connection, { kind, name: 'x0', ...data });
        t.match(space.ipJson('link', 'show', 'x0'), [{ linkinfo: { info_kind: kind } }]);
        await link.remove(connection, 'x0');
      } catch (error) {
        t.ok(isKernelError(error, 'EOPNOTSUPP'), String(error));
        t.match(String(error), new RegExp(`RTM_NEWLINK ${kind} x0: EOPNOTSUPP`));
        const table = kind === 'vrf' ? ['table', '10'] : [];
        t.throws(() => space.ip('link', 'add', 'x0', 'type', kind, ...table));
      }
    }
  });

  t.test('set changes flags and values in one message', async (t) => {
    using space = new TestNamespace();
    using connection = await netlink.open({ namespace: space.path });
    await link.create(connection, { kind: 'veth', name: 'a0', peer: { name: 'a1' } });
    await link.set(connection, 'a0', { up: true, mtu: 1280, alias: 'mine', promiscuous: true });
    await link.setAddress(connection, 'a0', '02:11:22:33:44:55');
    t.match(space.ipJson('link', 'show', 'a0'), [
      { mtu: 1280, ifalias: 'mine', address: '02:11:22:33:44:55', promiscuity: 1 },
    ]);
    t.match(await link.get(connection, 'a0'), { up: true, promiscuity: 1, alias: 'mine' });
    await link.setDown(connection, 'a0');
    await link.set(connection, 'a0', { promiscuous: false, arp: false });
    const flags = space.ipJson('link', 'show', 'a0')[0]?.['flags'];
    t.same(flags, ['BROADCAST', 'MULTICAST', 'NOARP', 'M-DOWN']);
    await link.setUp(connection, 'a0');
    t.equal((await link.get(connection, 'a0')).up, true);
  });

  t.test('master, rename and namespace moves', async (t) => {
    using space = new TestNamespace();
    using other = new TestNamespace();
    using connection = await netlink.open({ namespace: space.path });
    await link.create(connection, { kind: 'bridge', name: 'br0' });
    await link.create(connection, { kind: 'veth', name: 'v0', peer: { name: 'v1' } });
    await link.setMaster(connection, 'v0', 'br0');
    const ports = await link.list(connection, { master: 'br0' });
    t.same(
      ports.map(({ name }) => name),
      ['v0'],
    );
    t.equal(ports[0]?.portKind, 'bridge');
    await link.clearMaster(connection, 'v0');
    t.same(await link.list(connection, { master: 'br0' }), []);
    await link.rename(connection, 'v0', 'uplink');
    await link.setNamespace(connection, 'v1', { namespace: other.path, name: 'eth0' });
    t.match(other.ipJson('link', 'show', 'eth0'), [{ ifname: 'eth0' }]);
    t.equal(await link.find(connection, 'v1'), undefined);
    const kinds = (await link.list(connection, { kind: 'veth' })).map(({ name }) => name);
    t.same(kinds, ['uplink']);
  });

  t.test('remove is idempotent and takes a group at once', async (t) => {
    using space = new TestNamespace();
    using connection = await netlink.open({ namespace: space.path });
    for (const name of ['a', 'b', 'c']) {
      await link.create(connection, { kind: 'ifb', name, group: 77 });
    }
    t.equal(await link.remove(connection, 'a'), true);
    t.equal(await link.remove(connection, 'a'), false);
    t.equal(await link.removeGroup(connection, 77), true);
    t.equal(await link.removeGroup(connection, 77), false);
    t.equal(await link.find(connection, 'b'), undefined);
    t.ok(await link.find(connection, 'lo'));
  });

  t.test('errors carry the call, the object and the words of the kernel', async (t) => {
    using space = new TestNamespace();
    using connection = await netlink.open({ namespace: space.path });
    await t.rejects(link.get(connection, 'nope'), {
      call: 'RTM_GETLINK',
      code: 'ENODEV',
      path: 'nope',
    });
    await link.create(connection, { kind: 'veth', name: 'v0', peer: { name: 'v1' } });
    await t.rejects(link.setMtu(connection, 'v0', 70_000), {
      message: 'RTM_NEWLINK v0: EINVAL (mtu greater than device maximum)',
    });
    await t.rejects(link.create(connection, { kind: 'ifb', name: 'v0' }), { code: 'EEXIST' });
  });

  t.test('names that the kernel would misread are refused before it sees them', async (t) => {
    using space = new TestNamespace();
    using connection = await netlink.open({ namespace: space.path });
    for (const name of [
      '',
      '.',
      '..',
      'a/b',
      'a b',
      'a:b',
      'x'.repeat(16),
      'a\0b',
      'é'.repeat(8),
    ]) {
      await t.rejects(
        link.create(connection, { kind: 'ifb', name }),
        { name: 'DomainError' },
        name,
      );
    }
    await t.rejects(link.get(connection, 'a\0b'), { name: 'DomainError' });
    await link.create(connection, { kind: 'ifb', name: 'x'.repeat(15) });
  });

  t.test('tun and tap devices are made in a namespace', async (t) => {
    using space = new TestNamespace();
    using connection = await netlink.open({ namespace: space.path });
    await netlink.tap.create({ name: 'tap0', mode: 'tap', namespace: space.path, owner: 1000 });
    await netlink.tap.create({
      name: 'tun0',
      mode: 'tun',
      namespace: space.path,
      multiQueue: true,
      group: 7,
    });
    t.match(space.ipJson('tuntap', 'show'), [
      { ifname: 'tap0', flags: ['tap', 'persist'], user: 1000 },
      { ifname: 'tun0', flags: ['tun', 'multi_queue', 'persist'], group: 7 },
    ]);
    t.match(await link.get(connection, 'tap0'), {
      kind: 'tun',
      data: { type: 'tap', owner: 1000, persistent: 1 },
    });
    const again = netlink.tap.create({ name: 'tap0', mode: 'tap', namespace: space.path });
    await t.rejects(again, { code: 'EBUSY', call: 'TUNSETIFF', path: 'tap0' });
    t.equal(await link.remove(connection, 'tap0'), true);
    using own = await netlink.open();
    t.equal(await link.find(own, 'tun0'), undefined);
  });

  t.test('a namespace that is none is told', async (t) => {
    const failure = await netlink.open({ namespace: '/proc/self/ns/uts' }).catch((e: unknown) => e);
    t.ok(isKernelError(failure, 'EINVAL'), String(failure));
    await t.rejects(netlink.open({ namespace: '/etc/hostname' }), { code: 'EINVAL' });
    await t.rejects(netlink.open({ namespace: '/run/netns/none' }), { code: 'ENOENT' });
  });

  t.test('a closed connection refuses, and closing waits for what is under way', async (t) => {
    using space = new TestNamespace();
    const connection = await netlink.open({ namespace: space.path });
    await link.create(connection, { kind: 'ifb', name: 'a' });
    const removal = link.remove(connection, 'a');
    connection.close();
    connection.close();
    t.equal(await removal, true);
    const refused = await link.get(connection, 'lo').catch((error: unknown) => error);
    t.ok(isDomainError(refused, 'unavailable'));
  });
});

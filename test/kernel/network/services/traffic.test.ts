import t from 'tap';
import { skip } from '../../netlink/namespace.ts';
import { addresses, addresses6, type Machine, ServiceLab, type slice } from './lab.ts';

t.setTimeout(300_000);

const url = 'http://10.96.0.1/';
const here = (machine: Machine) => ({ addresses: [addresses[machine]], nodeName: 'host01' });
const there = (machine: Machine) => ({ addresses: [addresses[machine]], nodeName: 'other' });
const refused = 'curl: 7';

t.test('services under traffic', { skip }, async (t) => {
  await using lab = await ServiceLab.open();
  await Promise.all([lab.serve('a'), lab.serve('b'), lab.serve('c')]);

  await t.test(
    'all endpoints of a cluster address are reached, with the pod as source',
    async (t) => {
      lab.want('web', {}, [[here('b'), here('c')]]);
      await lab.table.commit();
      const seen = new Set<string>();
      for (let i = 0; i < 60 && seen.size < 2; i++) seen.add(lab.curl('a', url));
      t.same([...seen].toSorted(), [`b ::ffff:${addresses.a}`, `c ::ffff:${addresses.a}`]);
    },
  );

  await t.test(
    'a process of the node and a machine outside reach it by way of the node',
    async (t) => {
      lab.want('web', {}, [[here('b')]]);
      await lab.table.commit();
      t.equal(lab.curl('node', url), 'b ::ffff:10.244.2.1');
      t.equal(lab.curl('out', url), 'b ::ffff:10.244.2.1');
    },
  );

  await t.test('a pod that is its own endpoint reaches itself', async (t) => {
    lab.want('web', {}, [[here('a')]]);
    await lab.table.commit();
    t.equal(lab.curl('a', url), 'a ::ffff:10.244.1.1');
  });

  await t.test('without endpoints connections are refused at once, by every way', async (t) => {
    lab.want('web', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] }, [[]]);
    await lab.table.commit();
    t.equal(lab.curl('a', url), refused);
    t.equal(lab.curl('node', url), refused);
    t.equal(lab.curl('out', 'http://192.168.9.1:30080/'), refused);
    t.equal(lab.curl('a', 'http://10.96.0.1:81/'), refused, 'a port the Service does not have');
    t.equal(lab.curl('a', 'http://10.96.7.7/'), refused, 'an address nobody has');
    const ask = lab.client('a', '10.96.0.1', 53, 4001);
    t.equal(await ask(), 'ECONNREFUSED');
  });

  await t.test('node ports and external addresses work from everywhere', async (t) => {
    const spec = {
      type: 'LoadBalancer',
      ports: [{ port: 80, nodePort: 30_080 }],
      externalIPs: ['203.0.113.7'],
    };
    lab.want('web', spec, [[here('b')]]);
    await lab.table.commit();
    for (const target of ['192.168.9.1:30080', '203.0.113.7']) {
      const by = { a: '10.244.2.1', node: '10.244.2.1', out: '10.244.2.1' } as const;
      lab.space('out').ip('route', 'replace', '203.0.113.0/24', 'via', '192.168.9.1');
      for (const [machine, source] of Object.entries(by)) {
        const answer = lab.curl(machine as 'a' | 'node' | 'out', `http://${target}/`);
        t.equal(answer, `b ::ffff:${source}`, `${machine} to ${target}`);
      }
    }
    t.equal(lab.curl('node', 'http://127.0.0.1:30080/'), refused, 'not on the loopback');
  });

  await t.test(
    'policy Local keeps the source of clients outside, and others reach all',
    async (t) => {
      const spec = {
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        ports: [{ port: 80, nodePort: 30_080 }],
      };
      lab.want('web', spec, [[here('b'), there('c')]]);
      await lab.table.commit();
      const nodePort = 'http://192.168.9.1:30080/';
      for (let i = 0; i < 8; i++) t.equal(lab.curl('out', nodePort), `b ::ffff:${addresses.out}`);
      const seen = new Set<string>();
      for (let i = 0; i < 60 && seen.size < 2; i++) seen.add(lab.curl('a', nodePort)[0] ?? '');
      t.same([...seen].toSorted(), ['b', 'c']);
      lab.want('web', spec, [[there('c')]]);
      await lab.table.commit();
      t.equal(lab.curl('out', nodePort, '--connect-timeout', '0.3'), 'curl: 28', 'no answer');
      t.equal(lab.curl('a', nodePort)[0], 'c');
      lab.want('web', { internalTrafficPolicy: 'Local' }, [[there('c')]]);
      await lab.table.commit();
      t.equal(lab.curl('a', url, '--connect-timeout', '0.3'), 'curl: 28');
      lab.want('web', { internalTrafficPolicy: 'Local' }, [[there('c'), here('b')]]);
      await lab.table.commit();
      for (let i = 0; i < 8; i++) t.equal(lab.curl('a', url)[0], 'b');
    },
  );

  await t.test('a client keeps its endpoint as long as that is one', async (t) => {
    const spec = { sessionAffinity: 'ClientIP' };
    lab.want('web', spec, [[here('b'), here('c')]]);
    await lab.table.commit();
    const first = lab.curl('a', url)[0];
    for (let i = 0; i < 12; i++) t.equal(lab.curl('a', url)[0], first);
    await lab.table.adopt();
    t.equal(lab.curl('a', url)[0], first, 'after another process took the table over');
    const other = first === 'b' ? 'c' : 'b';
    lab.want('web', spec, [[here(other)]]);
    await lab.table.commit();
    t.equal(lab.curl('a', url)[0], other);
    lab.want('web', spec, [[here('b'), here('c')]]);
    await lab.table.commit();
    for (let i = 0; i < 12; i++) t.equal(lab.curl('a', url)[0], other, 'from then on the new one');
  });

  await t.test('only sources in the list reach a load balancer', async (t) => {
    const spec = {
      type: 'LoadBalancer',
      externalIPs: [],
      loadBalancerSourceRanges: ['192.168.9.0/24'],
    };
    lab.want('web', spec, [[here('b')]]);
    await lab.table.commit();
    lab.wantBalanced('web', spec, '203.0.113.9', [[here('b')]]);
    await lab.table.commit();
    t.equal(lab.curl('out', 'http://203.0.113.9/')[0], 'b');
    t.equal(lab.curl('a', 'http://203.0.113.9/', '--connect-timeout', '0.3'), 'curl: 28');
    t.equal(lab.curl('a', url)[0], 'b', 'the cluster address is not bound by it');
  });

  await t.test('the same over IPv6', async (t) => {
    const six = 'http://[fd00:96::1]/';
    const spec = {
      type: 'NodePort',
      clusterIPs: ['10.96.0.1', 'fd00:96::1'],
      ports: [{ port: 80, nodePort: 30_080 }],
      sessionAffinity: 'ClientIP',
    };
    lab.want('web', spec, [[here('b')]], slice6('c'));
    await lab.table.commit();
    t.equal(lab.curl('a', six), `c ${addresses6.a}`);
    t.equal(lab.curl('a', six), `c ${addresses6.a}`);
    t.equal(lab.curl('out', 'http://[fd00:168:9::1]:30080/'), 'c fd00:244:3::1');
    t.equal(lab.curl('c', six), 'c fd00:244:3::1', 'itself');
    t.equal(lab.curl('a', url)[0], 'b');
    lab.want('web', spec, [[here('b')]]);
    await lab.table.commit();
    t.equal(lab.curl('a', six), refused);
  });
});

function slice6(machine: Machine): Parameters<typeof slice> {
  const endpoint = { addresses: [addresses6[machine]], nodeName: 'host01' };
  return [[endpoint], { addressType: 'IPv6' }];
}

import t from 'tap';
import { conntrack, type Connection } from '../../../../src/netlink/index.ts';
import { planService } from '../../../../src/network/services/plan-service.ts';
import { destinationsOf, forgetStaleFlows } from '../../../../src/network/services/stale-flows.ts';
import { service, slice } from '../../../unit/network/services/objects.ts';
import { skip } from '../../netlink/namespace.ts';
import { addresses, labNode, ServiceLab } from './lab.ts';

t.setTimeout(300_000);

const spec = { ports: [{ port: 53, protocol: 'UDP' }] };
const rest = { ports: [{ name: '', protocol: 'UDP', port: 8080 }] };

t.test('a client over UDP that keeps its port goes where its Service goes', { skip }, async (t) => {
  await using lab = await ServiceLab.open();
  await Promise.all([lab.serve('b'), lab.serve('c')]);
  const lead = async (...to: ('b' | 'c')[]): Promise<number> => {
    const endpoints = slice(
      to.map((machine) => addresses[machine]),
      rest,
    );
    lab.want('dns', spec, [to.map((machine) => addresses[machine]), rest]);
    await lab.table.commit();
    const plan = planService(service(spec), [endpoints], labNode);
    return forgetStaleFlows(lab.connection, destinationsOf([plan]));
  };
  const ask = lab.client('a', '10.96.0.1', 53, 4001);

  t.equal(await lead(), 0);
  t.equal(await ask(), 'ECONNREFUSED');
  await lead('b');
  t.equal(await ask(), `b ${addresses.a}`, 'although it began when there was no endpoint');
  t.equal(await lead('b', 'c'), 0, 'what leads to an endpoint stays');
  t.equal(await ask(), `b ${addresses.a}`);
  t.equal(await lead('c'), 1);
  t.equal(await ask(), `c ${addresses.a}`);
  t.equal(await lead(), 1);
  t.equal(await ask(), 'ECONNREFUSED');
  t.equal(await flowsTo53(lab.connection), 0);
});

async function flowsTo53(connection: Connection): Promise<number> {
  return (await conntrack.list(connection, { protocol: 'udp', destinationPort: 53 })).length;
}

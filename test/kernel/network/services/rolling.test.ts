import t from 'tap';
import { skip } from '../../netlink/namespace.ts';
import { addresses, type Machine, ServiceLab } from './lab.ts';

t.setTimeout(300_000);

/** How long each request takes its server: it is under way while its endpoint goes. */
const paceMs = 30;

t.test('no request fails while all endpoints are replaced', { skip }, async (t) => {
  await using lab = await ServiceLab.open();
  const lead = async (...machines: { machine: Machine; ending?: boolean }[]): Promise<void> => {
    const endpoints = machines.map(({ machine, ending }) => ({
      addresses: [addresses[machine]],
      nodeName: 'host01',
      conditions: ending === true ? { ready: false, serving: true, terminating: true } : {},
    }));
    lab.want('web', {}, [endpoints]);
    await lab.table.commit();
  };
  let stop = await lab.serve('b', paceMs);
  await lead({ machine: 'b' });
  const load = lab.load('a', 'http://10.96.0.1/');
  const rounds = [
    ['b', 'c'],
    ['c', 'b'],
    ['b', 'c'],
  ] as const;
  for (const [before, after] of rounds) {
    // As a Deployment does it: the new one is ready before the old one is asked to end.
    const next = await lab.serve(after, paceMs);
    await lead({ machine: before }, { machine: after });
    await load.settled();
    await lead({ machine: before, ending: true }, { machine: after });
    await load.settled();
    await lead({ machine: after });
    await load.settled();
    await stop();
    stop = next;
    t.equal(lab.curl('a', 'http://10.96.0.1/')[0], after);
  }
  // The last one is all there is while it ends, and is used as long as it serves.
  await lead({ machine: 'c', ending: true });
  t.equal(lab.curl('a', 'http://10.96.0.1/')[0], 'c');
  const { requests, failures } = await load.end();
  t.same(failures, []);
  t.ok(requests > 10, `${requests} requests`);
  await stop();
});

import { open } from '../../../../src/netlink/index.ts';
import { ServiceTable } from '../../../../src/network/services/service-table.ts';
import { elementsOfMany } from './many.ts';

/** Changes Services without end, until it is killed. */
using connection = await open({ protocol: 'netfilter' });
const table = new ServiceTable(connection);
for (let round = 0; ; round++) {
  for (let i = 0; i < 200; i++) {
    table.want(`default/s${i}`, elementsOfMany((round + i) % 7, i));
  }
  await table.commit();
  if (round === 1) process.stdout.write('begun\n');
}

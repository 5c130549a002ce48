import { readFileSync } from 'node:fs';
import t from 'tap';
import { isDomainError, netlink } from '../../../../src/index.ts';
import { requireNat } from '../../../../src/network/services/require-nat.ts';
import { withoutRoot } from '../../skip.ts';

/** The kernel of the lab has iptables-legacy alone for NAT. */
const isLab = readFileSync('/proc/cpuinfo', 'utf8').includes('User Mode Linux');

t.test('a kernel without NAT in nf_tables is named as that', { skip: withoutRoot }, async (t) => {
  const outcome = await requireNat().catch((error: unknown) => error);
  if (isLab) {
    t.ok(isDomainError(outcome, 'unsupported'), String(outcome));
    t.match(String(outcome), /There are no Services on this node: .*iptables-legacy/);
    return;
  }
  t.equal(outcome, undefined);
  using connection = await netlink.open({ protocol: 'netfilter' });
  const tables = await netlink.nftables.listTables(connection, 'inet');
  t.notOk(
    tables.some(({ table }) => table === 'keelson-probe'),
    'and nothing is left of the probe',
  );
});

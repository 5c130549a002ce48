import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { isDomainError, netlink } from '../../../../src/index.ts';
import { ServiceTable } from '../../../../src/network/services/service-table.ts';
import { watchTable } from '../../../../src/network/services/table-watch.ts';
import { skip, TestNamespace } from '../../netlink/namespace.ts';
import { addresses, ServiceLab } from './lab.ts';
import { elementsOfMany } from './many.ts';

t.setTimeout(300_000);

const { nftables } = netlink;
const table = { family: 'inet', table: 'keelson-services' } as const;

function listed(space: TestNamespace): string {
  return space.exec('nft', 'list', 'table', 'inet', 'keelson-services');
}

t.test('the table of services', { skip }, async (t) => {
  await t.test('nft lists it, and nothing is left of Services that went', async (t) => {
    await using lab = await ServiceLab.open();
    await lab.table.commit();
    const empty = listed(lab.node);
    t.match(empty, /comment "keelson: services/);
    const kept = { sessionAffinity: 'ClientIP', clusterIPs: ['10.96.0.1', 'fd00:96::1'] };
    lab.want('web', kept, [[addresses.b, addresses.c]]);
    lab.want('other', { clusterIP: '10.96.0.2' }, [[addresses.b, addresses.c, addresses.a]]);
    await lab.table.commit();
    t.match(listed(lab.node), /chain pick4-3 /);
    t.match(listed(lab.node), /chain keep4-2-10800 /);
    lab.table.want('default/web', []);
    lab.table.want('default/other', []);
    await lab.table.commit();
    t.equal(listed(lab.node), empty);
  });

  await t.test('whatever others do to it is told and mended', async (t) => {
    await using lab = await ServiceLab.open();
    lab.want('web', { sessionAffinity: 'ClientIP' }, [[addresses.b, addresses.c]]);
    await lab.table.commit();
    const right = listed(lab.node);
    const harm = [
      'add element inet keelson-services rejected4 { 10.96.0.1 . tcp . 80 }',
      'delete element inet keelson-services services4 { 10.96.0.1 . tcp . 80 }',
      'flush chain inet keelson-services prerouting',
      'add rule inet keelson-services refuse4 drop',
      'add chain inet keelson-services mine',
      'add set inet keelson-services mine { type ipv4_addr; }',
      'delete table inet keelson-services',
    ];
    for (const one of harm) {
      await using changes = await watchTable(lab.connection, lab.node.path);
      lab.node.exec('nft', one);
      const told = await changes.next();
      t.same(told.value, { kind: 'changed' }, one);
      await lab.table.adopt();
      t.equal(listed(lab.node), right, `mended: ${one}`);
    }
    t.same(await lab.table.adopt(), [], 'and then there is nothing to do');
  });

  await t.test('own changes and tables of others are not told', async (t) => {
    await using lab = await ServiceLab.open();
    await using changes = await watchTable(lab.connection, lab.node.path);
    lab.want('web', {}, [[addresses.b]]);
    await lab.table.commit();
    lab.node.exec('nft', 'add table inet somebody');
    lab.node.exec('nft', 'add chain inet keelson-services mine');
    t.same((await changes.next()).value, { kind: 'changed' });
    const next = changes.next().then(() => 'told');
    t.equal(await Promise.race([next, delay(50, 'nothing more')]), 'nothing more');
  });

  await t.test('a change over a table that others removed makes it anew', async (t) => {
    await using lab = await ServiceLab.open();
    lab.want('web', {}, [[addresses.b]]);
    await lab.table.commit();
    const right = listed(lab.node);
    lab.node.exec('nft', 'delete', 'table', 'inet', 'keelson-services');
    lab.want('other', { clusterIP: '10.96.0.2' }, [[addresses.b]]);
    await lab.table.commit();
    t.match(listed(lab.node), /10.96.0.2 [^]*10.96.0.1|10.96.0.1 [^]*10.96.0.2/);
    lab.table.want('default/other', []);
    await lab.table.commit();
    t.equal(listed(lab.node), right);
  });

  await t.test('another process takes it over with the clients that keep endpoints', async (t) => {
    await using lab = await ServiceLab.open();
    const client = '10.96.0.1 . tcp . 80 . 10.0.0.9';
    const spec = { sessionAffinity: 'ClientIP' };
    lab.want('web', spec, [[addresses.b]]);
    await lab.table.commit();
    lab.node.exec(
      'nft',
      `add element inet keelson-services affinity4 { ${client} timeout 60s : 7 }`,
    );
    lab.node.exec('nft', 'add rule inet keelson-services refuse4 drop');
    await lab.table.adopt();
    t.match(listed(lab.node), /10.96.0.1 . tcp . 80 . 10.0.0.9 timeout 1m/);
    t.notMatch(listed(lab.node), /^\s+drop$/m);
  });

  await t.test('killed at any moment, the next process leaves what is right', async (t) => {
    await using lab = await ServiceLab.open();
    const script = join(import.meta.dirname, 'churn.ts');
    const args = ['netns', 'exec', lab.node.name, process.execPath, script];
    for (const afterMs of [0, 11, 40]) {
      const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      await delay(afterMs);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const fresh = new ServiceTable(lab.connection);
    fresh.want('default/many', elementsOfMany(3, 0));
    await fresh.commit();
    await using other = await ServiceLab.open();
    const same = new ServiceTable(other.connection);
    same.want('default/many', elementsOfMany(3, 0));
    await same.commit();
    t.equal(sorted(listed(lab.node)), sorted(listed(other.node)));
  });

  await t.test('30,000 Services are loaded, changed and taken over', async (t) => {
    await using lab = await ServiceLab.open();
    for (let i = 0; i < 30_000; i++) lab.table.want(`default/s${i}`, elementsOfMany(1, i));
    await lab.table.commit();
    const set = { ...table, set: 'services4', key: ['ipv4_addr', 'inet_proto', 'inet_service'] };
    const services = { ...set, data: ['mark'] } as netlink.nftables.SetDefinition;
    t.equal((await nftables.listElements(lab.connection, services)).length, 30_000);
    lab.table.want('default/s7', []);
    const changes = await lab.table.commit();
    t.equal(
      changes.reduce((sum, { remove }) => sum + remove.length, 0),
      2,
    );
    t.same(await lab.table.adopt(), []);
    t.equal((await nftables.listElements(lab.connection, services)).length, 29_999);
  });

  await t.test('a refusal of the kernel that is none of ours is told as what it is', async (t) => {
    using space = new TestNamespace();
    const closed = await netlink.open({ namespace: space.path, protocol: 'netfilter' });
    closed.close();
    const failure = await new ServiceTable(closed).commit().catch((error: unknown) => error);
    t.ok(isDomainError(failure, 'unavailable'));
  });
});

/** The kernel lists elements in an order of its own, which differs from table to table. */
function sorted(text: string): string {
  return text
    .split(/[,\n]|elements = \{|\}/)
    .map((line) => line.trim())
    .toSorted()
    .join('\n');
}

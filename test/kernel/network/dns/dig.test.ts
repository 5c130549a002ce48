import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { until } from '../../../until.ts';
import { cluster } from '../../../unit/network/dns/cluster.ts';
import { skip, TestNamespace } from '../../netlink/namespace.ts';
import { scratch } from '../../scratch.ts';

t.setTimeout(300_000);

const hasDig = spawnSync('dig', ['-v']).status === 0;
const skipReason = skip || (hasDig ? false : 'dig is not installed');

/** Started in the namespace, ends when its input does. */
async function start(space: TestNamespace, folder: string): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'server.ts');
  // Nobody answers at the upstream server's address.
  const command = [process.execPath, script, folder, '127.0.0.53'];
  const child = spawn('ip', ['netns', 'exec', space.name, ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The DNS server ended with ${code}`);
  });
  ended.catch(() => undefined);
  await Promise.race([once(child.stdout, 'data'), ended]);
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  child.stdin?.end();
  if (child.exitCode === null) await once(child, 'exit');
}

t.test('dig and nslookup read what the server says', { skip: skipReason }, async (t) => {
  using space = new TestNamespace();
  space.ip('link', 'set', 'lo', 'up');
  const { path: folder } = scratch(t);
  writeFileSync(join(folder, 'dns-records.json'), JSON.stringify([...cluster().store.all()]));
  const child = await start(space, folder);
  t.teardown(() => stop(child));
  const dig = (...args: string[]): string =>
    space.exec('dig', '+time=20', '+tries=1', ...args).trim();
  const name = 'web.default.svc.cluster.local';

  for (const server of ['@10.96.0.10', '@fd00:96::a']) {
    for (const way of ['+notcp', '+tcp']) {
      t.equal(dig(server, way, '+short', name), '10.96.0.1', `${server} ${way}`);
    }
  }
  t.equal(dig('@10.96.0.10', '+short', 'AAAA', name), 'fd00:96::1');
  t.equal(dig('@10.96.0.10', '+short', '-x', '10.244.1.2'), 'db-0.db.default.svc.cluster.local.');
  t.equal(dig('@10.96.0.10', '+short', '-x', 'fd00:96::1'), `${name}.`);
  t.equal(dig('@10.96.0.10', '+short', 'TXT', 'dns-version.cluster.local'), '"1.1.0"');
  const ports = dig('@10.96.0.10', 'SRV', '_sql._tcp.db.default.svc.cluster.local');
  t.match(ports, /SRV\s+0 100 5432 db-0\.db\.default\.svc\.cluster\.local\./);
  t.match(
    ports,
    /ADDITIONAL SECTION[^]*db-1\.db\.default\.svc\.cluster\.local\.\s+5\s+IN\s+A\s+10\.244/,
  );
  const missing = dig('@10.96.0.10', 'none.default.svc.cluster.local');
  t.match(
    missing,
    /status: NXDOMAIN[^]*SOA\s+ns\.dns\.cluster\.local\. hostmaster\.cluster\.local\./,
  );
  t.match(missing, /EDNS: version: 0, flags:; udp: 1232/);
  t.match(dig('@10.96.0.10', '+edns=3', '+noednsneg', name), /status: BADVERS/);
  t.match(dig('@10.96.0.10', 'AXFR', 'cluster.local'), /Transfer failed/);
  t.match(dig('@10.96.0.10', 'example.com'), /status: SERVFAIL/, 'nobody to ask');
  t.notMatch(dig('@10.96.0.10', name), /malformed|extra input/i);

  const lookup = space.exec('busybox', 'nslookup', '-type=a', name, '10.96.0.10');
  t.match(lookup, /Address: 10\.96\.0\.1\n/);

  const asked = (server: string, way: string): string =>
    spawnSync(
      'ip',
      ['netns', 'exec', space.name, 'dig', '+time=1', '+tries=1', '+short', way, server, name],
      { encoding: 'utf8' },
    ).stdout.trim();
  const harm = [
    ['link', 'delete', 'keelson-dns'],
    ['link', 'set', 'keelson-dns', 'down'],
    ['address', 'flush', 'dev', 'keelson-dns'],
    ['address', 'delete', 'fd00:96::a/128', 'dev', 'keelson-dns'],
  ];
  for (const args of harm) {
    space.ip(...args);
    for (const server of ['@10.96.0.10', '@fd00:96::a']) {
      for (const way of ['+notcp', '+tcp']) {
        await until(() => asked(server, way) === '10.96.0.1');
        t.pass(`${server} ${way} after: ${args.join(' ')}`);
      }
    }
  }

  await stop(child);
  t.equal(child.exitCode, 0, 'it ends in order');
  const second = await start(space, folder);
  t.equal(dig('@10.96.0.10', '+short', name), '10.96.0.1', 'the next one finds its addresses');
  await stop(second);
});

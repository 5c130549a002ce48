/** Our dhcp against dnsmasq in a namespace of its own, and against hostile answers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readLease, writeLease } from '../../cni-plugins/dhcp/lease-store.ts';
import { maintainLeases } from '../../cni-plugins/dhcp/maintain.ts';
import { skip, TestHost, type Outcome } from './test-host.ts';

t.setTimeout(900_000);

/** The host's end of the pod's veth has the server: `--dhcp-range` and what else is asked for. */
async function serving(host: TestHost, ...options: string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-dhcp-'));
  host.ip('pod', 'address', 'flush', 'dev', 'eth0');
  const args = ['--no-daemon', '--port=0', '--interface=veth-pod', '--no-ping', '--log-dhcp'];
  const files = [
    `--dhcp-leasefile=${folder}/leases`,
    `--pid-file=${folder}/pid`,
    '--conf-file=/dev/null',
  ];
  const server = host.start('host', 'dnsmasq', ...args, ...files, ...options);
  server.stderr?.setEncoding('utf8');
  for await (const line of server.stderr ?? []) if (/DHCP, IP range/.test(String(line))) break;
  return folder;
}

function call(host: TestHost, verb: string, ipam: object = {}): Outcome {
  const cniVersion = verb === 'GC' || verb === 'STATUS' ? '1.1.0' : '1.0.0';
  return host.call('ours', 'dhcp', {
    verb,
    input: { cniVersion, ipam: { type: 'dhcp', ...ipam } },
  });
}

const range = '--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,2m';

t.test('leases', { skip }, async (t) => {
  t.test('an address, its gateway and routes; the same again; given back by DEL', async (t) => {
    using host = new TestHost();
    const folder = await serving(host, range, '--dhcp-option=option:router,10.77.0.1');
    t.teardown(() => rmSync(folder, { recursive: true }));
    const added = call(host, 'ADD', { priority: 77 });
    t.match(added.document, {
      ips: [{ address: /^10\.77\.0\.5\d\/24$|^10\.77\.0\.60\/24$/, gateway: '10.77.0.1' }],
      routes: [{ dst: '0.0.0.0/0', gw: '10.77.0.1', priority: 77 }],
    });
    t.same(call(host, 'ADD', { priority: 77 }).document, added.document, 'the lease is kept');
    t.equal(call(host, 'CHECK').exitCode, 0);
    t.equal(call(host, 'STATUS').exitCode, 0);
    t.equal(call(host, 'DEL').exitCode, 0);
    t.equal(call(host, 'DEL').exitCode, 0, 'again');
    t.equal(call(host, 'CHECK').exitCode, 1);
  });

  t.test('classless routes go before the router; options are provided and requested', async (t) => {
    using host = new TestHost();
    const classless = '--dhcp-option=121,192.0.2.0/24,10.77.0.9,0.0.0.0/0,10.77.0.8';
    const named = '--dhcp-host=id:*,set:any';
    const folder = await serving(
      host,
      range,
      classless,
      '--dhcp-vendorclass=set:ours,keelson-test',
      named,
    );
    t.teardown(() => rmSync(folder, { recursive: true }));
    const ipam = {
      request: [{ option: '121' }],
      provide: [{ option: 'vendor-class-identifier', value: 'keelson-test' }],
    };
    t.match(call(host, 'ADD', ipam).document, {
      routes: [
        { dst: '192.0.2.0/24', gw: '10.77.0.9' },
        { dst: '0.0.0.0/0', gw: '10.77.0.8' },
      ],
    });
    t.equal(call(host, 'DEL', ipam).exitCode, 0);
  });

  t.test('a lease is renewed by another process than the one that asked for it', async (t) => {
    using host = new TestHost();
    const folder = await serving(host, range);
    t.teardown(() => rmSync(folder, { recursive: true }));
    t.equal(call(host, 'ADD').exitCode, 0);
    const owner = { networkName: 'net', containerId: host.containerId, interfaceName: 'eth0' };
    const record = readLease(owner);
    if (record === undefined) throw new Error('no lease is kept');
    host.ip('pod', 'address', 'add', `${record.lease.address}/24`, 'dev', 'eth0');
    writeLease({ ...record, lease: { ...record.lease, renewAt: Date.now() - 1 } });
    const lines: string[] = [];
    const stop = new AbortController();
    await maintainLeases(AbortSignal.any([stop.signal, AbortSignal.timeout(20_000)]), (line) => {
      lines.push(line);
      stop.abort();
    });
    t.match(lines.join(), /lease of 10\.77\.0\.\d+ renewed/);
    t.ok((readLease(owner)?.lease.renewAt ?? 0) > Date.now());
    writeLease({ ...record, lease: { ...record.lease, renewAt: 0, rebindAt: 0, expireAt: 1 } });
    const ended = new AbortController();
    await maintainLeases(AbortSignal.any([ended.signal, AbortSignal.timeout(20_000)]), (line) => {
      lines.push(line);
      ended.abort();
    });
    t.match(lines.at(-1), /has ended: the interface is down/);
    t.notMatch(host.ip('pod', 'link', 'show', 'eth0'), /[<,]UP[,>]/);
    t.equal(readLease(owner), undefined);
  });

  t.test('GC forgets leases that are not valid, of its network alone', async (t) => {
    using host = new TestHost();
    const folder = await serving(host, range);
    t.teardown(() => rmSync(folder, { recursive: true }));
    t.equal(call(host, 'ADD').exitCode, 0);
    const collect = (valid: object[], name: string) =>
      host.call('ours', 'dhcp', {
        verb: 'GC',
        input: { cniVersion: '1.1.0', name, ipam: {}, 'cni.dev/valid-attachments': valid },
      });
    t.equal(collect([], 'other').exitCode, 0);
    t.equal(call(host, 'CHECK').exitCode, 0);
    t.equal(collect([], 'net').exitCode, 0);
    t.equal(call(host, 'CHECK').exitCode, 1);
  });

  t.test('bad options are refused, and a pod that is gone is no trouble for DEL', async (t) => {
    using host = new TestHost();
    const bad = [
      { request: [{ option: '255' }] },
      { request: [{ option: 'nonsense' }] },
      { provide: [{ option: '12', value: 'x'.repeat(256) }] },
      { provide: 'x' },
    ];
    for (const ipam of bad)
      t.equal(call(host, 'ADD', ipam).exitCode, 1, JSON.stringify(ipam).slice(0, 60));
    const gone = {
      verb: 'DEL',
      input: { cniVersion: '1.0.0', ipam: {} },
      environment: { CNI_NETNS: '' },
    };
    t.equal(host.call('ours', 'dhcp', gone).exitCode, 0);
  });
});

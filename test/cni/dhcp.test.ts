/** Our dhcp against dnsmasq in a namespace of its own, and against hostile answers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { readLease, writeLease } from '../../cni-plugins/dhcp/lease-store.ts';
import { maintainLeases } from '../../cni-plugins/dhcp/maintain.ts';
import { processesWith } from '../e2e/processes.ts';
import { skip, TestHost, type Outcome } from './test-host.ts';

t.setTimeout(900_000);

// Leases of this test are no other runtime's to maintain.
const state = mkdtempSync(join(tmpdir(), 'keelson-dhcp-state-'));
process.env['KEELSON_STATE'] = state;
t.teardown(() => rmSync(state, { recursive: true }));

const client = fileURLToPath(new URL('../../native/build/keelson-cni', import.meta.url));

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

/** A server that answers so and no other way; gives what it heard: kinds and transactions. */
async function serveScripted(
  host: TestHost,
  words: readonly string[],
): Promise<() => readonly string[]> {
  host.ip('pod', 'address', 'flush', 'dev', 'eth0');
  const program = fileURLToPath(new URL('scripted-dhcp-server.ts', import.meta.url));
  const child = host.start('host', process.execPath, program, ...words);
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (!said.includes('ready')) {
    if (child.exitCode !== null) throw new Error('the server ended');
    await delay(10);
  }
  return () => said.trim().split('\n').slice(1);
}

/** The address is the next one's to listen at when this resolves. */
async function stopServing(folder: string): Promise<void> {
  const [pid = 0] = processesWith(folder);
  process.kill(pid, 'SIGTERM');
  while (existsSync(`/proc/${pid}/cwd`)) await delay(20);
}

function call(host: TestHost, verb: string, ipam: object = {}): Outcome {
  const cniVersion = verb === 'GC' || verb === 'STATUS' ? '1.1.0' : '1.0.0';
  return host.call('ours', 'dhcp', {
    verb,
    input: { cniVersion, ipam: { type: 'dhcp', ...ipam } },
  });
}

const range = '--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,2m';

const ownerOf = ({ containerId }: TestHost) => ({
  networkName: 'net',
  containerId,
  interfaceName: 'eth0',
});

function recordOf(host: TestHost) {
  const record = readLease(ownerOf(host));
  if (record === undefined) throw new Error('no lease is kept');
  return record;
}

/** The first thing that a maintainer says of this host's lease: each is a process of its own. */
async function maintained(host: TestHost): Promise<string> {
  const stop = new AbortController();
  let said = '';
  await maintainLeases(AbortSignal.any([stop.signal, AbortSignal.timeout(20_000)]), (line) => {
    if (!line.includes(host.containerId)) return;
    said = line;
    stop.abort();
  });
  return said;
}

function addressOf({ document }: Outcome): string {
  const [first] = (document?.['ips'] ?? []) as { address: string }[];
  return first?.address.split('/')[0] ?? '';
}

t.test('leases', { skip }, async (t) => {
  t.test('an address, its gateway and routes; the same again; given back by DEL', async (t) => {
    using host = new TestHost();
    const folder = await serving(host, range, '--dhcp-option=option:router,10.77.0.1');
    t.teardown(() => rmSync(folder, { recursive: true }));
    // The reference's socket is a field of its configuration; nobody need listen there.
    const daemonSocketPath = '/run/cni/dhcp.sock';
    const added = call(host, 'ADD', { priority: 77, daemonSocketPath });
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
    const record = recordOf(host);
    host.ip('pod', 'address', 'add', `${record.lease.address}/24`, 'dev', 'eth0');
    writeLease({ ...record, lease: { ...record.lease, renewAt: Date.now() - 1 } });
    t.match(await maintained(host), /lease of 10\.77\.0\.\d+ renewed/);
    t.ok(recordOf(host).lease.renewAt > Date.now());
    writeLease({ ...record, lease: { ...record.lease, renewAt: 0, rebindAt: 0, expireAt: 1 } });
    t.match(await maintained(host), /has ended: the interface is down/);
    t.notMatch(host.ip('pod', 'link', 'show', 'eth0'), /[<,]UP[,>]/);
    t.equal(readLease(ownerOf(host)), undefined);
  });

  t.test('an address that another machine has is declined, and another one taken', async (t) => {
    using host = new TestHost();
    const folder = await serving(host, '--dhcp-range=10.77.0.50,10.77.0.51,255.255.255.0,2m');
    t.teardown(() => rmSync(folder, { recursive: true }));
    const first = addressOf(call(host, 'ADD'));
    t.equal(call(host, 'DEL').exitCode, 0);
    // The server does not look, for it was told --no-ping.
    host.ip('host', 'address', 'add', `${first}/32`, 'dev', 'veth-pod');
    const second = call(host, 'ADD');
    t.equal(second.exitCode, 0, JSON.stringify(second.document));
    t.match(addressOf(second), /^10\.77\.0\.5[01]$/);
    t.not(addressOf(second), first);
    t.equal(call(host, 'DEL').exitCode, 0);
  });

  t.test('at T2 any server prolongs a lease', async (t) => {
    using host = new TestHost();
    const folder = await serving(host, range);
    t.teardown(() => rmSync(folder, { recursive: true }));
    t.equal(call(host, 'ADD').exitCode, 0);
    const record = recordOf(host);
    const { lease } = record;
    host.ip('pod', 'address', 'add', `${lease.address}/24`, 'dev', 'eth0');
    // The server that gave it is gone: only everybody can be asked.
    const lost = { server: '10.77.0.77', serverMac: '02:00:00:00:00:77', renewAt: 0 };
    writeLease({ ...record, lease: { ...lease, ...lost, rebindAt: 0 } });
    t.match(await maintained(host), /lease of 10\.77\.0\.\d+ renewed/);
    t.equal(recordOf(host).lease.server, lease.server, 'by the one that is there');
  });

  t.test('a lease that the server refuses to renew is over, and another one is got', async (t) => {
    using host = new TestHost();
    const folder = await serving(host, range);
    t.teardown(() => rmSync(folder, { recursive: true }));
    t.equal(call(host, 'ADD').exitCode, 0);
    const record = recordOf(host);
    const { address } = record.lease;
    await stopServing(folder);
    // Whoever runs the network has numbered it anew.
    const other = '--dhcp-range=10.77.0.70,10.77.0.80,255.255.255.0,2m';
    const second = await serving(host, other, '--dhcp-authoritative');
    t.teardown(() => rmSync(second, { recursive: true }));
    host.ip('pod', 'address', 'add', `${address}/24`, 'dev', 'eth0');
    writeLease({ ...record, lease: { ...record.lease, renewAt: 0 } });
    t.match(await maintained(host), `lease of ${address} has ended: the interface is down`);
    t.notMatch(host.ip('pod', 'link', 'show', 'eth0'), /[<,]UP[,>]/);
    t.equal(readLease(ownerOf(host)), undefined);
    t.equal(call(host, 'CHECK').exitCode, 1);
    host.ip('pod', 'address', 'flush', 'dev', 'eth0');
    t.match(addressOf(call(host, 'ADD')), /^10\.77\.0\.(7\d|80)$/);
    t.equal(call(host, 'DEL').exitCode, 0);
  });

  t.test('a server that refuses what it offered is asked again, in a new exchange', async (t) => {
    using host = new TestHost();
    const words = ['offer:10.77.0.50', 'refuse', 'offer:10.77.0.51', 'acknowledge:10.77.0.51'];
    const heard = await serveScripted(host, words);
    t.equal(addressOf(call(host, 'ADD')), '10.77.0.51');
    // What it said meanwhile has not been read: the call held this process up.
    while (heard().length < 4) await delay(10);
    const [discover, request, again, requestAgain] = heard().map((line) => line.split(' '));
    t.same(
      [discover, request, again, requestAgain].map((line) => line?.[0]),
      ['1', '3', '1', '3'],
    );
    t.equal(request?.[1], discover?.[1]);
    t.equal(requestAgain?.[1], again?.[1]);
    t.not(again?.[1], discover?.[1]);
    t.equal(call(host, 'DEL').exitCode, 0);
  });

  t.test('a server that refuses all that it offers gives an error, and soon', async (t) => {
    using host = new TestHost();
    const words = Array.from({ length: 10 }, () => ['offer:10.77.0.50', 'refuse']).flat();
    await serveScripted(host, words);
    const added = call(host, 'ADD');
    t.match(added, { exitCode: 1, document: { msg: /No DHCP server gave an address/ } });
    t.throws(() => recordOf(host), /no lease is kept/);
  });

  t.test('the binary renews leases as a daemon, as units of the reference start it', async (t) => {
    using host = new TestHost();
    const folder = await serving(host, range);
    t.teardown(() => rmSync(folder, { recursive: true }));
    t.equal(call(host, 'ADD').exitCode, 0);
    const record = recordOf(host);
    host.ip('pod', 'address', 'add', `${record.lease.address}/24`, 'dev', 'eth0');
    writeLease({ ...record, lease: { ...record.lease, renewAt: 0 } });
    symlinkSync(client, join(folder, 'dhcp'));
    const daemon = spawn(join(folder, 'dhcp'), ['daemon'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const [said] = (await once(daemon.stderr, 'data')) as [Buffer];
    t.match(said.toString(), /lease of 10\.77\.0\.\d+ renewed/);
    t.ok(recordOf(host).lease.renewAt > Date.now());
    daemon.kill();
    t.same(await once(daemon, 'exit'), [0, null]);
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

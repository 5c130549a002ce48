/** Our vrf, in namespaces; a kernel without VRF is in use on many a machine: see test/lab. */
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { TestHost, type Outcome } from './test-host.ts';

t.setTimeout(300_000);

function unable(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  const name = `vrf${process.pid}`;
  try {
    execFileSync('ip', ['link', 'add', name, 'type', 'vrf', 'table', '77'], { stdio: 'pipe' });
    execFileSync('ip', ['link', 'delete', name]);
    return false;
  } catch {
    return 'the kernel has no vrf';
  }
}

const callOn =
  (name: string) =>
  (host: TestHost, verb: string, extra: object = {}): Outcome => {
    const cniVersion = '1.0.0';
    const input = { cniVersion, prevResult: host.previousResult(), vrfname: 'blue', ...extra };
    return host.call('ours', 'vrf', { verb, input, environment: { CNI_IFNAME: name } });
  };
const call = callOn('eth0');
const callSecond = callOn('eth1');

t.test('a VRF of the pod', { skip: unable() }, async (t) => {
  using host = new TestHost();
  host.ip('pod', 'route', 'add', '192.0.2.0/24', 'via', '10.77.0.9');
  t.equal(call(host, 'CHECK').exitCode, 1, 'before ADD');
  const added = call(host, 'ADD');
  t.equal(added.exitCode, 0, JSON.stringify(added.document));
  t.match(host.ip('pod', '-d', 'link', 'show', 'blue'), /vrf table 1 /);
  t.match(host.ip('pod', 'link', 'show', 'eth0'), /master blue/);
  const routes = host.ip('pod', 'route', 'show', 'table', '1');
  t.match(routes, /default via 10\.77\.0\.1/);
  t.match(routes, /192\.0\.2\.0\/24 via 10\.77\.0\.9/);
  t.match(host.ip('pod', '-6', 'route', 'show', 'table', '1'), /default via fd77::1/);
  t.match(host.ip('pod', 'address', 'show', 'eth0'), /fd77::2\/64/, 'IPv6 addresses are kept');
  t.equal(call(host, 'CHECK').exitCode, 0);
  t.match(call(host, 'ADD', { table: 9 }), { exitCode: 1, document: { msg: /different routing/ } });

  host.ip('pod', 'link', 'add', 'eth1', 'up', 'type', 'veth', 'peer', 'name', 'other');
  t.equal(callSecond(host, 'ADD', {}).exitCode, 0, 'a second interface');
  t.equal(callSecond(host, 'ADD', { vrfname: 'red' }).exitCode, 1, 'one master an interface');
  t.notMatch(host.ip('pod', 'link'), /red/, 'nothing of a refused ADD is left');
  t.equal(call(host, 'DEL').exitCode, 0);
  t.match(host.ip('pod', 'link'), /blue/, 'it has a member yet');
  t.equal(callSecond(host, 'DEL', {}).exitCode, 0);
  t.notMatch(host.ip('pod', 'link'), /blue/, 'gone with the last');
  t.equal(call(host, 'DEL').exitCode, 0, 'again');
});

t.test('names that are none, and devices that are no VRF', { skip: unable() }, async (t) => {
  using host = new TestHost();
  for (const vrfname of ['', 'a/b', 'x'.repeat(16), 'eth0', '..']) {
    t.equal(call(host, 'ADD', { vrfname }).exitCode, 1, vrfname);
  }
});

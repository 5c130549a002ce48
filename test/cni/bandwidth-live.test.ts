/** `keelson bandwidth` changes the limits of a pod while it runs. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { skip, TestHost } from './test-host.ts';

t.setTimeout(300_000);

const program = fileURLToPath(new URL('../../bin/keelson', import.meta.url));

t.test('limits are shown, changed in place and removed', { skip }, async (t) => {
  using host = new TestHost();
  const state = t.testdir();
  const keelson = (...args: string[]) =>
    host.exec('host', program, '--socket', join(state, 'cri.sock'), 'bandwidth', ...args);
  const input = { cniVersion: '1.0.0', prevResult: host.previousResult(), ingressRate: 8_000_000 };
  const environment = {
    KEELSON_STATE: state,
    CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=blue;K8S_POD_NAME=web',
  };
  t.equal(host.call('ours', 'bandwidth', { verb: 'ADD', input, environment }).exitCode, 0);
  t.match(keelson('blue/web'), /ingress +8 Mbit\/s .*\negress +unlimited/);
  t.match(
    keelson('web', '--ingress', '10M', '--egress', '5M'),
    /ingress +10 Mbit\/s .*\negress +5 Mbit/,
  );
  t.match(host.exec('host', 'tc', 'qdisc', 'show', 'dev', 'veth-pod'), /tbf 1: root .*rate 10Mbit/);
  t.match(host.ip('host', 'link', 'show', 'type', 'ifb'), /bwp/);
  t.match(keelson(host.containerId, '--egress', '0'), /ingress +10 Mbit\/s .*\negress +unlimited/);
  t.equal(host.ip('host', 'link', 'show', 'type', 'ifb'), '');
  t.throws(() => keelson('absent'), /No pod "absent" has an interface "eth0"/);
  t.throws(() => keelson('web', '--ingress', 'fast'), /is no rate/);
});

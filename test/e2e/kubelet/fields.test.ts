/** What a pod's fields come to in its containers: asked of the containers themselves. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { ContainerStatus, Pod } from '../../../src/api/types/generated/core-v1.ts';
import { isTrue, PrivateNode, shell, waiting } from './private-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const folder = mkdtempSync(join(tmpdir(), 'keelson-fields-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const runc = '/usr/sbin/runc';
const withoutRunc = existsSync(runc) ? false : 'needs runc';
const runtimes = `runtimes: {other: {path: ${runc}, root: ${folder}/runc}}`;
writeFileSync(`${folder}/config.yaml`, withoutRunc === false ? runtimes : '');
const node = await PrivateNode.start({
  runtime: { flags: ['--config', `${folder}/config.yaml`] },
});
t.teardown(() => node[Symbol.asyncDispose]());

const core = '/api/v1/namespaces/default';
await node.coordinator.make(`${core}/services`, {
  metadata: { name: 'web-app' },
  spec: { ports: [{ name: 'http', port: 8080 }], selector: { app: 'web' } },
});

const hasEnded = (pod: Pod | undefined) => /^(Succeeded|Failed)$/.test(pod?.status?.phase ?? '');

function wordsOf(status: ContainerStatus | undefined): string {
  return status?.state?.terminated?.message ?? status?.lastState?.terminated?.message ?? '';
}

async function end(name: string): Promise<void> {
  await node.delete(name, 0);
  await node.gone(name);
}

interface Asking {
  readonly spec?: object;
  readonly metadata?: object;
  readonly more?: object;
}

async function outputOf(name: string, script: string, asking: Asking = {}): Promise<string> {
  const container = shell(`(${script}) > /dev/termination-log 2>&1`, asking.more);
  const spec = { restartPolicy: 'Never', containers: [container], ...asking.spec };
  await node.create(spec, { name, ...asking.metadata });
  const pod = await node.until(name, hasEnded);
  await end(name);
  return wordsOf(pod?.status?.containerStatuses?.[0]);
}

const { skip } = node.coordinator;

t.test('kubectl debug adds a container that sees its neighbour', { skip }, async (t) => {
  await node.create({ containers: [shell(waiting)] }, { name: 'debugged' });
  const before = await node.ready('debugged');
  const script = 'ps -o args > /dev/termination-log';
  const flags = ['--image=busybox', '--image-pull-policy=Never', '--container=tools'];
  await node.kubectl('debug', 'debugged', ...flags, '--target=main', '--', 'sh', '-c', script);
  const pod = await node.until('debugged', (now) => {
    return now?.status?.ephemeralContainerStatuses?.[0]?.state?.terminated !== undefined;
  });
  const [tools] = pod?.status?.ephemeralContainerStatuses ?? [];
  t.match(tools, { name: 'tools', state: { terminated: { exitCode: 0 } } });
  t.match(wordsOf(tools), /sleep 1000/, 'the target’s processes');
  const [main] = before?.status?.containerStatuses ?? [];
  t.equal(pod?.status?.containerStatuses?.[0]?.containerID, main?.containerID, 'as it was');
  t.ok(isTrue(pod, 'Ready'));
  await end('debugged');
});

t.test('a RuntimeClass chooses who runs the pod', { skip: withoutRunc }, async (t) => {
  const classes = '/apis/node.k8s.io/v1/runtimeclasses';
  await node.coordinator.make(classes, { metadata: { name: 'another' }, handler: 'other' });
  await node.coordinator.make(classes, { metadata: { name: 'nobody' }, handler: 'kata' });
  const spec = { runtimeClassName: 'another' };
  const pod = { restartPolicy: 'Never', containers: [shell('exit 3')], ...spec };
  await node.create(pod, { name: 'classed' });
  const ended = await node.until('classed', hasEnded);
  t.match(ended?.status?.containerStatuses?.[0]?.state?.terminated, { exitCode: 3 });
  t.ok(existsSync(`${folder}/runc`), 'runc has run it');
  await node.create({ ...pod, runtimeClassName: 'nobody' }, { name: 'unclassed' });
  await node.told('unclassed', /^FailedCreatePodSandBox .*No runtime handler "kata"/);
  await end('classed');
  await end('unclassed');
});

t.test("namespaces are the pod's, the node's or a neighbour's, as asked for", async (t) => {
  const asked =
    'hostname; readlink /proc/self/ns/net; readlink /proc/self/ns/ipc; ' +
    `ls -d /proc/${node.kubeletPid}/ns`;
  const namespaces = ['net', 'ipc'].map((name) => readlinkSync(`/proc/self/ns/${name}`));
  const own = await outputOf('own', asked);
  t.match(own, /^own\nnet:/);
  for (const name of namespaces) t.notMatch(own, name);
  const host = { hostNetwork: true, hostPID: true, hostIPC: true };
  const shared = (await outputOf('hosts', asked, { spec: host })).split('\n');
  t.same(shared.slice(0, 4), [hostname(), ...namespaces, `/proc/${node.kubeletPid}/ns`]);
  const other = shell(waiting, { name: 'other' });
  const script2 = `until ps -o args | grep -q 'sleep 100[0]'; do sleep 0.1; done; echo seen`;
  const main = shell(`(${script2}) > /dev/termination-log`);
  const together = { shareProcessNamespace: true, containers: [main, other] };
  await node.create({ restartPolicy: 'Never', ...together }, { name: 'together' });
  const pod = await node.until('together', (now) => {
    return now?.status?.containerStatuses?.some((one) => wordsOf(one) !== '') === true;
  });
  t.ok(pod?.status?.containerStatuses?.some((one) => wordsOf(one) === 'seen\n'));
  await end('together');
});

t.test('names: its own, its aliases, and whom it asks', async (t) => {
  const spec = {
    hostname: 'db',
    subdomain: 'data',
    hostAliases: [{ ip: '10.9.8.7', hostnames: ['first.example', 'second.example'] }],
    dnsPolicy: 'None',
    dnsConfig: {
      nameservers: ['10.1.2.3'],
      searches: ['a.example', 'b.example'],
      options: [{ name: 'ndots', value: '3' }, { name: 'edns0' }],
    },
  };
  const script = 'hostname; grep -v ^127 /etc/hosts; cat /etc/resolv.conf';
  const output = await outputOf('named', script, { spec });
  t.match(output, /^db\n/);
  t.match(output, /^10\.[\d.]+\tdb\.data\.default\.svc\.cluster\.local\tdb$/m);
  t.match(output, /^10\.9\.8\.7\tfirst\.example\tsecond\.example$/m);
  t.match(output, /^nameserver 10\.1\.2\.3$/m);
  t.match(output, /^search a\.example b\.example$/m);
  t.match(output, /^options ndots:3 edns0$/m);
  const cluster = await outputOf('clustered', 'cat /etc/resolv.conf');
  t.match(cluster, /^nameserver 10\.96\.0\.10$/m);
  t.match(cluster, /^search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local/m);
});

t.test('Services are told of in variables, unless the pod does not want to hear', async (t) => {
  // The Service and the pod come by two watches: one may be ahead of the other.
  let output = '';
  for (let tries = 0; tries < 50 && !output.includes('WEB_APP'); tries += 1) {
    output = await outputOf('linked', 'env');
  }
  t.match(output, /^WEB_APP_SERVICE_HOST=10\.96\./m);
  t.match(output, /^WEB_APP_SERVICE_PORT_HTTP=8080$/m);
  t.match(output, /^WEB_APP_PORT_8080_TCP=tcp:\/\/10\.96\.\d+\.\d+:8080$/m);
  const alone = await outputOf('alone', 'env', { spec: { enableServiceLinks: false } });
  t.notMatch(alone, /WEB_APP/);
  t.match(alone, /^KUBERNETES_SERVICE_PORT=443$/m);
});

const fields = {
  NAME: 'metadata.name',
  NAMESPACE: 'metadata.namespace',
  UID: 'metadata.uid',
  LABEL: "metadata.labels['app']",
  ANNOTATION: "metadata.annotations['example.com/why']",
  NODE: 'spec.nodeName',
  ACCOUNT: 'spec.serviceAccountName',
  HOST: 'status.hostIP',
  HOSTS: 'status.hostIPs',
  ADDRESS: 'status.podIP',
  ADDRESSES: 'status.podIPs',
};
const amounts = {
  CPU: ['limits.cpu', '1m'],
  MEMORY: ['limits.memory', '1Mi'],
  DISK: ['limits.ephemeral-storage', '1Mi'],
  ASKED_CPU: ['requests.cpu', '1m'],
  ASKED_MEMORY: ['requests.memory', '1'],
  ASKED_DISK: ['requests.ephemeral-storage', '1Ki'],
};

t.test('the downward API: every field and amount, as variables', async (t) => {
  const env = [
    ...Object.entries(fields).map(([name, fieldPath]) => {
      return { name, valueFrom: { fieldRef: { fieldPath } } };
    }),
    ...Object.entries(amounts).map(([name, [resource, divisor]]) => {
      return { name, valueFrom: { resourceFieldRef: { resource, divisor } } };
    }),
  ];
  const resources = {
    limits: { cpu: '250m', memory: '64Mi', 'ephemeral-storage': '1Gi' },
    requests: { cpu: '100m', memory: '32Mi', 'ephemeral-storage': '2Mi' },
  };
  const metadata = { labels: { app: 'web' }, annotations: { 'example.com/why': 'so "it" is' } };
  const output = await outputOf('downward', 'env', { metadata, more: { env, resources } });
  const told = new Map(output.split('\n').map((line) => [line.split('=')[0], line]));
  for (const [name, value] of Object.entries({
    NAME: 'downward',
    NAMESPACE: 'default',
    LABEL: 'web',
    ANNOTATION: 'so "it" is',
    NODE: node.name,
    ACCOUNT: 'default',
    HOST: '127.0.0.1',
    HOSTS: '127.0.0.1',
    CPU: '250',
    MEMORY: '64',
    DISK: '1024',
    ASKED_CPU: '100',
    ASKED_MEMORY: `${32 * 1024 * 1024}`,
    ASKED_DISK: '2048',
  })) {
    t.equal(told.get(name), `${name}=${value}`);
  }
  t.match(told.get('UID'), /^UID=[0-9a-f-]{36}$/);
  t.match(told.get('ADDRESS'), /^ADDRESS=10\./);
  t.equal(told.get('ADDRESSES'), `ADDRESSES=${told.get('ADDRESS')?.slice('ADDRESS='.length)}`);
});

t.test('a security context holds within', async (t) => {
  const securityContext = {
    runAsUser: 1234,
    runAsGroup: 2345,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const spec = { securityContext: { supplementalGroups: [3456], fsGroup: 4567 } };
  const names = 'Uid|Gid|Groups|CapBnd|CapEff|NoNewPrivs|Seccomp';
  const script = `grep -E '^(${names}):' /proc/self/status; touch /file; exit 0`;
  const output = await outputOf('secured', script, { spec, more: { securityContext } });
  t.match(output, /^Uid:\t1234\t1234\t1234\t1234$/m);
  t.match(output, /^Gid:\t2345\t2345\t2345\t2345$/m);
  t.match(output, /^Groups:\t(2345 )?3456 4567 ?$/m);
  t.match(output, /^CapEff:\t0{16}$/m);
  t.match(output, /^CapBnd:\t0{16}$/m);
  t.match(output, /^NoNewPrivs:\t1$/m);
  t.match(output, /^Seccomp:\t2$/m);
  t.match(output, /Read-only file system/);
  const root = { securityContext: { runAsNonRoot: true } };
  await node.create({ containers: [shell(waiting, root)] }, { name: 'rooted' });
  const pod = await node.until('rooted', (now) => {
    return now?.status?.containerStatuses?.[0]?.state?.waiting?.message !== undefined;
  });
  t.match(pod?.status?.containerStatuses?.[0]?.state?.waiting, {
    reason: 'CreateContainerConfigError',
    message: /container has runAsNonRoot and image will run as root/,
  });
  await end('rooted');
});

function mounted(more: object): object {
  return { volumeMounts: [{ name: 'host', mountPath: '/host', ...more }] };
}

t.test('mounts pass on what is mounted later, and are read-only all the way down', async (t) => {
  const shared = `${folder}/shared`;
  mkdirSync(`${shared}/inner`, { recursive: true });
  execFileSync('mount', ['--bind', shared, shared]);
  t.teardown(() => execFileSync('umount', ['-R', '-l', shared]));
  execFileSync('mount', ['--make-shared', shared]);
  execFileSync('mount', ['-t', 'tmpfs', 'inner', `${shared}/inner`]);
  const volumes = [{ name: 'host', hostPath: { path: shared } }];
  const write = 'touch /host/inner/file; exit 0';
  const plain = { spec: { volumes }, more: mounted({ readOnly: true }) };
  t.equal(await outputOf('plain', write, plain), '', 'a submount is not read-only by itself');
  const recursive = mounted({ readOnly: true, recursiveReadOnly: 'Enabled' });
  const output = await outputOf('recursive', write, { spec: { volumes }, more: recursive });
  t.match(output, /Read-only file system/);
  const script = `until [ -e /host/later/file ]; do sleep 0.1; done; echo seen`;
  const follows = shell(`(${script}) > /dev/termination-log; ${waiting}`, {
    name: 'follows',
    ...mounted({ mountPropagation: 'HostToContainer' }),
  });
  const makes = shell(
    `mkdir /host/later; mount -t tmpfs later /host/later; touch /host/later/file; ${waiting}`,
    {
      name: 'makes',
      securityContext: { privileged: true },
      ...mounted({ mountPropagation: 'Bidirectional' }),
    },
  );
  const ready = { exec: { command: ['grep', 'seen', '/dev/termination-log'] }, periodSeconds: 1 };
  const containers = [{ ...follows, readinessProbe: ready }, makes];
  await node.create({ volumes, containers }, { name: 'passing' });
  await node.ready('passing');
  t.ok(existsSync(`${shared}/later/file`), 'on the host, too');
  await end('passing');
});

t.test('a pod has its time, and no more', async (t) => {
  const spec = { activeDeadlineSeconds: 1, containers: [shell(waiting)] };
  await node.create(spec, { name: 'brief' });
  const pod = await node.until('brief', hasEnded);
  t.match(pod?.status, {
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  });
  await end('brief');
});

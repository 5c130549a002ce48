import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import t from 'tap';
import { KeelsonSandboxes } from '../../../src/sandbox/sandboxes.ts';
import type { PodSandboxRequest, PodSandboxStatus } from '../../../src/sandbox/sandbox-service.ts';
import type { NamespaceType } from '../../../src/container/spec-linux.ts';
import type { Mount, Process } from '../../../src/container/spec.ts';
import { standardMounts } from '../container/bundle.ts';
import { Scratch } from '../container/scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

function podRequest(scratch: Scratch, change: Partial<PodSandboxRequest> = {}): PodSandboxRequest {
  const id = scratch.bundle.name.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  return {
    id,
    hostname: 'pod1',
    network: 'none',
    ipc: 'pod',
    pid: 'container',
    cgroupPath: `/${scratch.bundle.name}/pod`,
    ...change,
  };
}

/** True when it has ended; its parent, the first process, may take its time to notice. */
async function ends(pid: number): Promise<boolean> {
  for (let round = 0; round < 200; round++) {
    const path = `/proc/${pid}/stat`;
    if (!existsSync(path) || readFileSync(path, 'utf8').includes(') Z ')) return true;
    await delay(10);
  }
  return false;
}

/** The pod's shared memory, as the CRI's containers have it. */
function mountsIn(pod: PodSandboxStatus | undefined): Mount[] {
  const source = pod?.shm ?? '/dev/shm';
  const shm = { destination: '/dev/shm', source, options: ['rbind', 'rprivate'] };
  return standardMounts.map((mount) => (mount.destination === '/dev/shm' ? shm : mount));
}

/** A container in the pod: its namespaces by path where the pod has them. */
async function runIn(
  scratch: Scratch,
  pods: KeelsonSandboxes,
  ...[args, process = {}]: [args: readonly string[], process?: Partial<Process>]
) {
  const [pod] = pods.list();
  const pins = pod?.namespaces ?? {};
  const own: NamespaceType[] = ['mount', 'cgroup', 'pid'];
  const namespaces = [
    ...own.filter((type) => !(type in pins)).map((type) => ({ type })),
    ...Object.entries(pins).map(([type, path]) => ({ type: type as NamespaceType, path })),
  ];
  const { hostname: _, ...spec } = scratch.bundle.spec(args, { mounts: mountsIn(pod), process });
  const request = {
    podId: pod?.id ?? '',
    cgroupPath: `/${scratch.bundle.name}/pod/c`,
    spec: { ...spec, linux: { ...spec.linux, namespaces } },
  };
  return await scratch.run(args, { request });
}

t.test('a pod has pinned namespaces that its containers share', async (t) => {
  await using scratch = new Scratch();
  const pods = new KeelsonSandboxes({ engine: scratch.engine });
  const request = podRequest(scratch, { sysctls: { 'net.ipv4.ip_unprivileged_port_start': '7' } });
  const pod = await pods.run(request);
  t.match(pod, { state: 'ready', request });
  t.not(pod.shimPid, 0);
  const host = readlinkSync('/proc/self/ns/net');
  const script =
    'hostname; readlink /proc/self/ns/net; cat /sys/class/net/lo/operstate; ' +
    'cat /proc/sys/net/ipv4/ip_unprivileged_port_start';
  const first = await runIn(scratch, pods, ['sh', '-c', script]);
  const second = await runIn(scratch, pods, ['sh', '-c', script]);
  t.equal(first.out, second.out);
  const [hostname, network, , start] = first.out.split('\n');
  t.equal(hostname, 'pod1');
  t.not(network, host);
  t.equal(start, '7');
  t.match(readFileSync(pod.files.hosts, 'utf8'), /127\.0\.1\.1\tpod1/);
  await pods.remove(pod.id);
  for (const path of Object.values(pod.namespaces)) t.notOk(existsSync(path), `${path} is gone`);
  t.ok(await ends(pod.shimPid), 'the shim is gone');
  t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), pod.id);
  t.same(pods.list(), []);
});

for (const mapped of [false, true]) {
  const where = mapped ? ' with a user namespace' : '';
  t.test(`a pod${where} has one /dev/shm, which its containers share`, async (t) => {
    await using scratch = new Scratch();
    const pods = new KeelsonSandboxes({ engine: scratch.engine });
    const map = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
    const mappings = mapped ? { uidMappings: map, gidMappings: map } : {};
    const pod = await pods.run(podRequest(scratch, { shmBytes: 3 * 1024 * 1024, ...mappings }));
    const first = await runIn(scratch, pods, ['sh', '-c', 'echo mine > /dev/shm/x']);
    t.equal(first.err, '');
    const script = 'cat /dev/shm/x; df -k /dev/shm | tail -1; stat -c "%a %u" /dev/shm';
    const { out } = await runIn(scratch, pods, ['sh', '-c', script]);
    t.match(out, /^mine\n\S+ +3072 .*\n1777 0\n$/);
    t.ok(existsSync(join(pod.shm ?? '', 'x')), 'outside it is where the status says');
    await pods.stop(pod.id);
    t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), pod.id, 'stop unmounts it');
    await pods.remove(pod.id);
  });
}

t.test("with the host's IPC a pod sees what the host's programs share", async (t) => {
  await using scratch = new Scratch();
  const pods = new KeelsonSandboxes({ engine: scratch.engine });
  const pod = await pods.run(podRequest(scratch, { ipc: 'host' }));
  t.equal(pod.shm, undefined);
  const { stdout } = await promisify(execFile)('ipcmk', ['-M', '4096']);
  const [, segment = ''] = /id: (\d+)/.exec(stdout) ?? [];
  try {
    const { out } = await runIn(scratch, pods, ['cat', '/proc/sysvipc/shm']);
    t.match(out, new RegExp(`^ *-?\\d+ +${segment} `, 'm'));
  } finally {
    await promisify(execFile)('ipcrm', ['-m', segment]);
  }
  await pods.remove(pod.id);
});

t.test('the first process of a shared PID namespace is /pause to ps', async (t) => {
  await using scratch = new Scratch();
  const pods = new KeelsonSandboxes({ engine: scratch.engine });
  const pod = await pods.run(podRequest(scratch, { pid: 'pod' }));
  const { out } = await runIn(scratch, pods, ['sh', '-c', 'ps -o pid,comm,args | grep pause']);
  t.match(out, /^ +1 pause +\/pause\n/);
  const bytes = await runIn(scratch, pods, ['sh', '-c', 'cat /proc/1/cmdline | wc -c']);
  t.equal(bytes.out.trim(), String('/pause'.length + 1));
  const shim = readFileSync(`/proc/${pod.shimPid}/cmdline`, 'utf8');
  t.equal(shim, `keelson-shim\0shim\0${pod.id}\0`, 'the shim keeps its own');
  await pods.remove(pod.id);
});

for (const mapped of [false, true]) {
  const where = mapped ? ', in a user namespace' : '';
  t.test(`the first process lives in the pod's namespaces and has nothing${where}`, async (t) => {
    await using scratch = new Scratch();
    const pods = new KeelsonSandboxes({ engine: scratch.engine });
    const map = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
    const mappings = mapped ? { uidMappings: map, gidMappings: map } : {};
    const pod = await pods.run(podRequest(scratch, { pid: 'pod', ...mappings }));
    const set = ['CAP_SYS_PTRACE', 'CAP_DAC_OVERRIDE'];
    const tracer = { bounding: set, effective: set, permitted: set };
    const look = (command: string) =>
      runIn(scratch, pods, ['sh', '-c', command], { capabilities: tracer });
    const root = await look(
      'ls -A /proc/1/root/; ls /proc/1/cwd/; ls /proc/1/fd; touch /proc/1/root/x',
    );
    t.equal(root.out, '', 'an empty root, no descriptor');
    t.match(root.err, mapped ? /Permission denied/ : /Read-only file system/);
    const status = await look('grep -E "^(Cap|NoNewPrivs|Uid)" /proc/1/status');
    t.notMatch(status.out, /^Cap\w+:\s+0*[1-9a-f]/m, 'no capability');
    t.match(status.out, /NoNewPrivs:\s+1/);
    t.match(status.out, mapped ? /Uid:\s+0/ : /Uid:\s+65535/);
    const record = readFileSync(join(scratch.engine.podFolder(pod.id), 'sandbox.json'), 'utf8');
    const { pausePid } = JSON.parse(record) as { pausePid: number };
    for (const [kind, pin] of Object.entries(pod.namespaces)) {
      const name = kind === 'network' ? 'net' : kind;
      const place = readlinkSync(`/proc/${pausePid}/ns/${name}`);
      t.equal(place, `${name}:[${statSync(pin).ino}]`, `it is in the pod's ${kind} namespace`);
    }
    await pods.remove(pod.id);
  });
}

t.test("a pod in the host's network has the node's name, in a namespace of its own", async (t) => {
  await using scratch = new Scratch();
  const pods = new KeelsonSandboxes({ engine: scratch.engine });
  const pod = await pods.run(podRequest(scratch, { network: 'host', pid: 'pod' }));
  const set = ['CAP_SYS_ADMIN'];
  const admin = { capabilities: { bounding: set, effective: set, permitted: set } };
  const { out } = await runIn(
    scratch,
    pods,
    ['sh', '-c', 'hostname; hostname other; hostname'],
    admin,
  );
  t.equal(out, `${hostname()}\nother\n`);
  t.not(hostname(), 'other');
  await pods.remove(pod.id);
});

t.test('what a lost runtime left pinned under the same name is in nobody’s way', async (t) => {
  await using scratch = new Scratch();
  const pods = new KeelsonSandboxes({ engine: scratch.engine });
  const request = podRequest(scratch);
  const first = await pods.run(request);
  // The state folder is lost with all that it knew; mounts and pins are not.
  process.kill(first.shimPid, 'SIGKILL');
  t.ok(await ends(first.shimPid));
  const fresh = new KeelsonSandboxes({ engine: scratch.engine });
  rmSync(join(scratch.engine.podFolder(first.id), 'sandbox.json'));
  const second = await fresh.run(request);
  t.match(second, { state: 'ready' });
  await fresh.remove(second.id);
  // After a reboot where /run is a disk's folder, the pin is a file with nothing mounted on it.
  const pin = first.namespaces.network ?? '';
  writeFileSync(pin, '');
  const third = await fresh.run(request);
  t.match(third, { state: 'ready' });
  await fresh.remove(third.id);
  t.notOk(existsSync(pin));
  t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), first.id);
});

t.test('a pod with a shared PID namespace keeps it until it is stopped', async (t) => {
  await using scratch = new Scratch();
  const pods = new KeelsonSandboxes({ engine: scratch.engine });
  const pod = await pods.run(podRequest(scratch, { pid: 'pod' }));
  const { out } = await runIn(scratch, pods, ['sh', '-c', 'echo $$; ps | wc -l']);
  t.not(out.split('\n')[0], '1', 'the pause process has number 1');
  await pods.stop(pod.id);
  await pods.stop(pod.id);
  t.match(pods.status(pod.id), { state: 'notReady' });
  await pods.remove(pod.id);
  await pods.remove(pod.id);
});

t.test('a pod with a user namespace owns its network', async (t) => {
  await using scratch = new Scratch();
  const pods = new KeelsonSandboxes({ engine: scratch.engine });
  const map = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
  const pod = await pods.run(podRequest(scratch, { uidMappings: map, gidMappings: map }));
  const { out, err } = await runIn(scratch, pods, [
    'sh',
    '-c',
    'id -u; cat /proc/self/uid_map; hostname; ls -ln /bin/busybox | cut -c1-30',
  ]);
  t.equal(err, '');
  const [uid, uidMap, hostname, file] = out.split('\n');
  t.equal(uid, '0');
  t.match(uidMap, /0\s+200000\s+65536/);
  t.equal(hostname, 'pod1');
  t.match(file, / 0 +0/, 'files belong to root inside');
  await pods.remove(pod.id);
});

t.test('what cannot be is refused, and nothing is left', async (t) => {
  await using scratch = new Scratch();
  const pods = new KeelsonSandboxes({ engine: scratch.engine });
  const invalid = { name: 'DomainError', kind: 'invalid' };
  const bad: Partial<PodSandboxRequest>[] = [
    { id: '../x' },
    { hostname: 'a\nb' },
    { sysctls: { 'kernel.core_pattern': '|/x' } },
    { sysctls: { 'net.ipv4.ip_forward': '1\n2' } },
    { dns: { servers: ['1.1.1.1\noptions'] } },
  ];
  for (const change of bad) {
    await t.rejects(pods.run(podRequest(scratch, change)), invalid, JSON.stringify(change));
  }
  t.same(pods.list(), []);
  t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), scratch.bundle.name.toLowerCase());
});

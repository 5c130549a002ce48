/** Chapter 2, process isolation: S2.1 to S2.9. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { spawn } from '../../../src/index.ts';
import { startDockerRegistry } from '../image/docker-registry.ts';
import { skopeo } from '../image/make-images.ts';
import { missing, Reader } from './reader.ts';

const skip = missing('lsns', 'unshare', 'script', 'jq', 'docker-registry', 'skopeo');
if (skip !== undefined) {
  t.pass('skipped', { skip });
  process.exit(0);
}
const withoutCrictl = missing('crictl') ?? false;

t.setTimeout(110_000);
const reader = await Reader.start();
t.teardown(() => reader[Symbol.asyncDispose]());
const { folder } = reader;

t.test('S2.1 the permissions of a service user', async (t) => {
  const tour = [
    `install -d -m 700 ${folder}/private && install -m 640 -g adm /dev/null ${folder}/auth.log`,
    `ls -l ${folder}/auth.log; ls -ld ${folder}/private`,
    `chmod 711 ${folder}; setpriv --reuid 65534 --clear-groups cat ${folder}/auth.log || true`,
    'setpriv --reuid 65534 --clear-groups --regid 65534 /usr/sbin/nologin || true',
  ];
  const shown = await reader.see(tour.join('\n'));
  t.match(shown, /^-rw-r----- \d+ root adm /m);
  t.match(shown, /^drwx------ \d+ root root /m);
  t.match(shown, /auth\.log: Permission denied/);
  t.match(shown, 'This account is currently not available.');
});

t.test('S2.2 a chroot by hand', async (t) => {
  const listing = await reader.see(`cd ${folder} && mkdir newroot
    cp --parents /bin/bash /bin/ls newroot
    cp --parents /lib64/ld-linux-x86-64.so.2 \\
      $(ldd /bin/bash /bin/ls | grep '=>' | awk '{print $3}') newroot
    chroot newroot /bin/bash -c 'ls -l /bin'`);
  const rows = listing.split('\n').filter((line) => line.startsWith('-'));
  t.equal(rows.length, 2, listing);
  t.ok(
    rows.every((row) => /^-rwxr-xr-x +1 +0 +0 .*(bash|ls)$/.test(row)),
    'owners are numbers',
  );
});

t.test('S2.3 a low-level run: pull first, then a shell with lo alone', async (t) => {
  await using registry = await startDockerRegistry({ plain: true });
  const name = `${registry.host}/library/busybox:latest`;
  const archive = `${folder}/busybox.tar`;
  await reader.see(
    `keelson save --format docker-archive -o ${archive} busybox && keelson rmi busybox`,
  );
  skopeo('copy', '--dest-tls-verify=false', `docker-archive:${archive}`, `docker://${name}`);
  t.equal(await reader.see('keelson images -q'), '', 'none yet');
  const early = await reader.type(`keelson run --rm --pull never ${name} true`);
  t.match(early, { code: 125, output: /No such image/ });
  t.match(await reader.see(`keelson pull ${name}`), /Digest: sha256:[0-9a-f]{64}|sha256:/);
  t.match(await reader.see('keelson images'), /REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\n.*latest/);
  const shown = await reader.atTerminal(`keelson run -ti --rm --name v1 ${name}`, [
    'ip addr',
    'ps -o pid,args',
    'exit',
  ]);
  t.match(shown, /1: lo: <LOOPBACK,UP,LOWER_UP>/);
  t.match(shown, 'inet 127.0.0.1/8');
  t.notMatch(shown, /^2: /m);
  t.match(shown, /^ +1 sh$/m);
  t.equal(await reader.see('keelson ps -aq'), '', 'its exit removes it');
  await reader.see(`keelson tag ${name} busybox && keelson tag ${name} docker.io/library/busybox`);
});

t.test('S2.4 the container is a process of the host, below its supervisor', async (t) => {
  const first = reader.type('keelson run -i --rm --name v1 busybox sh', 'sleep 120\n');
  for (let wait = 0; wait < 600; wait += 1) {
    if (await reader.see('keelson ps -q --filter name=v1')) break;
    await sleep(50);
  }
  const pid = await reader.see("keelson inspect -f '{{.State.Pid}}' v1");
  t.match(
    await reader.see('keelson ps --format "{{.Names}} {{.Pid}} {{.State}}"'),
    `v1 ${pid} running`,
  );
  const parent = (await reader.see(`ps -o ppid= -p ${pid}`)).trim();
  t.match(await reader.see(`ps -o args= -p ${parent}`), /keelson-shim/);
  t.equal((await reader.see(`ps -o ppid= -p ${parent}`)).trim(), '1');
  const namespaces = async (of: string): Promise<string[]> =>
    (await reader.see(`lsns -n -o TYPE,NS -p ${of}`)).split('\n').map((row) => row.trim());
  const outside = await namespaces('$$');
  const ours = (await namespaces(pid)).filter((row) => !outside.includes(row));
  t.same(
    ours.map((row) => row.split(/\s+/)[0] ?? '').toSorted(),
    ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts'],
    'the five of the book, and the cgroup namespace that cgroup v2 brings',
  );
  t.match(await reader.see(`ps -o args= -p ${pid}`), /^sh$/);
  await reader.see('keelson kill v1');
  await first;
  t.notOk(existsSync(`/proc/${pid}`), 'gone after its end');
  t.same(await reader.runtime.leftovers(), []);
});

t.test('S2.5 to S2.7 a pod by crictl', { skip: withoutCrictl }, async (t) => {
  const setup = `cd ${folder}
    cat > pod.yaml <<END
metadata:
  name: busybox
  namespace: crio
linux:
  security_context:
    namespace_options:
      network: 2
END
    cat > container.yaml <<END
metadata:
  name: busybox
image:
  image: docker.io/library/busybox:latest
args:
  - "/bin/sleep"
  - "36000"
END`;
  await reader.see(setup);
  t.match(await reader.see('cat $CRI_CONFIG_FILE'), /runtime-endpoint: unix:\/\//);
  const created = await reader.see(`cd ${folder}
    POD_ID=$(crictl runp pod.yaml); echo $POD_ID
    crictl pods
    CONTAINER_ID=$(crictl create $POD_ID container.yaml pod.yaml)
    crictl start $CONTAINER_ID
    crictl ps`);
  const [podId = '', id = ''] = created.match(/^[0-9a-f]{64}$/gm) ?? [];
  t.match(created, /busybox +crio/);
  t.match(created, / Ready /);
  t.match(created, new RegExp(`^${id.slice(0, 13)} .*Running +busybox`, 'm'));

  const inside = await reader.see(
    `crictl exec --sync ${id} ip addr; crictl exec -s ${id} ps -o pid,args`,
  );
  const nic = (await reader.see('ip -o link | grep -v " lo:" | head -1')).split(/[:@]/)[1] ?? '';
  t.match(inside, nic.trim(), 'the interfaces are those of the host');
  t.match(inside, /^ +1 \/pause/m, "the pod's first process");
  t.match(inside, /^ +\d+ \/bin\/sleep 36000$/m);

  const pid = await reader.see(`crictl inspect ${id} | jq '.info.pid'`);
  t.match(await reader.see(`ps -o args= -p ${pid}`), '/bin/sleep 36000');
  const rows = await reader.see(`lsns -n -o TYPE,NPROCS,COMMAND -p ${pid}`);
  for (const kind of ['uts', 'ipc', 'pid']) {
    t.match(rows, new RegExp(`^${kind} +2 +/pause`, 'm'), `${kind} has two processes`);
  }
  t.match(rows, /^mnt +1 +\/bin\/sleep 36000/m);
  const net = await reader.see(`readlink /proc/${pid}/ns/net /proc/self/ns/net | uniq | wc -l`);
  t.equal(net, '1', "the network namespace is the host's");
  t.match(
    await reader.see(
      `crictl stop ${id}; crictl rm ${id}; crictl stopp ${podId}; crictl rmp ${podId}`,
    ),
    /Stopped sandbox .*\nRemoved sandbox /,
  );
  t.same(await reader.runtime.leftovers(), []);
});

/** What the first process of new namespaces sees; then it waits to be killed. */
const look = [
  'mount --make-rprivate /',
  'mount -t proc proc /proc',
  'ps -ef',
  'ls -l /proc/self/ns/pid',
  'sleep 60',
].join(' && ');

t.test('S2.8 namespaces by hand', async (t) => {
  const typed = reader.type(`unshare -f -p --mount-proc -- /bin/sh -c '${look}'`);
  const child = await firstProcess('unshare -f -p --mount-proc');
  const shown = await reader.see(`lsns -n -o TYPE,NPROCS,NS -p ${child}`);
  await reader.see(`kill -9 ${child}`);
  const { output } = await typed;
  t.match(output, /^root +1 +0 .*\/bin\/sh -c/m, 'its shell is process 1');
  const [, inode = 'none'] = /pid:\[(\d+)\]/.exec(output) ?? [];
  t.match(shown, new RegExp(`^pid +2 ${inode}$`, 'm'), 'lsns shows the same number');
  t.match(shown, /^mnt +3 /m, 'a mount namespace with unshare itself in it');
});

t.test('S2.8 the same by the toolkit', async (t) => {
  const child = await spawn({
    args: ['/bin/sh', '-c', look],
    env: { PATH: process.env['PATH'] ?? '' },
    namespaces: { pid: true, mount: true },
    stdio: 'pipe',
  });
  let output = '';
  child.stdout?.on('data', (bytes: Buffer) => (output += bytes.toString()));
  while (!output.includes('pid:[')) await sleep(20);
  const inode = (await reader.see(`readlink /proc/${child.pid}/ns/pid`)).replace(/\D/g, '');
  t.match(output, /^root +1 +0 .*\/bin\/sh -c/m);
  t.match(output, `pid:[${inode}]`);
  t.match(await reader.see(`lsns -n -o TYPE,NPROCS,NS -p ${child.pid}`), `pid         2 ${inode}`);
  child.signal('SIGKILL');
  t.same(await child.wait(), { exitCode: 137 });
});

/** The child of the process with that command line, once it has said all and sleeps. */
async function firstProcess(command: string): Promise<string> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const parent = `$(pgrep -n -f '^${command}')`;
    const sleeping = `pgrep -x sleep -P $(pgrep -P ${parent})`;
    const { output } = await reader.type(`pgrep -P ${parent} && ${sleeping}`);
    const [child = '', grandchild = ''] = output.split('\n');
    if (/^\d+$/.test(child) && /^\d+$/.test(grandchild)) return child;
    await sleep(50);
  }
  throw new Error(`${command} has not started a process`);
}

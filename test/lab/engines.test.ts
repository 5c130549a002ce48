/**
 * The lab's machines with kernels of their own (`scripts/lab up --engine`). By default two bare
 * ones of user-mode Linux; `KEELSON_LAB_ENGINES=all`, or names of `uml,qemu`, does the rest:
 * minutes, for qemu computes a processor in software where the machine has none to lend.
 */
import { existsSync } from 'node:fs';
import t, { type Test } from 'tap';
import { LabMachines } from './lab-machines.ts';
import { findPrograms } from '../cluster/api/kubectl.ts';
import { unable } from './lab.ts';

t.setTimeout(7_200_000);
const chosen = process.env['KEELSON_LAB_ENGINES'] ?? '';

function unlessChosen(engine: string, program: string): string | false {
  if (chosen !== 'all' && !chosen.split(',').includes(engine)) {
    return `needs minutes: KEELSON_LAB_ENGINES=${engine}`;
  }
  return !existsSync(program) && `needs ${program}`;
}

async function nothingIsLeft(t: Test, lab: LabMachines): Promise<void> {
  t.ok(lab.leftovers().length > 2);
  t.same(await lab.down(), { code: 0, stdout: '', stderr: '' });
  t.same(lab.leftovers(), []);
}

/** What every engine with machines does alike. */
async function machinesWork(t: Test, lab: LabMachines): Promise<void> {
  const script = 'echo "a  b"; echo c >&2; pwd; hostname; exit 7';
  const said = await lab.run('exec', 'host02', 'sh', '-c', script);
  t.same(said, { code: 7, stdout: `a  b\n${process.cwd()}\nhost02\n`, stderr: 'c\n' });
  t.equal((await lab.type('one\ntwo\n', 'exec', 'host01', 'wc', '-l')).stdout, '2\n');
  t.match(
    await lab.on('host01', 'cat /sys/fs/cgroup/cgroup.subtree_control'),
    /cpu io memory.*pids/,
  );
  await lab.on('host01', 'touch /etc/keelson-lab-was-here');
  t.notOk(existsSync('/etc/keelson-lab-was-here'), 'the host is left alone');
  const ping = 'ping -c 1 -W 2 192.168.61.12 >/dev/null && echo reached || echo cut off';
  await lab.sees('host01', ping, 'reached');
  await lab.run('partition', 'host02');
  await lab.sees('host01', ping, 'cut off');
  t.equal(await lab.on('host02', 'hostname'), 'host02', 'a node that is cut off can be looked at');
  await lab.run('heal', 'host02');
  await lab.sees('host01', ping, 'reached');
  await lab.cancelled('host01', 'sleep 4711');
  await lab.sees('host01', 'pgrep -cf "[s]leep 4711" || true', '0');
  const { code, stderr } = await lab.run('exec', 'host03', 'true');
  t.same(
    { code, stderr },
    {
      code: 1,
      stderr: `scripts/lab: there is no node "host03"; scripts/lab --name ${lab.name} up\n`,
    },
  );
}

t.test('uml: two machines with kernels of their own', { skip: unable() }, async (t) => {
  await using lab = new LabMachines();
  await lab.up('--engine', 'uml', '--nodes', '2', '--bare');
  t.match(await lab.on('host01', 'cat /proc/cpuinfo'), 'User Mode Linux');
  await machinesWork(t, lab);
  await nothingIsLeft(t, lab);
});

const umlSkip = unable() || unlessChosen('uml', '/usr/bin/linux.uml');

t.test(
  'uml: runtimes whose pods reach each other, and words instead of Services',
  { skip: umlSkip },
  async (t) => {
    await using lab = new LabMachines();
    const { stderr } = await lab.up('--engine', 'uml', '--nodes', '2');
    t.match(stderr, /no nf_tables.*no Services, overlay or cluster/);
    await lab.on('host01', 'keelson run -d --name web --network pod busybox sleep 36000');
    const address = await lab.on(
      'host01',
      `keelson exec web ip -o -4 addr show eth0 | sed 's,.*inet \\([0-9.]*\\)/.*,\\1,'`,
    );
    t.match(address, /^10\.244\.1\.\d+$/);
    const ping = `keelson run --rm --network pod busybox ping -c 3 -W 10 ${address}`;
    t.match(await lab.on('host02', ping), / 0% packet loss/);
    const pid = await lab.on('host01', 'cat /run/keelson/runtime.lock');
    t.equal((await lab.run('kill', 'host01', 'runtime')).code, 0);
    const another = `[ "$(cat /run/keelson/runtime.lock)" != ${pid} ] && echo another`;
    await lab.sees('host01', `keelson ps -q >/dev/null && ${another}`, 'another');
    t.match(await lab.on('host01', 'keelson ps'), 'web', 'containers outlive it');
    const none = await lab.run('kill', 'host01', 'kubelet');
    t.same(none, { code: 1, stdout: '', stderr: 'scripts/lab: no kubelet runs there\n' });
    await nothingIsLeft(t, lab);
  },
);

const qemuSkip = unable() || unlessChosen('qemu', '/usr/bin/qemu-system-x86_64');

t.test('qemu: two machines with Debian’s kernel, limits and NAT', { skip: qemuSkip }, async (t) => {
  await using lab = new LabMachines();
  await lab.up('--engine', 'qemu', '--nodes', '2', '--bare');
  t.match(await lab.on('host01', 'uname -rv'), /^6\..*Debian/);
  await machinesWork(t, lab);
  await lab.on('host01', 'scripts/busybox-image /tmp/image.tar');
  await lab.on('host01', 'setsid --fork keelson runtime </dev/null >/var/log/keelson.log 2>&1');
  await lab.sees('host01', 'keelson version >/dev/null 2>&1 && echo answers', 'answers');
  await lab.on('host01', `keelson import --change 'CMD ["sh"]' /tmp/image.tar busybox`);
  const limited = 'keelson run --rm -m 32m --memory-swap 32m busybox';
  t.equal(await lab.on('host01', `${limited} cat /sys/fs/cgroup/memory.max`), '33554432');
  const hog = await lab.run(
    'exec',
    'host01',
    'sh',
    '-c',
    `${limited} dd if=/dev/zero of=/dev/null bs=64M`,
  );
  t.equal(hog.code, 137, 'who takes more is killed');
  const chain = 'chain post { type nat hook postrouting priority srcnat; masquerade; }';
  const nat = `nft 'table inet lab { ${chain}; }' && nft list ruleset`;
  t.match(await lab.on('host01', nat), /type nat hook postrouting[^]*masquerade/);
  await nothingIsLeft(t, lab);
});

function pathTo(node: string, field: string): string {
  return `'{.items[?(@.spec.nodeName=="${node}")].${field}}'`;
}

const script = 'mkdir -p /www; hostname >/www/index.html; exec httpd -f -h /www';
const spread = {
  maxSkew: 1,
  topologyKey: 'kubernetes.io/hostname',
  whenUnsatisfiable: 'DoNotSchedule',
  labelSelector: { matchLabels: { app: 'web' } },
};
const web = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            topologySpreadConstraints: [spread],
            containers: [
              {
                name: 'web',
                image: 'busybox:1',
                command: ['sh', '-c', script],
                resources: { limits: { memory: '64Mi' }, requests: { memory: '32Mi' } },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, nodePort: 30080 }] },
    },
  ],
};

const [kubectl = ''] = findPrograms().slice(-1);

t.test(
  'qemu: a cluster, whose pods are reached by VXLAN and by nf_tables',
  { skip: qemuSkip || (kubectl === '' && 'needs kubectl') },
  async (t) => {
    await using lab = new LabMachines();
    await lab.up('--engine', 'qemu', '--nodes', '2');
    const on = (words: string) => lab.on('host01', `${kubectl} ${words}`);
    t.match(await on('get nodes --no-headers'), /^host01 +Ready [^]*\nhost02 +Ready /);
    await lab.on('host01', `cat >/run/web.json <<'END'\n${JSON.stringify(web)}\nEND`);
    await on('apply -f /run/web.json');
    await on('rollout status deployment web --timeout=1800s');
    const rows = await on('get pods -l app=web --no-headers -o wide');
    t.match(rows, /host01[^]*host02|host02[^]*host01/, 'one on each node');
    const here = await on(`get pods -o jsonpath=${pathTo('host01', 'metadata.name')}`);
    const there = await on(`get pods -o jsonpath=${pathTo('host02', 'status.podIP')}`);
    t.match(await on(`exec ${here} -- ping -c 3 -W 20 ${there}`), / 0% packet loss/);
    const served = new Set<string>();
    for (let round = 0; round < 20 && served.size < 2; round += 1) {
      const node = `192.168.61.1${1 + (round % 2)}`;
      served.add(await lab.on('host02', `curl -fsS --max-time 60 http://${node}:30080/`));
    }
    t.equal(served.size, 2, 'the Service has both');
    t.equal(await on(`exec ${here} -- cat /sys/fs/cgroup/memory.max`), '67108864');
    const uid = await on(`get pod ${here} -o jsonpath='{.metadata.uid}'`);
    const whole = `cat /sys/fs/cgroup/kubepods/burstable/pod${uid}/memory.max`;
    t.equal(await lab.on('host01', whole), '67108864', 'and the whole pod has its limit');
    await nothingIsLeft(t, lab);
  },
);

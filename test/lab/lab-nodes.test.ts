/** What `scripts/lab` refuses, and what becomes of a lab that is broken off. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { unable } from '../e2e/lab/cluster-lab.ts';
import { LabMachines } from './lab-machines.ts';
import { project } from './lab.ts';

const skip = unable();
if (skip !== undefined) {
  t.pass('skipped', { skip });
  process.exit(0);
}

t.setTimeout(900_000);

const refused: readonly (readonly [readonly string[], RegExp])[] = [
  [['up', '--engine', 'vmware'], /--engine is "vmware", not netns, uml or qemu/],
  [['up', '--init', 'upstart'], /--init is "upstart", not agent or systemd/],
  [['up', '--memory', '1G'], /--memory needs --engine/],
  [['up', '--engine', 'uml', '--memory', '12'], /--memory is "12", not a size as 1536M or 2G/],
  [['up', '--nodes', '7'], /--nodes is "7", not 1 to 6/],
  [['up', '--nodes'], /--nodes needs a value/],
  [['up', '--mode', 'ipip'], /--mode is "ipip", not vxlan or routed/],
  [['up', '--mode', 'routed', '--bare'], /--mode is how the pods of a cluster reach/],
  [['exec', 'host01', 'true'], /there is no node "host01"; scripts\/lab --name \S+ up/],
  [['partition', 'host01'], /there is no node "host01"/],
  [['kill', 'host01', 'up'], /there is no node "host01"/],
];

t.test('what cannot be done is refused in words', async (t) => {
  await using lab = new LabMachines();
  for (const [words, reason] of refused) {
    const { code, stderr } = await lab.run(...words);
    t.equal(code, 1, words.join(' '));
    t.match(stderr, reason);
  }
  for (const words of [
    ['up', '--fast'],
    ['up', 'host01'],
    ['down', 'host01'],
    ['exec'],
    ['begin'],
  ]) {
    const { code, stderr } = await lab.run(...words);
    t.same(
      { code, usage: /scripts\/lab /.test(stderr) },
      { code: 64, usage: true },
      words.join(' '),
    );
  }
  t.same(lab.leftovers(), [], 'and nothing was begun');
  t.same(await lab.down(), { code: 0, stdout: '', stderr: '' }, 'what is not there goes down');
});

t.test('who is not root is told so', (t) => {
  // Nobody else may look into root's home, where the project may be.
  const folder = mkdtempSync(join(tmpdir(), 'keelson-lab-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  cpSync(`${project}/scripts`, `${folder}/scripts`, { recursive: true });
  const words = ['--reuid', '65534', '--clear-groups', `${folder}/scripts/lab`, 'up'];
  const { status, stderr } = spawnSync('setpriv', words, { encoding: 'utf8' });
  t.same(
    { status, stderr },
    { status: 77, stderr: 'scripts/lab: run as root (it makes namespaces)\n' },
  );
  t.end();
});

t.test('a disk that is full is named before anything begins', async (t) => {
  await using lab = new LabMachines();
  const small = `mount -t tmpfs -o size=4m small ${lab.folder}
    KEELSON_LAB=${lab.folder} exec scripts/lab --name ${lab.name} up --bare`;
  const words = ['--mount', 'bash', '-ec', small];
  const { status, stderr } = spawnSync('unshare', words, { cwd: project, encoding: 'utf8' });
  t.equal(status, 1);
  t.match(stderr, /has room for 4 MiB, not 256; KEELSON_LAB is another place/);
  t.same(lab.leftovers(), []);
});

t.test('labs stand beside each other, each once', async (t) => {
  await using one = new LabMachines();
  await using two = new LabMachines();
  await Promise.all([one.up('--bare', '--nodes', '6'), two.up('--bare', '--nodes', '1')]);
  const again = await one.run('up', '--bare');
  t.equal(again.code, 1);
  t.match(again.stderr, `lab "${one.name}" is there already; scripts/lab --name ${one.name} down`);
  t.equal((await one.run('list')).stdout, 'host01 host02 host03 host04 host05 host06\n');
  t.equal((await two.run('list')).stdout, 'host01\n');
  t.match(await one.on('host06', 'ping -c 1 -W 60 192.168.61.11'), ' 0% packet loss');
  await two.down();
  t.match(await one.on('host05', 'ping -c 1 -W 60 192.168.61.12'), ' 0% packet loss');

  const running = one.run('exec', 'host02', 'sleep', '4712');
  await one.sees('host02', 'pgrep -xf "sleep 4712" >/dev/null && echo runs', 'runs');
  const pid = readFileSync(`${one.folder}/${one.name}/host02/pid`, 'utf8');
  process.kill(Number(pid), 'SIGKILL');
  t.not((await running).code, 0, 'a node that ends ends what runs on it');
  const gone = await one.run('exec', 'host02', 'true');
  t.match(gone.stderr, 'node "host02" has ended');
  for (const lab of [one, two]) {
    t.same(await lab.down(), { code: 0, stdout: '', stderr: '' });
    t.same(lab.leftovers(), []);
  }
});

t.test('who breaks off an `up` has no lab, whenever it was', async (t) => {
  for (const [signal, place] of [
    ['SIGINT', ''],
    ['SIGTERM', '/host02/inside'],
    ['SIGHUP', '/host03/pid'],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop: one after the other
    await t.test(`${signal} at ${place}`, async (t) => {
      await using lab = new LabMachines();
      const reached = (): boolean => existsSync(`${lab.folder}/${lab.name}${place}`);
      const { code, stdout } = await lab.signalled(signal, reached, 'up', '--bare');
      t.not(code, 0, stdout);
      t.same(lab.leftovers(), []);
      t.equal((await lab.run('up', '--bare', '--nodes', '1')).code, 0, 'and may begin anew');
    });
  }
});

t.test('what a killed `up` has left goes down', async (t) => {
  await using lab = new LabMachines();
  const reached = (): boolean => existsSync(`${lab.folder}/${lab.name}/host02/inside`);
  await lab.signalled('SIGKILL', reached, 'up', '--bare');
  t.match((await lab.run('up', '--bare')).stderr, /is there already; scripts\/lab .* down/);
  t.same(await lab.down(), { code: 0, stdout: '', stderr: '' });
  t.same(lab.leftovers(), []);
});

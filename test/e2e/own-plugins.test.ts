/** Pods of our runtime on networks of our plugins, and what a machine does to both. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(300_000);
const host = `keelson-own-${process.pid}`;
const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' });
const inHost = (...args: string[]) => ip('netns', 'exec', host, ...args);
ip('netns', 'add', host);
t.teardown(() => ip('netns', 'delete', host));
ip('-n', host, 'link', 'set', 'lo', 'up');

/** What `/var/lib/cni` is: a file system that can be filled and made read-only. */
const folder = mkdtempSync('/tmp/keelson-own-');
const state = join(folder, 'var-lib-cni');
for (const name of ['net.d', 'var-lib-cni', 'run']) mkdirSync(join(folder, name));
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,nr_inodes=200', 'none', state]);
t.teardown(() => {
  execFileSync('umount', ['-l', state]);
  rmSync(folder, { recursive: true });
});
execFileSync(fileURLToPath(new URL('../../scripts/install-cni', import.meta.url)), [
  join(folder, 'bin'),
]);

/** The plugins that nodes have: those of Podman's network, and the one for bandwidth. */
const network = {
  cniVersion: '1.0.0',
  name: 'own',
  plugins: [
    {
      type: 'bridge',
      bridge: 'own0',
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      macspoofchk: true,
      ipam: {
        type: 'host-local',
        dataDir: join(state, 'networks'),
        ranges: [[{ subnet: '10.91.0.0/24' }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
    { type: 'bandwidth', capabilities: { bandwidth: true } },
    { type: 'firewall', ingressPolicy: 'same-bridge' },
    { type: 'tuning', sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' }, mtu: 1400 },
    { type: 'sbr' },
  ],
};
writeFileSync(join(folder, 'net.d/10-own.conflist'), JSON.stringify(network));

process.env['KEELSON_CNI_CACHE'] = join(state, 'results');
const runtime = await PrivateRuntime.start({
  within: ['nsenter', `--net=/run/netns/${host}`],
  flags: ['--cni-config', join(folder, 'net.d'), '--cni-plugins', join(folder, 'bin')],
});
t.teardown(() => runtime[Symbol.asyncDispose]());

const below = (path: string, pattern: RegExp) =>
  readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => pattern.test(name));
const leases = () => below(state, /^networks\/own\/10\./);
const records = () => below(join(runtime.folder, 'state'), /^cni\/.*\.(begun|done)$/);
/** Whatever pods have outside of their own namespaces. */
const left = () => [
  ...leases(),
  ...records(),
  ...below(state, /^results\/./),
  ...(ip('-n', host, '-br', 'link').match(/^(veth|bwp|ifb)\S*/gm) ?? []),
  ...(inHost('nft', 'list', 'ruleset').match(/10\.91\.0\.(?![01]\b)\d+|keelson\/own\/\S*/g) ?? []),
];
/** The runtime cleans up beside its first calls. */
async function nothingLeft(): Promise<readonly string[]> {
  for (let attempt = 0; left().length > 0 && attempt < 300; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return left();
}
const onPodNetwork = ['--network', 'pod', 'busybox'];
const fetch = () => inHost('curl', '-s', '-m', '10', 'http://10.91.0.1:18080/etc/n');

t.test('a published port, and six plugins within the runtime itself', async (t) => {
  const serve = 'echo hello >/etc/n; httpd -p 80 -h /; sleep 1000';
  const args = ['-d', '--name', 'web', '-p', '18080:80', '--network', 'pod'];
  const { code, stderr } = await runtime.run(
    'run',
    ...args,
    'busybox',
    'busybox',
    'sh',
    '-c',
    serve.replaceAll('httpd', 'busybox httpd'),
  );
  t.equal(code, 0, stderr);
  let answer = '';
  for (let attempt = 0; answer === '' && attempt < 100; attempt++) {
    try {
      answer = fetch();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  t.equal(answer, 'hello\n');
  const types = network.plugins.map(({ type }) => type);
  t.same(records().length, types.length);
  for (const record of records()) {
    const [head = ''] = readFileSync(join(runtime.folder, 'state', record), 'utf8').split('\n');
    t.match(JSON.parse(head), { process: { pid: runtime.pid } }, record);
  }
  const { stdout } = await runtime.run('exec', 'web', 'ip', 'link', 'show', 'eth0');
  t.match(stdout, /mtu 1400/);
});

t.test('after a kill of the runtime the pod is reached, and goes without a trace', async (t) => {
  await runtime.down('SIGKILL');
  t.equal(fetch(), 'hello\n', 'while there is no runtime');
  await runtime.up();
  t.equal(fetch(), 'hello\n');
  t.equal((await runtime.run('rm', '--force', 'web')).code, 0);
  t.same(await nothingLeft(), []);
});

t.test('annotations of Kubernetes become a bucket with a sane burst', async (t) => {
  using client = new CriClient(runtime.socket);
  const metadata = { name: 'limited', uid: 'limited', namespace: 'default' };
  const annotations = {
    'kubernetes.io/ingress-bandwidth': '1M',
    'kubernetes.io/egress-bandwidth': '2M',
  };
  const config = { metadata, annotations, linux: { cgroup_parent: `/${runtime.name}` } };
  const { pod_sandbox_id: id } = await client.call('RunPodSandbox', { config });
  const shaped = inHost('tc', 'qdisc', 'show');
  t.match(shaped, /qdisc tbf \S+ dev veth\S+ root .* rate 1Mbit burst \d{1,3}Kb /);
  t.match(shaped, /qdisc tbf \S+ dev bwp\S+ root .* rate 2Mbit burst \d{1,3}Kb /);
  await client.call('RemovePodSandbox', { pod_sandbox_id: id });
  t.same(await nothingLeft(), []);
});

const run = (...args: string[]) => runtime.run('run', '--rm', ...args, ...onPodNetwork, 'true');

t.test('on a full disk a pod is refused in one line, and nothing is left', async (t) => {
  const filler = join(state, 'filler');
  spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k']);
  const { code, stderr } = await run();
  t.equal(code, 125);
  t.match(stderr, /^keelson: Cannot attach pod .*(ENOSPC|[Nn]o space left).*\n$/);
  rmSync(filler);
  // What could not be undone then is undone by the next start at the latest.
  await runtime.down('SIGTERM');
  await runtime.up();
  t.same(await nothingLeft(), []);
  t.equal((await run()).code, 0, 'with room it runs');
});

t.test('a pod goes while the disk is full', async (t) => {
  await runtime.run('run', '-d', '--name', 'last', ...onPodNetwork, 'sleep', '1000');
  const filler = join(state, 'filler');
  spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k']);
  t.equal((await runtime.run('rm', '--force', 'last')).code, 0);
  rmSync(filler);
  t.same(await nothingLeft(), []);
});

t.test('with /var/lib/cni read-only pods neither come nor go, and go after', async (t) => {
  await runtime.run('run', '-d', '--name', 'stays', ...onPodNetwork, 'sleep', '1000');
  execFileSync('mount', ['-o', 'remount,ro', state]);
  const refused = await run();
  t.equal(refused.code, 125);
  t.match(refused.stderr, /^keelson: Cannot attach pod .*(EROFS|[Rr]ead-only).*\n$/);
  const kept = await runtime.run('rm', '--force', 'stays');
  t.equal(kept.code, 1, 'its lease cannot be given back');
  t.match(kept.stderr, /EROFS|[Rr]ead-only/);
  execFileSync('mount', ['-o', 'remount,rw', state]);
  t.equal((await runtime.run('rm', '--force', 'stays')).code, 0);
  await runtime.down('SIGTERM');
  await runtime.up();
  t.same(await nothingLeft(), []);
});

t.test('after a reboot the leases of before are free', async (t) => {
  await runtime.run('run', '-d', '--name', 'before', ...onPodNetwork, 'sleep', '1000');
  t.equal(leases().length, 1);
  await runtime.down('SIGKILL');
  await runtime.forgetState();
  // The kernel forgets its rules too; the bridge would go as well.
  inHost('nft', 'flush', 'ruleset');
  await runtime.up();
  t.same(await nothingLeft(), []);
  await runtime.run('rm', '--force', 'before');
  t.same(await nothingLeft(), []);
  t.equal((await run()).code, 0);
});

t.test('of concurrent ADDs of one container one succeeds', async (t) => {
  const pod = `${host}-pod`;
  ip('netns', 'add', pod);
  t.teardown(() => ip('netns', 'delete', pod));
  const call = async (verb: string) => {
    const child = spawn('nsenter', [`--net=/run/netns/${host}`, join(folder, 'bin/bridge')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        KEELSON_STATE: join(runtime.folder, 'state'),
        CNI_COMMAND: verb,
        CNI_CONTAINERID: 'twice',
        CNI_IFNAME: 'eth0',
        CNI_NETNS: `/run/netns/${pod}`,
        CNI_PATH: join(folder, 'bin'),
      },
    });
    const [plugin] = network.plugins;
    child.stdin.end(JSON.stringify({ cniVersion: '1.0.0', name: 'own', ...plugin }));
    return await new Promise<number | null>((resolve) => child.once('exit', resolve));
  };
  const codes = await Promise.all(Array.from({ length: 6 }, () => call('ADD')));
  t.same([codes.filter((code) => code === 0).length, codes.length], [1, 6]);
  t.equal(leases().length, 1);
  t.match(ip('-n', pod, 'address', 'show', 'eth0'), /inet 10\.91\.0\.\d+\/24/);
  t.same(await Promise.all(Array.from({ length: 6 }, () => call('DEL'))), [0, 0, 0, 0, 0, 0]);
  t.same(await nothingLeft(), []);
});

/**
 * Podman (CNI back end) and containerd run containers through our binaries, with the networks that
 * Debian and CRI-O ship. All in mount and network namespaces of the test's.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const has = (program: string) => spawnSync('which', [program]).status === 0;
const missing = ['podman', 'crun', 'containerd', 'runc'].filter((program) => !has(program));
if (process.getuid?.() !== 0 || missing.length > 0) {
  t.pass('skipped', { skip: `needs root, ${missing.join(', ')}` });
  process.exit(0);
}
t.setTimeout(300_000);

const folder = mkdtempSync('/tmp/keelson-clients-');
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** 87-podman-bridge.conflist of Debian's podman. */
const podmanNetwork = {
  cniVersion: '0.4.0',
  name: 'podman',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni-podman0',
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        routes: [{ dst: '0.0.0.0/0' }],
        ranges: [[{ subnet: '10.88.0.0/16', gateway: '10.88.0.1' }]],
      },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
    { type: 'firewall', ingressPolicy: 'same-bridge' },
    { type: 'tuning' },
  ],
};

/** 100-crio-bridge.conflist of CRI-O. */
const crioNetwork = {
  cniVersion: '1.0.0',
  name: 'crio',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
        ranges: [[{ subnet: '10.85.0.0/16' }], [{ subnet: '1100:200::/24' }]],
      },
    },
  ],
};

const containers = `
[network]
network_backend = "cni"
cni_plugin_dirs = ["${folder}/bin"]
network_config_dir = "${folder}/net.d"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "crun"
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
`;

const containerd = `
version = 2
root = "${folder}/containerd/root"
state = "${folder}/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${folder}/containerd.sock"
[ttrpc]
  address = "${folder}/containerd.sock.ttrpc"
`;

/** Each step prints a line that begins with its name; what follows is looked at below. */
const script = `
set -e
ip link set lo up
# crun runs on no machine with both kinds of cgroups; this hides one from this namespace alone.
umount -l /sys/fs/cgroup/unified 2>/dev/null || true
mount --bind ${folder}/cni /var/lib/cni
mount --bind ${folder}/cni-state /run/keelson
mount --bind ${folder}/net.d /etc/cni/net.d
mount --bind ${folder}/bin /opt/cni/bin
left() { find /var/lib/cni ${folder}/cni-state/cni -type f ! -path '*/.keelson/*' |
  grep -E '/10\\.|/1100:|results/|eth0' || true; ip -o link show type veth; }
${process.execPath} ${path('../cni/resident-process.ts')} /run/keelson >${folder}/said &
service=$!
until grep -q ready ${folder}/said; do sleep 0.1; done
podman="podman --root ${folder}/root --runroot ${folder}/run --tmpdir ${folder}/tmp"
$podman import ${folder}/image.tar localhost/test:latest >/dev/null 2>&1
echo podman: $($podman run --rm -p 18080:80 test ip addr show eth0)
echo crio: $($podman run --rm --network crio test ip addr show eth0)
echo left: $(left)
$podman save -q -o ${folder}/saved.tar localhost/test:latest
containerd --config ${folder}/containerd.toml --log-level error 2>/dev/null &
daemon=$!
ctr="ctr -a ${folder}/containerd.sock"
until $ctr version >/dev/null 2>&1; do sleep 0.1; done
$ctr image import --snapshotter native ${folder}/saved.tar >/dev/null
once() { $ctr run --rm --cni --snapshotter native --cgroup /keelson-clients localhost/test:latest \\
  $1 /bin/ip addr show eth0; }
# ctr at times loses what so short a program prints; its errors are shown when the test fails.
run() { for attempt in 1 2 3; do
  said=$(once $1-$attempt || true)
  if [ -n "$said" ]; then echo $said; return; fi
done; }
echo containerd: $(run c1)
kill -KILL $service
echo fallback: $(run c2)
echo left: $(left)
kill $daemon
wait $daemon || true
`;

function prepare(): void {
  for (const name of [
    'cni',
    'net.d',
    'cni-state',
    'root',
    'run',
    'tmp',
    'image/bin',
    'image/etc',
  ]) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  for (const place of ['/var/lib/cni', '/run/keelson', '/etc/cni/net.d', '/opt/cni/bin']) {
    mkdirSync(place, { recursive: true });
  }
  for (const name of ['proc', 'sys', 'dev', 'tmp']) mkdirSync(join(folder, 'image', name));
  cpSync('/bin/busybox', join(folder, 'image/bin/busybox'));
  chmodSync(join(folder, 'image/bin/busybox'), 0o755);
  for (const name of ['sh', 'ip']) symlinkSync('busybox', join(folder, 'image/bin', name));
  execFileSync('tar', ['-C', join(folder, 'image'), '-cf', join(folder, 'image.tar'), '.']);
  execFileSync(path('../../scripts/install-cni'), [join(folder, 'bin')]);
  writeFileSync(join(folder, 'net.d/87-podman.conflist'), JSON.stringify(podmanNetwork));
  writeFileSync(join(folder, 'net.d/100-crio.conflist'), JSON.stringify(crioNetwork));
  writeFileSync(join(folder, 'containers.conf'), containers);
  writeFileSync(join(folder, 'containerd.toml'), containerd);
}

t.test('Podman and containerd, with and without the runtime; nothing is left', (t) => {
  prepare();
  const { stdout, stderr } = spawnSync('unshare', ['--mount', '--net', 'bash', '-c', script], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      CONTAINERS_CONF: join(folder, 'containers.conf'),
    },
  });
  const lines = stdout.trim().split('\n');
  const line = (name: string) => lines.filter((text) => text.startsWith(`${name}:`));
  t.match(line('podman')[0], /inet 10\.88\.0\.2\/16/, stderr);
  t.match(line('crio')[0], /inet 10\.85\.0\.2\/16 .* inet6 1100:200::2\/24/);
  t.match(line('containerd')[0], /inet 10\.\d+\.0\.\d+\/16/, stderr);
  t.match(line('fallback')[0], /inet 10\.\d+\.0\.\d+\/16/);
  t.same(line('left'), ['left:', 'left:']);
  t.end();
});

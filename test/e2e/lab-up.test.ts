/**
 * `keelson up` and `keelson down --uninstall` on machines that refuse, are killed midway, begin
 * twice or lose /run as by a reboot: what was changed is taken back exactly.
 */
import t from 'tap';
import { ClusterLab, unable } from './lab/cluster-lab.ts';
import { differences, machineState } from './lab/machine-state.ts';
import { pod, sleeper } from './lab/objects.ts';
import { equip } from './lab/own-cluster.ts';

const skip = unable();
if (skip !== undefined) {
  t.pass('skipped', { skip });
  process.exit(0);
}

t.setTimeout(900_000);
const lab = await ClusterLab.start('--nodes', '2', '--bare');
t.teardown(() => lab[Symbol.asyncDispose]());
await equip(lab, ['host01', 'host02'], '');
// A node of the lab begins with the host's settings, which may be those that are to be taken back.
const forwarding = 'net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0';
for (const node of ['host01', 'host02']) await lab.see(node, `sysctl -qw ${forwarding}`);
const untouched = await machineState(lab, 'host01');
const other = await machineState(lab, 'host02');
const up = 'keelson up --node-name host01 --node-ip 192.168.61.11';
const token = 'abcdef.0123456789abcdef';

/** What a machine that begins anew has lost, or what is worse: its processes, and all of /run. */
const reboot = `
  # All but the first process, which is the machine, and this one.
  for process in $(ls /proc | grep -xE '[0-9]+'); do
    case $process in 1 | $$) ;; *) kill -KILL $process 2>/dev/null || true ;; esac
  done
  awk '$5 ~ "^/run/keelson|^/run/netns|^/var/lib/(kubelet|keelson)/." { print $5 }' \\
    /proc/self/mountinfo | tac | xargs -r -n 1 umount -l 2>/dev/null || true
  rm -rf /run/keelson /run/netns/*`;

async function fails(node: string, command: string): Promise<string> {
  const { code, stderr } = await lab.on(node, command);
  t.equal(code, 1, command);
  return stderr;
}

function joining(line: string): Promise<string> {
  return fails('host02', `keelson up --node-name host02 --join ${line}`);
}

await t.test('who cannot join is told why, and nothing is changed', async (t) => {
  const hash = '0'.repeat(64);
  t.match(await joining(`${token}@192.168.61.11`), /without the hash of the cluster's authority/);
  t.match(
    await joining(`${token}:sha256:${hash}@192.168.61.11`),
    /Cannot reach "192\.168\.61\.11" port 6443: connect ECONNREFUSED/,
  );
  t.match(
    await joining(`${token}:sha256:${hash}@nowhere.invalid`),
    /Cannot reach "nowhere\.invalid"/,
  );
  t.match(await joining('nonsense'), /Not TOKEN:sha256:HASH@HOST\[:PORT\]: "nonsense"/);
  t.same(differences(other, await machineState(lab, 'host02')), []);
});

await t.test('killed at any moment, it is begun again', async (t) => {
  for (const seconds of ['0.4', '1.5', '3']) {
    await lab.see('host01', `timeout -s KILL ${seconds} ${up} >/dev/null 2>&1 || true`);
  }
  await lab.see('host01', `${up} --detach >/run/up.log 2>&1 || { cat /run/up.log >&2; exit 1; }`);
  t.match(await lab.sees('get node host01 --no-headers', / Ready /), / Ready +control-plane /);
  const again = await lab.on('host01', `${up} --detach`);
  t.equal(again.code, 0, again.stderr);
  t.match(again.stderr, /It runs already, as process \d+/);
});

await t.test('a cluster keeps its ranges, and says so', async (t) => {
  const words = /--pod-cidr .* is "10\.9\.0\.0\/16", but .* made with "10\.244\.0\.0\/16"/;
  t.match(await fails('host01', `${up} --pod-cidr 10.9.0.0/16`), words);
  const file = 'coordinator: { podCidr: 10.9.0.0/16 }';
  await lab.see('host01', `echo '${file}' >/run/other.yaml`);
  t.match(await fails('host01', `${up} --config /run/other.yaml`), words);
  t.match(
    await fails('host01', `${up} --service-cidr 10.97.0.0/16`),
    /--service-cidr .*10\.97\.0\.0\/16.*10\.96\.0\.0\/16/,
  );
});

await t.test('tokens that are not the cluster’s are refused in words', async (t) => {
  const line = await lab.see('host01', 'keelson token');
  const wrong = line.replace(/^[^:]+/, token);
  const said = await fails('host02', `keelson up --node-name host02 --join ${wrong}`);
  t.match(said, /does not take this token/);
  t.notMatch(said, token.slice(7), 'what it is stays unsaid');
  const foreign = line.replace(/sha256:\w{4}/, 'sha256:0000');
  t.match(
    await fails('host02', `keelson up --node-name host02 --join ${foreign}`),
    /"192\.168\.61\.11" port 6443 is not the cluster of this token: it shows one with the hash/,
  );
  t.match(
    await fails('host02', `keelson up --pod-cidr 10.9.0.0/16 --join ${line}`),
    /--pod-cidr and --service-cidr are for the first node/,
  );
  t.same(differences(other, await machineState(lab, 'host02')), []);
});

await t.test('after /run is lost the pods come back', async (t) => {
  const archive = `${lab.folder}/busybox.tar`;
  const load = `scripts/busybox-image ${archive}
    keelson import --change 'CMD ["sh"]' ${archive} docker.io/library/busybox:latest`;
  await lab.see('host01', load);
  await lab.apply(pod('web', { containers: [sleeper()] }));
  await lab.type('wait --for=condition=Ready pod/web --timeout=180s');
  const id = 'get pod web -o jsonpath={.status.containerStatuses[0].containerID}';
  const before = await lab.type(id);
  await lab.see('host01', reboot);
  await lab.see('host01', `${up} --detach >/run/up.log 2>&1 || { cat /run/up.log >&2; exit 1; }`);
  await lab.sees(id, (seen) => seen.startsWith('keelson://') && seen !== before);
  await lab.type('wait --for=condition=Ready pod/web --timeout=180s');
  t.match(await lab.type('get pod web --no-headers'), /1\/1 +Running +1 /);
});

await t.test('after /run is lost once more, uninstalling leaves nothing', async (t) => {
  t.ok(differences(untouched, await machineState(lab, 'host01')).length > 20, 'it has changes');
  await lab.see('host01', reboot);
  const said = await lab.on('host01', 'keelson down --uninstall');
  t.equal(said.code, 0, said.stderr);
  t.same(differences(untouched, await machineState(lab, 'host01')), []);
  const second = await lab.on('host01', 'keelson down --uninstall');
  t.equal(second.code, 0, second.stderr);
  t.match(second.stderr, /^0 changes of this machine are undone/m);
});

/**
 * The runtime's units under a real systemd: process 1 of a machine of the lab. By
 * `KEELSON_LAB_ENGINES=systemd` (or `all`): some minutes on a busy machine.
 */
import { existsSync } from 'node:fs';
import t, { type Test } from 'tap';
import { LabMachines } from './lab-machines.ts';
import { until } from '../until.ts';
import { unable } from './lab.ts';

t.setTimeout(2_400_000);
const chosen = (process.env['KEELSON_LAB_ENGINES'] ?? '').split(',');
const skip =
  unable() ||
  (!existsSync('/lib/systemd/systemd') && 'needs systemd') ||
  (!chosen.includes('systemd') &&
    !chosen.includes('all') &&
    'needs minutes: KEELSON_LAB_ENGINES=systemd');

const unit = 'keelson-runtime';

/** By hand, as the units say. What is shorter here than there only has the test wait less. */
const install = `
  ln -s "$PWD/bin/keelson" /usr/local/bin/keelson
  scripts/install-cni >/dev/null
  cp scripts/systemd/${unit}.* /etc/systemd/system/
  mkdir -p /etc/keelson /etc/systemd/system/${unit}.service.d
  printf 'cgroup:\\n  driver: systemd\\n' >/etc/keelson/config.yaml
  cat >/etc/systemd/system/${unit}.service.d/test.conf <<'END'
[Service]
TimeoutStartSec=900
WatchdogSec=20
TimeoutAbortSec=5
END
  systemctl daemon-reload
  systemctl enable --quiet --now ${unit}.socket ${unit}.service`;

t.test('the units of the runtime, systemd being process 1', { skip }, async (t) => {
  await using lab = new LabMachines();
  await lab.up('--engine', 'uml', '--init', 'systemd', '--nodes', '1', '--bare', '--memory', '2G');
  const on = (script: string): Promise<string> => lab.on('host01', script);
  const property = (name: string, of = `${unit}.service`): Promise<string> =>
    on(`systemctl show --value -p ${name} '${of}'`);
  t.equal(await on('ps -p 1 -o comm='), 'systemd');

  await on(install);
  t.equal(await property('ActiveState'), 'active', 'it said that it is ready');
  t.equal(await property('Type'), 'notify');
  t.equal(await property('StatusText'), 'Ready');
  t.not(await property('WatchdogTimestamp'), '', 'and that all is well');

  await on('scripts/busybox-image /tmp/image.tar');
  await on(`keelson import --change 'CMD ["sh"]' /tmp/image.tar busybox`);
  const id = await on('keelson run -d --name web -m 64m busybox sleep 36000');
  const scope = `keelson-${id}.scope`;
  t.equal(await property('ActiveState', scope), 'active', 'a transient scope of systemd');
  t.equal(await property('MemoryMax', scope), '67108864');
  t.equal(await property('Transient', scope), 'yes');
  const pidOf = (): Promise<string> => on(`keelson inspect -f '{{.State.Pid}}' web`);
  const pid = await pidOf();
  t.match(await on(`cat /proc/${pid}/cgroup`), scope);

  await on(`systemctl restart ${unit}.service`);
  t.equal(await pidOf(), pid, 'a restart leaves containers alone');

  const main = await property('MainPID');
  await on(`kill -KILL ${main}`);
  await lab.sees('host01', `systemctl show --value -p NRestarts ${unit}.service`, '1');
  await lab.sees('host01', `systemctl is-active ${unit}.service`, 'active');
  t.not(await property('MainPID'), main);
  t.equal(await pidOf(), pid, 'so does a kill');

  const stopped = await property('MainPID');
  await on(`kill -STOP ${stopped}`);
  await lab.sees('host01', `systemctl show --value -p NRestarts ${unit}.service`, '2');
  await lab.sees('host01', `systemctl is-active ${unit}.service`, 'active');
  t.equal(await pidOf(), pid, 'so does the end of one that hangs, by the watchdog');

  await on(`systemctl stop ${unit}.service`);
  t.equal(await property('ActiveState'), 'inactive');
  t.match(await on('keelson ps'), 'web', 'a call to its socket starts it');
  t.equal(await property('ActiveState'), 'active');

  await on('echo "log: { level: debug }" >>/etc/keelson/config.yaml');
  await on(`systemctl reload ${unit}.service`);
  const told = `journalctl --no-pager -u ${unit} | grep -q '"log.level"' && echo told`;
  await lab.sees('host01', told, 'told');

  await on('keelson rm -f web');
  t.equal(await property('LoadState', scope), 'not-found', 'the scope went with its container');

  await t.test('limits of pods and classes are those of slices', (t) => slices(t, lab));
});

const resources = { requests: { cpu: '500m' }, limits: { cpu: '1500m', memory: '64Mi' } };
const burst = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'burst' },
  spec: {
    hostNetwork: true,
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'main',
        image: 'busybox',
        imagePullPolicy: 'Never',
        command: ['sleep', '36000'],
        resources,
      },
    ],
  },
};
const configuration = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  staticPodPath: '/etc/keelson/manifests',
  fileCheckFrequency: '1s',
  failSwapOn: false,
  enableServer: false,
  podPidsLimit: 30,
};

/** Of a pod from a file, by a kubelet without a server. */
async function slices(t: Test, lab: LabMachines): Promise<void> {
  const on = (script: string): Promise<string> => lab.on('host01', script);
  await on(`mkdir -p /etc/keelson/manifests
    cat >/etc/keelson/alone.yaml <<'END'\n${JSON.stringify(configuration)}\nEND
    cat >/etc/keelson/manifests/burst.yaml <<'END'\n${JSON.stringify(burst)}\nEND
    systemd-run --quiet --unit keelson-kubelet "$PWD/bin/keelson" kubelet --kubeconfig= \\
      --config /etc/keelson/alone.yaml --hostname-override host01 --node-ip 127.0.0.1`);
  const tree = '/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice';
  const find = `find ${tree} -path '*-pod*/keelson-*.scope/cgroup.procs' -size -1 2>/dev/null`;
  const scope = await until(() => on(`${find} | head -n 1`));
  const [slice = ''] = /kubepods-burstable-pod[^/]*\.slice/.exec(scope) ?? [];
  const wanted = ['150000 100000', String(64 << 20), '30', '59'];
  const files = ['cpu.max', 'memory.max', 'pids.max', 'cpu.weight'];
  const read = () => on(`cd ${tree}/${slice} && cat ${files.join(' ')}`);
  t.same((await read()).split('\n'), wanted);
  t.equal(await on(`cat ${tree}/cpu.weight`), '59', 'what its pods request together');
  t.equal(await on('cat /sys/fs/cgroup/kubepods.slice/kubepods-besteffort.slice/cpu.weight'), '1');
  t.match(await on('cat /sys/fs/cgroup/kubepods.slice/memory.max'), /^\d{9,}$/);
  t.equal(await on(`systemctl show --value -p TasksMax ${slice}`), '30');
  await on('systemctl daemon-reload');
  t.same((await read()).split('\n'), wanted, 'systemd, which writes them anew, writes the same');
  await on('rm /etc/keelson/manifests/burst.yaml');
  await lab.sees('host01', `systemctl show --value -p ActiveState ${slice}`, 'inactive');
  await lab.sees('host01', `cat ${tree}/cpu.weight`, '1');
}

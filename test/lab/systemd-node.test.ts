/** A whole node as `keelson.service` under a real systemd, and its pods as systemd's slices. */
import { existsSync } from 'node:fs';
import t from 'tap';
import type { Pod } from '../../src/api/types/generated/core-v1.ts';
import { findPrograms } from '../cluster/api/kubectl.ts';
import { unable } from '../e2e/lab/cluster-lab.ts';
import { until } from '../until.ts';
import { LabMachines } from './lab-machines.ts';

const kubectl = findPrograms().at(-1);
const skip = unable() ?? (existsSync('/lib/systemd/systemd') ? undefined : 'needs systemd');
if (skip !== undefined) {
  t.pass('skipped', { skip });
  process.exit(0);
}

t.setTimeout(900_000);
const unit = 'keelson.service';
const lab = new LabMachines();
t.teardown(() => lab[Symbol.asyncDispose]());
const on = (script: string): Promise<string> => lab.on('host01', script);
const property = (name: string, of = unit): Promise<string> =>
  on(`systemctl show --value -p ${name} '${of}'`);
const ask = (words: string): Promise<string> =>
  on(`KUBECONFIG=/var/lib/keelson/coordinator/admin.kubeconfig ${kubectl} ${words}`);

/** As scripts/up does it, with a configuration; the program is where this node has it. */
const install = `
  scripts/install-cni >/dev/null
  echo 'cgroup: { driver: systemd, missingControllers: warn }' >/etc/keelson/config.yaml
  cp scripts/systemd/${unit} /etc/systemd/system/
  mkdir -p /etc/systemd/system/${unit}.d
  printf '[Service]\\nExecStart=\\nExecStart=%s/bin/keelson up $KEELSON_UP_FLAGS\\n' "$PWD" \\
    >/etc/systemd/system/${unit}.d/test.conf
  echo 'KEELSON_UP_FLAGS="--node-name host01 --node-ip 192.168.61.11"' >/run/keelson-up.env
  systemctl daemon-reload
  systemctl enable --quiet ${unit}
  systemctl start ${unit}
  scripts/busybox-image /tmp/image.tar
  keelson import --change 'CMD ["sh"]' /tmp/image.tar busybox >/dev/null`;

const resources = { requests: { cpu: '250m' }, limits: { cpu: '500m', memory: '64Mi' } };
const command = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done'];
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', image: 'busybox', imagePullPolicy: 'Never', command, resources }],
  },
};

/** Which process the pod is now; throws where it was started again. */
async function processOf(): Promise<string> {
  const { status } = JSON.parse(await ask('get pod web -o json')) as Pod;
  const [main] = status?.containerStatuses ?? [];
  if (main?.restartCount !== 0) throw new Error(`It was restarted: ${JSON.stringify(main)}`);
  const id = main.containerID?.replace('keelson://', '') ?? '';
  return await on(
    `cat /sys/fs/cgroup${await property('ControlGroup', `keelson-${id}.scope`)}/cgroup.procs`,
  );
}

const answers = () =>
  until(
    () => ask('get pod web -o name').catch(String),
    (said) => said === 'pod/web',
  );
const isReady = () =>
  until(
    () => ask(`get node host01 -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}'`),
    (said) => said === 'True',
  );

let slice = '';
let processes = '';

t.test('the unit is active when the node is ready', async (t) => {
  await lab.up('--init', 'systemd', '--nodes', '1', '--bare');
  await lab.sees('host01', 'systemctl is-system-running', 'running');
  await on(install);
  t.equal(await property('ActiveState'), 'active');
  t.equal(await property('StatusText'), 'The node is ready');
  t.equal(await property('Delegate'), 'yes');
  t.equal(await property('KillMode'), 'process');
});

t.test('a pod and its class are slices with limits, a container is a scope', async (t) => {
  await on(`cat >/tmp/pod.json <<'END'\n${JSON.stringify(pod)}\nEND`);
  await until(() => ask('get serviceaccount default -o name').catch(() => ''));
  await ask('create -f /tmp/pod.json');
  await ask('wait --for=condition=Ready pod/web --timeout=180s');
  const uid = await ask('get pod web -o jsonpath={.metadata.uid}');
  slice = `kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice`;
  const wanted = [
    ['ActiveState', 'active'],
    ['CPUQuotaPerSecUSec', '500ms'],
    ['MemoryMax', String(64 << 20)],
    ['CPUWeight', '35'],
  ] as const;
  for (const [name, value] of wanted) t.equal(await property(name, slice), value, name);
  t.equal(await property('CPUWeight', 'kubepods-burstable.slice'), '35');
  t.equal(await property('CPUWeight', 'kubepods-besteffort.slice'), '1');
  t.match(await property('MemoryMax', 'kubepods.slice'), /^\d{9,}$/);
  processes = await until(processOf, (pids) => /^\d+\n\d+$/.test(pids));
  const [pid = ''] = processes.split('\n');
  const path = new RegExp(
    `0::/kubepods.slice/kubepods-burstable.slice/${slice}/keelson-\\w+.scope`,
  );
  t.match(await on(`cat /proc/${pid}/cgroup`), path);
});

t.test('a restart of the unit keeps its pods', async (t) => {
  const before = await property('MainPID');
  await on(`systemctl restart ${unit}`);
  t.not(await property('MainPID'), before);
  t.equal(await property('ActiveState'), 'active');
  await answers();
  t.equal(await processOf(), processes);
});

t.test('what is killed is started again, by systemd and by the node', async (t) => {
  const before = await property('MainPID');
  await on(`kill -KILL ${before}`);
  await lab.sees('host01', `systemctl show --value -p NRestarts ${unit}`, '1');
  await lab.sees('host01', `systemctl is-active ${unit}`, 'active');
  t.not(await property('MainPID'), before);
  await answers();
  t.equal(await processOf(), processes);
  for (const part of ['runtime', 'kubelet']) {
    t.equal((await lab.run('kill', 'host01', part)).code, 0, part);
  }
  await on('until keelson version >/dev/null 2>&1; do sleep 0.1; done');
  await isReady();
  t.equal(await processOf(), processes);
});

t.test('a stop leaves pods running, and the next start has them', async (t) => {
  const [pid = ''] = processes.split('\n');
  await on(`systemctl stop ${unit}`);
  t.equal(await property('ActiveState'), 'inactive');
  t.equal(await on(`kill -0 ${pid} && echo runs`), 'runs');
  await on(`systemctl start ${unit}`);
  await answers();
  t.equal(await processOf(), processes);
});

t.test('a pod that is deleted takes its slice with it', async (t) => {
  await ask('delete pod web');
  await lab.sees('host01', `systemctl show --value -p ActiveState '${slice}'`, 'inactive');
  t.equal(await on('find /sys/fs/cgroup/kubepods.slice -name "*-pod*"'), '');
  const weight = 'systemctl show --value -p CPUWeight kubepods-burstable.slice';
  await lab.sees('host01', weight, '1');
});

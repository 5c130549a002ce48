/**
 * The profile `kubeadm` of vagrant/, as far as it goes where its packages cannot be fetched: on a
 * node of the lab, whose /etc is its own, with programs that only write down how they are called.
 */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { LabMachines } from './lab-machines.ts';
import { project } from './lab.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
// A node sees the machine's /tmp.
const folder = mkdtempSync('/tmp/keelson-kubeadm-');
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

const recorded = ['apt-get', 'gpg', 'curl', 'kubeadm', 'kubectl', 'systemctl', 'swapoff'];
mkdirSync(`${folder}/bin`);
for (const name of [...recorded, 'dpkg-query']) {
  // No package is there: each is asked for.
  const what = name === 'dpkg-query' ? 'exit 1' : `echo "${name} $*" >>"$CALLS"`;
  const made =
    name === 'kubeadm' ? 'case $1 in init) echo config >/etc/kubernetes/admin.conf ;; esac' : '';
  writeFileSync(`${folder}/bin/${name}`, `#!/bin/sh\n${what}\n${made}\n`);
  chmodSync(`${folder}/bin/${name}`, 0o755);
}
cpSync(`${project}/vagrant`, `${folder}/vagrant`, { recursive: true });
// What the earlier profiles do is shown by the exercises and by scripts/up.
for (const name of ['namespaces', 'runtime']) {
  writeFileSync(`${folder}/vagrant/profiles/${name}.sh`, '');
}

const lab = new LabMachines();
t.teardown(() => lab[Symbol.asyncDispose]());
await lab.up('--nodes', '2', '--bare');

/** How the programs were called. */
function provision(number: number): Promise<string> {
  const script = `
    export CALLS=/run/calls PATH=${folder}/bin:$PATH KEELSON_TOKEN=abcdef.0123456789abcdef
    : >$CALLS
    ${folder}/vagrant/provision kubeadm --number ${number} --count 2 >/dev/null
    cat $CALLS`;
  return lab.on(`host0${number}`, script);
}

t.test('the first machine has the control plane, without its proxy', async (t) => {
  const calls = await provision(1);
  t.match(calls, /^apt-get .*install .*kubelet kubeadm kubectl$/m);
  t.match(
    calls,
    /^kubeadm init --config \/etc\/kubernetes\/keelson-lab.yaml --skip-phases addon$/m,
  );
  t.match(calls, /^systemctl enable --quiet --now keelson-network.service$/m);
  const documents = parseAllDocuments(
    await lab.on('host01', 'cat /etc/kubernetes/keelson-lab.yaml'),
  );
  const objects = documents.map((document) => document.toJS() as Record<string, unknown>);
  t.match(objects, [
    {
      kind: 'InitConfiguration',
      bootstrapTokens: [{ token: 'abcdef.0123456789abcdef' }],
      localAPIEndpoint: { advertiseAddress: '192.168.61.11' },
      nodeRegistration: { criSocket: 'unix:///run/keelson/cri.sock' },
    },
    { kind: 'ClusterConfiguration', networking: { podSubnet: '172.31.0.0/16' } },
    { kind: 'KubeletConfiguration', cgroupDriver: 'cgroupfs' },
  ]);
  const unit = await lab.on('host01', 'cat /etc/systemd/system/keelson-network.service');
  t.match(unit, 'keelson network --kubeconfig /etc/kubernetes/kubelet.conf --node-name host01');
});

t.test('done again, it changes nothing and begins no second cluster', async (t) => {
  const calls = await provision(1);
  t.notMatch(calls, /^kubeadm/m);
});

t.test('the others join it', async (t) => {
  const calls = await provision(2);
  t.match(calls, /^kubeadm join 192\.168\.61\.11:6443 --token abcdef\.\S+ --cri-socket unix:\S+ /m);
  t.notMatch(calls, /^kubeadm init/m);
});

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { type Daemon, startDaemon, writeNetwork } from './daemon.ts';

export const image = 'docker.io/library/bench:latest';
const pause = 'docker.io/library/bench-pause:latest';

const keelson = fileURLToPath(new URL('../../../bin/keelson', import.meta.url));

export interface Runtimes extends AsyncDisposable {
  readonly ours: Daemon;
  readonly peer: Daemon;
}

/**
 * keelson with its own plugins, and Debian's containerd with runc and the reference plugins, both
 * with their state on a tmpfs, so that the disk of the machine is not what is measured.
 */
export async function startRuntimes(): Promise<Runtimes> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync('/dev/shm/keelson-bench-');
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const name = folder.split('/').at(-1) ?? '';
  stack.defer(async () => {
    using hierarchy = openHierarchy();
    await hierarchy.remove(`/${name}`);
  });
  const ours = stack.use(await startKeelson(`${folder}/ours`, name));
  const archive = saveArchives(`${folder}/ours`);
  const peer = stack.use(await startContainerd(`${folder}/peer`, archive));
  const owned = stack.move();
  return { ours, peer, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function startKeelson(folder: string, name: string): Promise<Daemon> {
  const socket = `${folder}/cri.sock`;
  const config = writeNetwork(folder);
  mkdirSync(`${folder}/bin`);
  const run = (...args: string[]): string =>
    execFileSync(keelson, ['--socket', socket, ...args], { encoding: 'utf8' });
  return startDaemon({
    name: 'keelson',
    folder,
    socket,
    argv: [
      keelson,
      'runtime',
      '--root',
      `${folder}/root`,
      '--state',
      `${folder}/state`,
      '--socket',
      socket,
      '--cgroup-parent',
      `/${name}`,
      '--missing-controllers',
      'warn',
    ],
    environment: {
      KEELSON_CNI_CONFIG: config,
      KEELSON_CNI_PLUGINS: `${folder}/bin`,
      KEELSON_LOG: 'warn',
    },
    ready: () => {
      run('import', makeRoot(folder), image);
      run('import', '--change', 'CMD ["/bin/sleep", "1000000"]', `${folder}/root.tar`, pause);
    },
  });
}

/** A root file system of Debian's static busybox. */
function makeRoot(folder: string): string {
  const root = `${folder}/rootfs`;
  for (const name of ['bin', 'etc', 'tmp', 'dev', 'proc', 'sys']) {
    mkdirSync(`${root}/${name}`, { recursive: true });
  }
  cpSync('/bin/busybox', `${root}/bin/busybox`);
  chmodSync(`${root}/tmp`, 0o1777);
  for (const name of ['sh', 'sleep', 'true']) symlinkSync('busybox', `${root}/bin/${name}`);
  writeFileSync(`${root}/etc/passwd`, 'root:x:0:0:root:/root:/bin/sh\n');
  execFileSync('tar', ['-C', root, '-cf', `${folder}/root.tar`, '.']);
  return `${folder}/root.tar`;
}

function saveArchives(folder: string): string {
  const path = `${folder}/images.tar`;
  execFileSync(keelson, ['--socket', `${folder}/cri.sock`, 'save', '-o', path, image, pause]);
  return path;
}

function startContainerd(folder: string, archive: string): Promise<Daemon> {
  const config = writeNetwork(folder);
  const socket = `${folder}/containerd.sock`;
  writeFileSync(`${folder}/config.toml`, configuration(folder, config));
  return startDaemon({
    name: 'containerd with runc',
    folder,
    socket,
    argv: ['containerd', '--config', `${folder}/config.toml`, '--log-level', 'error'],
    ready: () => {
      execFileSync('ctr', ['-a', socket, '-n', 'k8s.io', 'image', 'import', archive], {
        stdio: 'ignore',
      });
    },
  });
}

function configuration(folder: string, networks: string): string {
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
  address = "${folder}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pause}"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${networks}"
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`;
}

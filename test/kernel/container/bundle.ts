import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { ContainerRequest } from '../../../src/container/container-engine.ts';
import type { Process, Spec } from '../../../src/container/spec.ts';

const applets =
  'cat chmod cut dd df echo env false grep head hostname id kill ln ls mkdir mount ' +
  'printf ps readlink rm seq setsid sh sleep stat stty tail touch tr true tty umask wc yes';

/** A folder of its own with a busybox root; everything is removed at the end. */
export class Bundle implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'keelson-test-'));
  readonly root = join(this.folder, 'root');
  readonly state = join(this.folder, 'state');
  /** Unique to this process, for cgroups and pods. */
  readonly name = basename(this.folder);

  constructor() {
    mkdirSync(join(this.root, 'bin'), { recursive: true });
    mkdirSync(join(this.root, 'etc'));
    mkdirSync(join(this.root, 'tmp'), { mode: 0o1777 });
    copyFileSync('/bin/busybox', join(this.root, 'bin/busybox'));
    for (const name of applets.split(' ')) symlinkSync('busybox', join(this.root, 'bin', name));
    writeFileSync(join(this.root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  request(id: string, args: readonly string[], change: SpecChange = {}): ContainerRequest {
    return {
      id,
      podId: 'pod',
      spec: this.spec(args, change),
      logPath: this.path(`${id}.log`),
      stdin: 'none',
      cgroupPath: `/${this.name}/${id}`,
      ...change.request,
    };
  }

  spec(args: readonly string[], change: SpecChange = {}): Spec {
    const { process, linux, request: _, ...spec } = change;
    return {
      ociVersion: '1.3.0',
      root: { path: this.root },
      hostname: 'testhost',
      mounts: standardMounts,
      ...spec,
      process: {
        args,
        cwd: '/',
        user: {
          uid: 0,
          gid: 0,
        },
        env: ['PATH=/bin'],
        ...process,
      },
      linux: {
        namespaces: (['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'] as const).map((type) => ({
          type,
        })),
        maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/acpi', '/sys/firmware'],
        readonlyPaths: ['/proc/sys', '/proc/bus'],
        ...linux,
      },
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export type SpecChange = Omit<Partial<Spec>, 'process'> & {
  readonly process?: Partial<Process>;
  readonly request?: Partial<ContainerRequest>;
};

export const standardMounts: NonNullable<Spec['mounts']> = [
  { destination: '/proc', type: 'proc', source: 'proc' },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
  },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec'] },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'ro'] },
  { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro', 'nosuid'] },
];

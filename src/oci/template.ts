import { maskedPaths, readonlyPaths } from '../base/hidden-paths.ts';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DomainError } from '../base/error.ts';
import type { NamespaceSpec } from '../container/spec-linux.ts';
import type { Mount, Spec } from '../container/spec.ts';
import type { Call } from './call.ts';

/** `spec [--bundle FOLDER]`: writes a config.json to begin with, the same as runc's. */
export function spec(call: Call): void {
  if (call.line.flags.on('rootless')) {
    throw new DomainError('unsupported', 'Containers of users that are not root (--rootless)');
  }
  const bundle = resolve(call.request.cwd, call.line.flags.text('bundle') ?? '.');
  const path = join(bundle, 'config.json');
  if (existsSync(path)) {
    throw new DomainError('exists', 'File config.json exists. Remove it first');
  }
  const pure = call.context.hierarchy.mountPoint === '/sys/fs/cgroup';
  writeFileSync(path, JSON.stringify(template(pure), null, '\t'), { mode: 0o666, flag: 'wx' });
  call.client.exit(0);
}

const quiet = ['nosuid', 'noexec'];

const mounts: readonly Mount[] = [
  mount('/proc', 'proc', 'proc'),
  mount('/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
  mount('/dev/pts', 'devpts', 'devpts', [
    ...quiet,
    'newinstance',
    'ptmxmode=0666',
    'mode=0620',
    'gid=5',
  ]),
  mount('/dev/shm', 'tmpfs', 'shm', [...quiet, 'nodev', 'mode=1777', 'size=65536k']),
  mount('/dev/mqueue', 'mqueue', 'mqueue', [...quiet, 'nodev']),
  mount('/sys', 'sysfs', 'sysfs', [...quiet, 'nodev', 'ro']),
  mount('/sys/fs/cgroup', 'cgroup', 'cgroup', [...quiet, 'nodev', 'relatime', 'ro']),
];

const capabilities = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];

/** A cgroup namespace where version 2 is alone, as runc does it. */
function template(pure: boolean): Spec {
  const namespaces = [
    'pid',
    'network',
    'ipc',
    'uts',
    'mount',
    ...(pure ? ['cgroup'] : []),
  ] as const;
  return {
    ociVersion: '1.0.2-dev',
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ['sh'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
      cwd: '/',
      capabilities: {
        bounding: capabilities,
        effective: capabilities,
        permitted: capabilities,
        ambient: capabilities,
      },
      rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: true },
    hostname: 'runc',
    mounts,
    linux: {
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      namespaces: namespaces.map((type) => ({ type })) as readonly NamespaceSpec[],
      maskedPaths,
      readonlyPaths,
    },
  };
}

function mount(destination: string, ...rest: [string, string, (readonly string[])?]): Mount {
  const [type, source, options] = rest;
  return { destination, type, source, ...(options === undefined ? {} : { options }) };
}

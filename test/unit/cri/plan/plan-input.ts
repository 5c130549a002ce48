import { decode, encode } from '../../../../src/grpc/codec.ts';
import { RunOptions } from '../../../../src/cri/generated/keelson.ts';
import { ContainerConfig, PodSandboxConfig } from '../../../../src/cri/generated/runtime.ts';
import type { Draft } from '../../../../src/grpc/message.ts';
import type { ContainerFacts, Machine, PlanInput } from '../../../../src/cri/plan/plan-input.ts';
import type { ImageConfig } from '../../../../src/image/image.ts';
import type { PodSandboxStatus } from '../../../../src/sandbox/sandbox-service.ts';

const ownCapabilities =
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_ADMIN NET_BIND_SERVICE NET_RAW ' +
  'SETFCAP SETGID SETPCAP SETUID SYS_ADMIN SYS_CHROOT';

export const machine: Machine = {
  knownCapabilities: capabilities(`${ownCapabilities} SYS_RESOURCE`),
  ownCapabilities: capabilities(ownCapabilities),
  seccomp: () => ({ defaultAction: 'SCMP_ACT_ERRNO' }),
  appArmor: false,
  leastOomScore: -1000,
};

interface Parts {
  readonly config?: Draft<ContainerConfig>;
  readonly pod?: Draft<PodSandboxConfig>;
  readonly options?: Draft<RunOptions>;
  readonly image?: Partial<ImageConfig>;
  readonly facts?: Partial<ContainerFacts>;
  readonly namespaces?: PodSandboxStatus['namespaces'];
  readonly machine?: Partial<Machine>;
}

/** A request as it arrives: through the codec, so that absent fields have their empty values. */
export function planInput(parts: Parts = {}): PlanInput {
  return {
    id: 'c1',
    config: decode(ContainerConfig, encode(ContainerConfig, parts.config ?? {})),
    pod: decode(PodSandboxConfig, encode(PodSandboxConfig, parts.pod ?? { hostname: 'pod1' })),
    sandbox: sandbox(parts.namespaces),
    image: { ...emptyImage, cmd: ['sh'], ...parts.image },
    facts: {
      user: { uid: 0, gid: 0, additionalGids: [], home: '/root' },
      sources: new Map(),
      volumes: new Map(),
      devices: [],
      ...parts.facts,
    },
    machine: { ...machine, ...parts.machine },
    cgroupPath: '/keelson/c1',
    ...(parts.options === undefined
      ? {}
      : { options: decode(RunOptions, encode(RunOptions, parts.options)) }),
  };
}

export const emptyImage: ImageConfig = {
  architecture: 'amd64',
  os: 'linux',
  user: '',
  env: [],
  entrypoint: [],
  cmd: [],
  workingDir: '',
  stopSignal: '',
  exposedPorts: [],
  volumes: [],
  labels: {},
};

const ownNamespaces: PodSandboxStatus['namespaces'] = {
  network: '/run/netns/p',
  ipc: '/ns/ipc',
  uts: '/ns/uts',
};

function sandbox(namespaces = ownNamespaces): PodSandboxStatus {
  return {
    id: 'p1',
    state: 'ready',
    createdAtMs: 1,
    request: undefined,
    namespaces,
    files: { hosts: '/p/hosts', resolvConf: '/p/resolv.conf', hostname: '/p/hostname' },
    ...(namespaces.ipc === undefined ? {} : { shm: '/p/shm' }),
    addresses: [],
    shimPid: 1,
  };
}

function capabilities(names: string): string[] {
  return names.split(' ').map((name) => `CAP_${name}`);
}

import { existsSync } from 'node:fs';
import { addon } from '../addon.ts';
import { kernelCapabilities, processCapabilities, type CapabilityName } from '../capability.ts';
import type { Feature } from './probe.ts';
import { callFinding, feature, firstLine } from './probe.ts';

/** Filters, capabilities, security modules. */
export function securityFeatures(): Feature[] {
  return [
    ...seccompFeatures(),
    capabilityFeature(),
    feature('landlock', callFinding('landlock_create_ruleset'), {
      present: 'Programs in containers may confine themselves',
      absent: 'Nothing: keelson does not use it',
    }),
    ...moduleFeatures(),
  ];
}

function seccompFeatures(): Feature[] {
  const actions = firstLine('/proc/sys/kernel/seccomp/actions_avail');
  const library = `libseccomp ${addon.seccompVersion()}`;
  const detail = actions === undefined ? 'Built without seccomp filters' : `${actions}; ${library}`;
  const has = (action: string) => (actions ?? '').split(' ').includes(action);
  return [
    feature(
      'seccomp',
      { available: actions !== undefined, detail },
      {
        present: 'Containers run under the default filter unless told otherwise',
        absent: 'Containers with a seccomp profile cannot be started, nor with the default one',
      },
    ),
    feature(
      'seccomp-notify',
      { available: has('user_notif'), detail: 'Action user_notif' },
      {
        present: 'Filters may hand calls to a listener (SCMP_ACT_NOTIFY)',
        absent: 'Filters with SCMP_ACT_NOTIFY cannot be loaded',
      },
    ),
  ];
}

/** What is lost when a root daemon lacks one; those not named here are only passed on. */
const losses: Partial<Readonly<Record<CapabilityName, string>>> = {
  CAP_SYS_ADMIN: 'nothing can be mounted or isolated',
  CAP_NET_ADMIN: 'networks cannot be set up',
  CAP_SYS_RESOURCE: 'hard limits cannot be raised nor oom_score_adj lowered',
  CAP_MKNOD: 'layers with devices cannot be unpacked',
  CAP_SETFCAP: 'file capabilities of layers are lost',
  CAP_BPF: 'devices cannot be restricted without CAP_SYS_ADMIN',
  CAP_SYS_PTRACE: "containers' namespaces cannot be opened",
};

function capabilityFeature(): Feature {
  const { effective, bounding } = processCapabilities();
  const missing = kernelCapabilities().filter(
    (name) => !effective.includes(name) || !bounding.includes(name),
  );
  const available = missing.length === 0;
  const detail = available ? 'All of them' : `Missing: ${missing.join(', ')}`;
  const lost = missing.flatMap((name) => (name in losses ? [`${name}: ${losses[name]}`] : []));
  return feature(
    'capabilities',
    { available, detail },
    {
      present: 'Containers may be given any capability',
      absent: ['No container can be given those', ...lost].join('; '),
    },
  );
}

function moduleFeatures(): Feature[] {
  const list = firstLine('/sys/kernel/security/lsm')?.split(',') ?? [];
  const apparmor = list.includes('apparmor') || enabled('apparmor');
  const selinux = list.includes('selinux') || existsSync('/sys/fs/selinux/enforce');
  const detail = list.length === 0 ? '/sys/kernel/security/lsm is not there' : list.join(', ');
  return [
    feature(
      'apparmor',
      { available: apparmor, detail },
      {
        present: 'keelson applies no profiles: containers that name one are refused',
        absent: 'Containers that name an AppArmor profile are refused',
      },
    ),
    feature(
      'selinux',
      { available: selinux, detail },
      {
        present: 'SELinux labels named by a container are applied',
        absent: 'SELinux labels are not applied',
      },
    ),
  ];
}

function enabled(module: string): boolean {
  return firstLine(`/sys/module/${module}/parameters/enabled`) === 'Y';
}

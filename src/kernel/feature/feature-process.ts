import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Feature } from './probe.ts';
import { readMounts } from '../mountinfo.ts';
import { namespaceKinds, type NamespaceKind } from '../namespace-kind.ts';
import { callFinding, feature, firstLine, kernelFinding, type Finding } from './probe.ts';

/** Namespaces, starting and watching processes, control groups. */
export function processFeatures(): Feature[] {
  return [
    ...namespaceKinds.map(namespaceFeature),
    feature('clone3', callFinding('clone3'), {
      present: 'Containers start in all their namespaces by one call',
      absent: 'Containers cannot be started',
    }),
    feature('pidfd', callFinding('pidfd_open'), {
      present: 'Processes are signalled and awaited by descriptor, never by a number used again',
      absent: 'Containers cannot be started',
    }),
    feature('pidfd-getfd', callFinding('pidfd_getfd'), {
      present: 'Descriptors of other processes can be copied',
      absent: 'copyDescriptorOf fails; nothing else needs it',
    }),
    feature('close-range', callFinding('close_range'), {
      present: 'No descriptor of the host reaches a container',
      absent: 'Containers cannot be started: keelson needs Linux 5.11',
    }),
    ...cgroupFeatures(),
  ];
}

const namespaceUse: Readonly<Record<NamespaceKind, string>> = {
  cgroup: "containers see the host's control groups by name",
  ipc: 'containers share queues and shared memory with the host',
  mnt: 'containers cannot be started',
  net: 'pods can only use the host network',
  pid: "containers see the host's processes",
  time: 'containers with clock offsets (linux.timeOffsets) cannot be started',
  user: 'containers with user namespaces cannot be started',
  uts: "containers share the host's name",
};

function namespaceFeature(kind: NamespaceKind): Feature {
  return feature(`namespace-${kind}`, namespaceFinding(kind), {
    present: 'Used',
    absent: `Not available: ${namespaceUse[kind]}`,
  });
}

function namespaceFinding(kind: NamespaceKind): Finding {
  if (!existsSync(`/proc/self/ns/${kind}`)) {
    return { available: false, detail: `The kernel is built without ${kind} namespaces` };
  }
  const limit = firstLine(`/proc/sys/user/max_${kind}_namespaces`);
  return { available: limit !== '0', detail: `At most ${limit ?? 'unknown'} for each user` };
}

function cgroupFeatures(): Feature[] {
  const mount = readMounts().find((each) => each.fileSystem === 'cgroup2');
  if (mount === undefined) {
    const nowhere = { available: false, detail: 'No cgroup2 in /proc/self/mountinfo' };
    const absent = 'Containers cannot be started: mount cgroup2 on /sys/fs/cgroup';
    return [feature('cgroup2', nowhere, { present: '', absent })];
  }
  return [
    feature(
      'cgroup2',
      { available: true, detail: mount.mountPoint },
      { present: 'Used', absent: '' },
    ),
    ...controllerFeatures(mount.mountPoint),
    feature('clone-into-cgroup', kernelFinding(5, 7), {
      present: 'A container is in its control group from its first instruction',
      absent: 'Containers cannot be started in a control group',
    }),
    feature('cgroup-kill', killFinding(mount.mountPoint), {
      present: 'All processes of a container are killed at once, fork bombs too',
      absent: 'Processes of a container are frozen and killed one by one',
    }),
  ];
}

const controllers = {
  cpu: 'CPU limits and shares',
  cpuset: 'pinning to CPUs',
  memory: 'memory limits and OOM events',
  io: 'disk limits',
  pids: 'process limits',
  hugetlb: 'huge page limits',
};

function controllerFeatures(mountPoint: string): Feature[] {
  const line = firstLine(join(mountPoint, 'cgroup.controllers'));
  const found = (line ?? '').split(' ');
  return Object.entries(controllers).map(([name, use]) => {
    const available = found.includes(name);
    const detail = available
      ? `In ${mountPoint}/cgroup.controllers`
      : `Not in ${mountPoint}/cgroup.controllers, perhaps taken by a version 1 hierarchy`;
    return feature(
      `cgroup-${name}`,
      { available, detail },
      {
        present: `Enforces ${use}`,
        absent: `Asking for ${use} is refused, unless cgroup.missingControllers is "warn"`,
      },
    );
  });
}

/** The root has no cgroup.kill, so any group below it is looked at. */
function killFinding(mountPoint: string): Finding {
  const group = readdirSync(mountPoint, { withFileTypes: true }).find((each) => each.isDirectory());
  if (group === undefined) return kernelFinding(5, 14);
  const path = join(mountPoint, group.name, 'cgroup.kill');
  return { available: existsSync(path), detail: path };
}

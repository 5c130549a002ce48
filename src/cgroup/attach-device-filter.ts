import { closeSync } from 'node:fs';
import { DomainError, isKernelError } from '../base/error.ts';
import { addon } from '../kernel/addon.ts';
import { assembleDeviceProgram } from './device-program.ts';
import { policyOf, type DeviceRule } from './device-rule.ts';
import type { CgroupFolder } from './folder.ts';

/** BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE and BPF_F_ALLOW_MULTI of linux/bpf.h. */
const programType = 15;
const attachType = 6;
const allowMulti = 2;
/** Tells our filter from those of systemd and others (15 characters at most). */
const programName = 'keelson_device';

/**
 * Makes the rules the cgroup's device filter, in place of the one that an earlier call has set: the
 * kernel swaps them in one step, so that no access slips through. Filters of others stay, and
 * those of cgroups above must allow an access as well. DomainError `unsupported` without BPF.
 */
export function attachDeviceFilter(folder: CgroupFolder, rules: readonly DeviceRule[]): void {
  loadDeviceFilter(folder, rules).attach();
}

/** Does all that can fail in practice; `attach` then makes the filter hold. */
export function loadDeviceFilter(
  folder: CgroupFolder,
  rules: readonly DeviceRule[],
): { readonly attach: () => void } {
  const policy = policyOf(rules);
  // No filter at all is what allows everything, and costs nothing.
  const free = policy.otherwise && policy.decisions.length === 0;
  const instructions = free ? undefined : assembleDeviceProgram(policy);
  explained(folder, () => instructions && loadOnce(instructions));
  return { attach: () => explained(folder, () => attach(folder, instructions)) };
}

function attach(folder: CgroupFolder, instructions: Uint8Array | undefined): void {
  using present = attachedFilter(folder);
  if (instructions !== undefined) {
    const program = loadOnce(instructions);
    addon.bpfAttach(folder.descriptor, attachType, allowMulti, program, present?.fd ?? -1);
  } else if (present !== undefined) {
    addon.bpfDetach(folder.descriptor, attachType, present.fd);
  }
}

class Program implements Disposable {
  readonly fd: number;
  constructor(fd: number) {
    this.fd = fd;
  }
  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

function attachedFilter(folder: CgroupFolder): Program | undefined {
  for (const id of addon.bpfQuery(folder.descriptor, attachType)) {
    const program = openProgram(id);
    if (program === undefined) continue;
    if (addon.bpfName(program.fd) === programName) return program;
    program[Symbol.dispose]();
  }
  return undefined;
}

/** Undefined when it has been unloaded since the query. */
function openProgram(id: number): Program | undefined {
  try {
    return new Program(addon.bpfOpen(id));
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * Most containers have the same rules, and verifying is the costly part, so a loaded program is
 * attached to many cgroups. The oldest is closed when a new one would exceed the bound; a cgroup
 * that uses it keeps it alive.
 */
const loaded = new Map<string, number>();
const maximumLoaded = 16;

function loadOnce(instructions: Uint8Array): number {
  const key = Buffer.from(instructions).toString('latin1');
  const known = loaded.get(key);
  if (known !== undefined) return known;
  const program = addon.bpfLoad(programType, instructions, programName);
  const [oldest] = loaded;
  if (loaded.size >= maximumLoaded && oldest !== undefined) {
    loaded.delete(oldest[0]);
    closeSync(oldest[1]);
  }
  loaded.set(key, program);
  return program;
}

function explained(folder: CgroupFolder, work: () => void): void {
  try {
    work();
  } catch (cause) {
    if (!isKernelError(cause)) throw cause;
    const unsupported = isKernelError(cause, 'EPERM', 'ENOSYS', 'EINVAL', 'EOPNOTSUPP');
    throw new DomainError(
      unsupported ? 'unsupported' : 'conflict',
      `Cannot attach the device filter of cgroup "${folder.path}"`,
      { cause },
    );
  }
}

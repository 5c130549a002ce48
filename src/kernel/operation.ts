import type {
  CapabilityMasks,
  FilesystemMount,
  HookProgram,
  MountChange,
  OverlayMount,
  Owner,
  SchedulerValues,
  SeccompListener,
} from './operation-field.ts';
import { encodeRecords, type FieldValue } from './record.ts';

export type * from './operation-field.ts';

/**
 * One step of a plan: its name and fields, as native/stage reads them. A plan runs in a new process
 * between clone and exec, step by step, and stops at the first that fails. "Host" paths mean
 * what they mean to this process; paths "inside" are resolved by the kernel within the new root.
 * Slots are numbered descriptors that steps hand to each other.
 */
export type Operation = readonly [name: string, ...fields: FieldValue[]];

export function encodePlan(operations: readonly Operation[]): Buffer {
  return encodeRecords(operations);
}

/** The steps, by subject. Flags are the kernel's own numbers (src/kernel/flag.ts). */
export const operation = {
  /** unshare(2) */
  unshare: (flags: number): Operation => ['unshare', flags],
  /** setns(2) with a namespace, or with a pidfd and several flags at once. */
  join: (slot: number, flags: number): Operation => ['join', slot, flags],
  /**
   * A user namespace with these maps (`inside outside count` lines) that nobody lives in; in the
   * slots after it the network, IPC and UTS namespaces of `flags`, which it owns.
   */
  userNamespace: (slot: number, maps: { uid: string; gid: string }, flags = 0): Operation => [
    'user-namespace',
    slot,
    maps.uid,
    maps.gid,
    flags,
  ],
  /** For the time namespace of children: `monotonic SECONDS NANOSECONDS` lines. */
  timeOffsets: (text: string): Operation => ['time-offsets', text],
  /** The rest runs in a child, which takes this process's place; launch with `relay`. */
  fork: (flags: number): Operation => ['fork', flags],
  /** Binds a namespace (`net`, `ipc`, …) of this process, or of a slot, to a new host file. */
  pin: (kind: string, path: string, slot = -1): Operation => ['pin', kind, path, slot + 1],
  /** `ip link set lo up` */
  loopbackUp: (): Operation => ['loopback-up'],

  /** Opens a path of the host. */
  open: (slot: number, path: string, flags: number): Operation => ['open', slot, path, flags],
  close: (slot: number): Operation => ['close', slot],
  /** The slots' descriptors are the program's 3, 4, and so on; just before `execute`. */
  preserve: (slot: number, count: number): Operation => ['preserve', slot, count],

  /** Propagation of every mount of the namespace: MS_* flags of mount(2). */
  propagation: (flags: number): Operation => ['propagation', flags],
  /** open_tree(2): a copy of what is at a host path, not attached anywhere. */
  openTree: (slot: number, path: string, recursive: boolean): Operation => [
    'open-tree',
    slot,
    path,
    recursive,
  ],
  /** fsopen(2), fsconfig(2), fsmount(2); an option without value has undefined. */
  filesystem: (slot: number, type: string, mount: FilesystemMount): Operation => [
    'filesystem',
    slot,
    type,
    mount.attributes,
    ...mount.options.flatMap(([key, value]) =>
      value === undefined ? [`+${key}`, ''] : [key, value],
    ),
  ],
  /** Layers are names in `folder`, topmost first; without `upper` it is read-only. */
  overlay: (slot: number, overlay: OverlayMount): Operation => [
    'overlay',
    slot,
    overlay.folder,
    overlay.upper ?? '',
    overlay.work ?? '',
    (overlay.userNamespaceSlot ?? -1) + 1,
    ...overlay.layers,
  ],
  /** mount_setattr(2) */
  attributes: (slot: number, change: MountChange): Operation => [
    'attributes',
    slot,
    change.recursive ?? false,
    change.set ?? 0,
    change.clear ?? 0,
    change.propagation ?? 0,
    (change.userNamespaceSlot ?? -1) + 1,
  ],
  /** Puts a mount at a path inside, made if missing; strict refuses symbolic links on the way. */
  attach: (slot: number, path: string, strict: boolean): Operation => [
    'attach',
    slot,
    path,
    strict,
  ],
  unmount: (path: string): Operation => ['unmount', path],
  /** Copies what is at a path inside into the slot's file system; its root may keep its mode. */
  copyUp: (slot: number, path: string, keepMode: boolean): Operation => [
    'copy-up',
    slot,
    path,
    keepMode,
  ],
  /** The file system's root gets the mode of the folder that it will hide, if there is one. */
  inheritMode: (slot: number, path: string): Operation => ['inherit-mode', slot, path],

  /**
   * Attaches the new root, in this mount namespace only, over the old one or `here`, at the working
   * directory; host paths are valid until `pivot`.
   */
  root: (slot: number, here = false): Operation => ['root', slot, here],
  /** Paths inside are resolved from the slot's folder: a program that shares the host's root. */
  useRoot: (slot: number): Operation => ['use-root', slot],
  /** From a chroot to the mount namespace's own root; host paths are not valid afterwards. */
  leaveChroot: (): Operation => ['leave-chroot'],
  /** pivot_root(2) into the root; the host's tree is gone afterwards. */
  pivot: (): Operation => ['pivot'],
  /** In place of `pivot`, where the root file system cannot be pivoted. */
  changeRoot: (move: boolean): Operation => ['change-root', move],

  directory: (path: string, owner: Owner): Operation => [
    'directory',
    path,
    owner.mode,
    owner.uid,
    owner.gid,
  ],
  node: (path: string, device: Owner & { major: number; minor: number }): Operation => [
    'node',
    path,
    device.mode,
    device.major,
    device.minor,
    device.uid,
    device.gid,
  ],
  symlink: (target: string, path: string): Operation => ['symlink', target, path],
  /** The slot holds the host's /dev/null. */
  mask: (nullSlot: number, paths: readonly string[]): Operation => ['mask', nullSlot, ...paths],
  readonly: (paths: readonly string[]): Operation => ['readonly', ...paths],

  hostname: (name: string): Operation => ['hostname', name],
  domainname: (name: string): Operation => ['domainname', name],
  /** The path below /proc/sys. */
  sysctl: (path: string, value: string): Operation => ['sysctl', path, value],
  oomScoreAdj: (value: number): Operation => ['oom-score-adj', value],
  limit: (resource: number, soft: bigint, hard: bigint): Operation => [
    'limit',
    resource,
    soft,
    hard,
  ],
  umask: (mask: number): Operation => ['umask', mask],
  personality: (persona: number): Operation => ['personality', persona],
  scheduler: (values: SchedulerValues): Operation => [
    'scheduler',
    values.policy,
    values.flags,
    values.nice + 20,
    values.priority,
    values.runtime,
    values.deadline,
    values.period,
  ],
  ioPriority: (ioClass: number, level: number): Operation => ['io-priority', ioClass, level],
  memoryPolicy: (mode: number, nodes: readonly number[]): Operation => [
    'memory-policy',
    mode,
    ...nodes,
  ],
  affinity: (cpus: readonly number[]): Operation => ['affinity', ...cpus],
  /**
   * A new session keyring, without a name: by one, who made it first would be joined. The first
   * release's shims ask for a name all the same, and theirs are still running after an upgrade.
   */
  keyring: (container: string): Operation => ['keyring', container],

  /** Sets of capabilities are bit masks. */
  bounding: (kept: bigint): Operation => ['bounding', kept],
  identity: (uid: number, gid: number, groups: readonly number[]): Operation => [
    'identity',
    uid,
    gid,
    ...groups,
  ],
  capabilities: (sets: CapabilityMasks): Operation => [
    'capabilities',
    sets.effective,
    sets.permitted,
    sets.inheritable,
    sets.ambient,
  ],
  noNewPrivileges: (): Operation => ['no-new-privileges'],
  /** A compiled filter, struct sock_filter[]. */
  seccomp: (flags: number, program: Uint8Array): Operation => ['seccomp', flags, program],

  /** For `seccompListener`: while the host's procfs is there, as the process that will load it. */
  rememberPid: (): Operation => ['remember-pid'],
  /** connect(2) to a stream socket at a host path. */
  connect: (slot: number, path: string): Operation => ['connect', slot, path],
  /** The same as `seccomp`, and the listener's descriptor goes to a socket with its state. */
  seccompListener: (
    { flags, program }: { readonly flags: number; readonly program: Uint8Array },
    listener: SeccompListener,
  ): Operation => ['seccomp-listener', flags, program, listener.slot, ...listener.stateAroundPids],

  /** A pty of the devpts mount in the slot (or of /dev/pts here); it becomes stdio. */
  terminal: (devptsSlot: number, size: { rows: number; columns: number }): Operation => [
    'terminal',
    devptsSlot,
    size.rows,
    size.columns,
  ],
  /** The first half of it: a process to come takes the terminal. */
  openTerminal: (devptsSlot: number, size: { rows: number; columns: number }): Operation => [
    'open-terminal',
    devptsSlot,
    size.rows,
    size.columns,
  ],
  takeTerminal: (): Operation => ['take-terminal'],
  /** The terminal at /dev/console too. */
  console: (): Operation => ['console'],
  /** Runs a program to its end, with a document on stdin that is given around the pid. */
  hook: (hook: HookProgram): Operation => [
    'hook',
    hook.path,
    hook.timeoutMs,
    hook.before,
    hook.after,
    hook.args.length,
    ...hook.args,
    ...hook.env,
  ],

  /** From here on it is told when each step was done; see SupervisorListener. */
  trace: (): Operation => ['trace'],
  workingDirectory: (path: string): Operation => ['working-directory', path],
  /** Tells that the mounts are made, and waits for `goOn`: hooks of the runtime run meanwhile. */
  hold: (): Operation => ['hold'],
  /** Tells that all before is done, and waits for `start`. */
  wait: (): Operation => ['wait'],
  /** The same, started by one byte from whoever connects to the listening socket in the slot. */
  await: (slot: number): Operation => ['await', slot],
  /** Fails now where `execute` would not find the program; a path with a slash is absolute. */
  findProgram: (name: string, searchPath: string): Operation => ['find-program', name, searchPath],
  /** The plan goes on in a child of an init, which keelson's program in the slot becomes. */
  init: (slot: number): Operation => ['init', slot],
  /** execve(2); a name without a slash is looked up in the environment's PATH, inside. */
  execute: (args: readonly string[], env: readonly string[], file = ''): Operation => [
    'execute',
    file,
    args.length,
    ...args,
    ...env,
  ],
  /** Stays, as first process of a PID namespace: reaps, ends on SIGTERM. */
  pause: (): Operation => ['pause'],
  /** Ends with success. */
  finish: (): Operation => ['finish'],
} as const;

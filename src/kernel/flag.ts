/** The kernel's numbers, as linux/sched.h, linux/mount.h and sys/mount.h have them. */

/** CLONE_NEW*, by the namespace's name in the OCI specification. */
export const cloneFlag = {
  time: 0x80,
  mount: 0x20000,
  cgroup: 0x2000000,
  uts: 0x4000000,
  ipc: 0x8000000,
  user: 0x10000000,
  pid: 0x20000000,
  network: 0x40000000,
} as const;

/** MOUNT_ATTR_* of mount_setattr(2) and fsmount(2). */
export const mountAttribute = {
  readonly: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  /** The access time's three modes share bits: clear `atimeMask`, then set one. */
  atimeMask: 0x70,
  relatime: 0x0,
  noatime: 0x10,
  strictatime: 0x20,
  nodiratime: 0x80,
  nosymfollow: 0x200000,
} as const;

/** MS_* of mount(2) that say how mounts propagate. */
export const propagationFlag = {
  recursive: 0x4000,
  unbindable: 0x20000,
  private: 0x40000,
  slave: 0x80000,
  shared: 0x100000,
} as const;

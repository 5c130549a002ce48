/**
 * The lists of keelson's default profile; default-seccomp.ts puts them together. Names that an
 * architecture does not have are left out when the profile is compiled.
 */

/** What ordinary programs need. */
export const ordinaryCalls: readonly string[] = [
  // Files and folders.
  ...words(`
    access faccessat faccessat2 chdir fchdir getcwd open openat openat2 creat close
    close_range read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek
    _llseek truncate truncate64 ftruncate ftruncate64 fallocate fadvise64 fadvise64_64
    arm_fadvise64_64 readahead stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat
    statx statfs statfs64 fstatfs fstatfs64 getdents getdents64 mkdir mkdirat mknod mknodat
    rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat readlink
    readlinkat chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 lchown lchown32
    fchownat umask utime utimes futimesat utimensat utimensat_time64 fcntl fcntl64 flock dup
    dup2 dup3 pipe pipe2 ioctl sync syncfs fsync fdatasync sync_file_range sync_file_range2
    arm_sync_file_range sendfile sendfile64 splice tee vmsplice copy_file_range
    name_to_handle_at cachestat file_getattr file_setattr
  `),
  // Extended attributes.
  ...words(`
    getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr flistxattr listxattrat
    setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr
    removexattrat
  `),
  // Waiting for files.
  ...words(`
    poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create
    epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2
    eventfd eventfd2 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch
    fanotify_mark io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents
    io_pgetevents_time64
  `),
  // Memory.
  ...words(`
    brk mmap mmap2 munmap mremap mprotect madvise process_madvise mincore msync mlock mlock2
    mlockall munlock munlockall remap_file_pages memfd_create memfd_secret mseal
    map_shadow_stack membarrier pkey_alloc pkey_free pkey_mprotect get_mempolicy
  `),
  // Processes.
  ...words(`
    fork vfork execve execveat exit exit_group wait4 waitid waitpid getpid gettid getppid
    getpgid getpgrp getsid setpgid setsid set_tid_address prctl seccomp uname pidfd_open
    pidfd_send_signal process_mrelease ptrace process_vm_readv process_vm_writev capget capset
    getrlimit ugetrlimit setrlimit prlimit64 getrusage times sysinfo getcpu nice getpriority
    setpriority ioprio_get ioprio_set restart_syscall rseq landlock_create_ruleset
    landlock_add_rule landlock_restrict_self lsm_get_self_attr lsm_list_modules
  `),
  // Users.
  ...words(`
    getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getgroups getgroups32
    getresuid getresuid32 getresgid getresgid32 setuid setuid32 setgid setgid32 setreuid
    setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32 setfsuid
    setfsuid32 setfsgid setfsgid32 setgroups setgroups32
  `),
  // Threads.
  ...words(`
    futex futex_time64 futex_waitv futex_wake futex_wait futex_requeue set_robust_list
    get_robust_list set_thread_area get_thread_area sched_yield sched_getaffinity
    sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam
    sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min
    sched_rr_get_interval sched_rr_get_interval_time64
  `),
  // Signals.
  ...words(`
    kill tkill tgkill pause alarm signal sigaction sigprocmask sigpending sigsuspend sigreturn
    sigaltstack signalfd signalfd4 rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend
    rt_sigreturn rt_sigqueueinfo rt_tgsigqueueinfo rt_sigtimedwait rt_sigtimedwait_time64
  `),
  // Time.
  ...words(`
    time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64
    clock_nanosleep clock_nanosleep_time64 nanosleep getitimer setitimer timer_create
    timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64
    timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64
    adjtimex clock_adjtime clock_adjtime64
  `),
  // Sockets.
  ...words(`
    accept accept4 bind connect getpeername getsockname getsockopt setsockopt listen recv
    recvfrom recvmsg recvmmsg recvmmsg_time64 send sendto sendmsg sendmmsg shutdown socketpair
  `),
  // System V and POSIX queues.
  ...words(`
    ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat
    shmctl shmdt shmget mq_open mq_unlink mq_notify mq_getsetattr mq_timedreceive
    mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
  `),
  // The rest.
  ...words(`
    getrandom
  `),
];

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

/** What programs of one architecture need besides, by Node's name of it. */
export const architectureCalls: Readonly<Record<string, readonly string[]>> = {
  x64: ['arch_prctl', 'modify_ldt'],
  arm64: ['breakpoint', 'cacheflush', 'set_tls', 'get_tls'],
  arm: ['breakpoint', 'cacheflush', 'set_tls', 'get_tls'],
  ia32: ['modify_ldt'],
  s390x: ['s390_pci_mmio_read', 's390_pci_mmio_write', 's390_runtime_instr'],
  riscv64: ['riscv_flush_icache', 'riscv_hwprobe'],
};

/** What a capability opens: the calls that do nothing without it, or that it alone makes risky. */
export const callsByCapability: Readonly<Record<string, readonly string[]>> = {
  CAP_BPF: ['bpf'],
  CAP_DAC_READ_SEARCH: ['open_by_handle_at'],
  CAP_PERFMON: ['perf_event_open'],
  CAP_SYS_ADMIN: words(`
    bpf fanotify_init fsconfig fsmount fsopen fspick listmount listns lookup_dcookie
    lsm_set_self_attr mount mount_setattr move_mount open_tree open_tree_attr perf_event_open
    quotactl quotactl_fd setdomainname sethostname setns statmount syslog umount umount2 unshare
  `),
  CAP_SYS_BOOT: ['reboot', 'kexec_load', 'kexec_file_load'],
  CAP_SYS_CHROOT: ['chroot', 'pivot_root'],
  CAP_SYS_MODULE: ['delete_module', 'finit_module', 'init_module'],
  CAP_SYS_NICE: words(`
    mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node
  `),
  CAP_SYS_PACCT: ['acct'],
  CAP_SYS_PTRACE: ['kcmp', 'pidfd_getfd'],
  CAP_SYS_RAWIO: ['ioperm', 'iopl'],
  CAP_SYS_TIME: words('clock_settime clock_settime64 settimeofday stime'),
  CAP_SYS_TTY_CONFIG: ['vhangup'],
  CAP_SYSLOG: ['syslog'],
};

/**
 * Socket families: Unix, IPv4, IPv6, netlink, packet, CAN, XDP. The others (AF_ALG and AF_VSOCK
 * before all) are kernel code that hardly any container uses and that attacks have come through.
 */
export const socketFamilies: readonly number[] = [1, 2, 10, 16, 17, 29, 44];

/** PER_LINUX, PER_LINUX32, both with UNAME26, and the value that only asks. */
export const personalities: readonly number[] = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/** CLONE_NEWNS | _NEWCGROUP | _NEWUTS | _NEWIPC | _NEWUSER | _NEWPID | _NEWNET */
export const namespaceFlags = 0x7e020000;

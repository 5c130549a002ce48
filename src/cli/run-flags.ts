import type { Command } from 'commander';
import type { BlockIoFlags } from './parse-block-io.ts';

/** The flags of `run` and `create`, as commander gives them. */
export interface RunFlags extends BlockIoFlags {
  readonly interactive?: true;
  readonly tty?: true;
  readonly detach?: true;
  readonly rm?: true;
  readonly init?: true;
  readonly name?: string;
  readonly env: readonly string[];
  readonly envFile: readonly string[];
  readonly volume: readonly string[];
  readonly mount: readonly string[];
  readonly tmpfs: readonly string[];
  readonly cpus?: string;
  readonly cpuShares?: string;
  readonly cpuPeriod?: string;
  readonly cpuQuota?: string;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly memory?: string;
  readonly memorySwap?: string;
  readonly memoryReservation?: string;
  readonly pidsLimit?: string;
  readonly shmSize?: string;
  readonly device: readonly string[];
  readonly ulimit: readonly string[];
  readonly user?: string;
  readonly groupAdd: readonly string[];
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly securityOpt: readonly string[];
  readonly privileged?: true;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOption: readonly string[];
  readonly readOnly?: true;
  /** none by default, pod where ports are published. */
  readonly network?: string;
  readonly publish: readonly string[];
  readonly pid?: string;
  readonly ipc?: string;
  readonly uts?: string;
  readonly userns?: string;
  readonly cgroupns?: string;
  readonly cgroupParent?: string;
  readonly restart: string;
  readonly entrypoint?: string;
  readonly workdir?: string;
  readonly stopSignal?: string;
  readonly stopTimeout?: string;
  readonly sysctl: readonly string[];
  readonly oomScoreAdj?: string;
  readonly pull: string;
  readonly platform?: string;
  readonly label: readonly string[];
  readonly annotation: readonly string[];
  readonly cidfile?: string;
  readonly detachKeys?: string;
  readonly sigProxy: boolean;
}

const collect = (value: string, previous: readonly string[]): readonly string[] => [
  ...previous,
  value,
];

/** Adds a flag that may be given many times. */
function list(command: Command, flags: string, description: string): void {
  command.option(flags, description, collect, []);
}

/** What `run` and `create` have in common, in the words of Docker and Podman. */
export function addRunFlags(command: Command): Command {
  command
    .option('-i, --interactive', 'keep stdin open')
    .option('-t, --tty', 'give it a terminal')
    .option('--rm', 'remove it when it ends')
    .option('--init', 'an init as first process, which hands on signals and reaps')
    .option('--name <name>', 'its name')
    .option('-u, --user <user>', 'user name or id, with an optional group: NAME[:GROUP]')
    .option('-w, --workdir <path>', 'working folder')
    .option('--entrypoint <path>', "in place of the image's entry point")
    .option('-h, --hostname <name>', 'host name')
    .option('--domainname <name>', 'NIS domain name')
    .option('--restart <policy>', 'no, on-failure[:N], always or unless-stopped', 'no')
    .option('--stop-signal <signal>', 'signal that stops it')
    .option('--stop-timeout <seconds>', 'time before it is killed')
    .option('--pull <policy>', 'missing, always or never', 'missing')
    .option('--platform <platform>', 'of the image: linux/arm64')
    .option('--cidfile <path>', 'write its id to a new file');
  list(command, '-e, --env <variable>', 'environment variable KEY=VALUE, or KEY from here');
  list(command, '--env-file <path>', 'file of environment variables');
  list(command, '-l, --label <label>', 'label KEY=VALUE');
  list(command, '--annotation <annotation>', 'annotation KEY=VALUE for the runtime specification');
  addFileFlags(command);
  addLimitFlags(command);
  addNamespaceFlags(command);
  return addSecurityFlags(command);
}

function addFileFlags(command: Command): void {
  list(command, '-v, --volume <volume>', 'bind a path or volume: HOST|NAME:CONTAINER[:ro]');
  list(command, '--mount <mount>', 'type=bind|volume|tmpfs,source=..,target=..[,readonly]');
  list(command, '--tmpfs <mount>', 'file system in memory: PATH[:size=64m]');
  list(command, '--device <device>', 'device of the host: HOST[:CONTAINER][:rwm]');
  command.option('--read-only', 'root file system cannot be written');
  command.option('--shm-size <size>', 'size of /dev/shm');
}

function addLimitFlags(command: Command): void {
  command
    .option('--cpus <number>', 'processors it may use')
    .option('--cpu-shares <number>', 'share of processor time')
    .option('--cpu-period <microseconds>', 'period of the processor quota')
    .option('--cpu-quota <microseconds>', 'processor time in each period')
    .option('--cpuset-cpus <list>', 'processors to run on: 0-3,5')
    .option('--cpuset-mems <list>', 'memory nodes to use')
    .option('-m, --memory <size>', 'memory limit')
    .option('--memory-swap <size>', 'memory and swap together; -1 is no limit')
    .option('--memory-reservation <size>', 'memory to keep under pressure')
    .option('--pids-limit <number>', 'processes and threads; -1 is no limit')
    .option('--oom-score-adj <number>', 'how soon it is killed when memory runs out');
  addBlockIoFlags(command);
  list(command, '--ulimit <limit>', 'NAME=SOFT[:HARD]');
}

/** Also those of `update`. */
export function addBlockIoFlags(command: Command): void {
  command.option('--blkio-weight <number>', 'share of disks under the scheduler BFQ: 10 to 1000');
  list(command, '--device-read-bps <limit>', 'bytes a second from a disk: DEVICE:RATE');
  list(command, '--device-write-bps <limit>', 'bytes a second to a disk: DEVICE:RATE');
  list(command, '--device-read-iops <limit>', 'reads a second from a disk: DEVICE:RATE');
  list(command, '--device-write-iops <limit>', 'writes a second to a disk: DEVICE:RATE');
}

function addNamespaceFlags(command: Command): void {
  command
    .option('--network <mode>', 'none (default), host, or pod: that of the CNI configuration')
    .option('--pid <mode>', 'host, or container:NAME')
    .option('--ipc <mode>', 'private, host, or container:NAME')
    .option('--uts <mode>', 'host')
    .option('--userns <mode>', 'host, or HOSTID:LENGTH for a user namespace')
    .option('--cgroupns <mode>', 'private or host')
    .option('--cgroup-parent <path>', 'cgroup to put it in');
  list(command, '--sysctl <setting>', 'kernel setting of its namespaces: KEY=VALUE');
  list(command, '--dns <address>', 'name server');
  list(command, '--dns-search <domain>', 'search domain');
  list(command, '--dns-option <option>', 'resolver option');
  list(command, '-p, --publish <port>', 'port of the host: [ADDRESS:]PORT:PORT[/udp]');
}

function addSecurityFlags(command: Command): Command {
  command.option('--privileged', 'all capabilities and devices, nothing masked');
  list(command, '--cap-add <capability>', 'add a capability, or ALL');
  list(command, '--cap-drop <capability>', 'take a capability away, or ALL');
  list(command, '--group-add <group>', 'additional group');
  list(command, '--security-opt <option>', 'seccomp=unconfined|FILE, no-new-privileges');
  return command;
}

import { constants } from 'node:fs';
import { DomainError } from '../base/error.ts';
import { capabilityMask } from './capability.ts';
import { Descriptor } from './descriptor.ts';
import { cloneFlag } from './flag.ts';
import { encodePlan, operation, type Operation } from './operation.ts';
import { signalNumber } from './signal.ts';
import { sharedSpawner } from './spawner.ts';
import { readingEnd, terminalEnd, writingEnd } from './streams.ts';

export type SpawnNamespace = keyof typeof cloneFlag;

/** Sets that are not given are empty; names with or without CAP_. */
export interface SpawnCapabilities {
  readonly bounding?: readonly string[];
  readonly effective?: readonly string[];
  readonly permitted?: readonly string[];
  readonly inheritable?: readonly string[];
  readonly ambient?: readonly string[];
}

export interface SpawnOptions {
  /** The program, looked up in `env.PATH` when it has no slash, and its arguments. */
  readonly args: readonly string[];
  /** Exactly these variables; empty by default. */
  readonly env?: Readonly<Record<string, string>>;
  /** Inside `root`, where one is given; `/` by default. */
  readonly cwd?: string;
  /** `true`: a new one; else a path of one to join, such as `/var/run/netns/x`. */
  readonly namespaces?: Partial<Readonly<Record<SpawnNamespace, true | string>>>;
  /** Lines of `inside outside count`; needed with a new user namespace. */
  readonly uidMap?: string;
  readonly gidMap?: string;
  /** A folder to pivot into; needs `namespaces.mount: true`. */
  readonly root?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly groups?: readonly number[];
  /** Without it the sets stay as the kernel makes them from ours and the uid. */
  readonly capabilities?: SpawnCapabilities;
  readonly noNewPrivileges?: boolean;
  readonly seccomp?: { readonly program: Uint8Array; readonly flags: number };
  /** By the resource's number (asm-generic/resource.h). */
  readonly rlimits?: readonly { readonly resource: number; soft: bigint; hard: bigint }[];
  /** A cgroup v2 folder that the program is born in (CLONE_INTO_CGROUP). */
  readonly cgroup?: string;
  readonly hostname?: string;
  /**
   * pipe: streams of the result; terminal: one stream, a pty; inherit: ours; null: /dev/null.
   */
  readonly stdio?: 'pipe' | 'terminal' | 'inherit' | 'null';
}

/** How a program ended: 128 plus the signal's number where a signal did it. */
export interface SpawnExit {
  readonly exitCode: number;
}

const emptySlot = 1023;
const anySize = { rows: 0, columns: 0 };

let count = 0;

/**
 * Starts a program in new or given namespaces, through a small native process and by clone3, so
 * that neither this process's size nor its threads matter. Resolves when the program is executed;
 * rejects with KernelError for the call that failed (execve ENOENT among them).
 * Equivalent: `unshare`, `nsenter`, `setpriv`, `prlimit` and `setsid` in one.
 */
export async function spawn(options: SpawnOptions): Promise<SpawnedProcess> {
  const plan = planSpawn(options);
  const { stdio = 'pipe' } = options;
  const spawner = await sharedSpawner();
  const name = `spawn-${++count}`;
  const exit = spawner.exitOf(name);
  try {
    const launched = await spawner.supervisor.launch({
      container: 'spawn',
      name,
      cloneFlags: plan.cloneFlags,
      cgroup: options.cgroup ?? '',
      folder: '',
      log: '',
      stdio: ({ pipe: 'pass', terminal: 'pass', inherit: 'given', null: 'null' } as const)[stdio],
      input: stdio === 'pipe',
      terminal: stdio === 'terminal',
      relay: plan.relay,
      join: false,
      plan: encodePlan(plan.operations),
      fds: stdio === 'inherit' ? [0, 1, 2] : [],
    });
    return new SpawnedProcess({ ...launched, name, stdio, exit });
  } catch (error) {
    spawner.forgetExit(name);
    throw error;
  }
}

interface Started {
  readonly pid: number;
  readonly fds: readonly number[];
  readonly name: string;
  readonly stdio: string;
  readonly exit: Promise<{ readonly exitCode: number } | undefined>;
}

/** A program that was started by `spawn`. It is ended with this process. */
export class SpawnedProcess {
  readonly pid: number;
  /** With `pipe`: the program's three streams; with `terminal`: the pty, as stdin and stdout. */
  readonly stdin: NodeJS.WritableStream | undefined;
  readonly stdout: NodeJS.ReadableStream | undefined;
  readonly stderr: NodeJS.ReadableStream | undefined;
  readonly #name: string;
  readonly #exit: Started['exit'];

  constructor({ pid, fds, name, stdio, exit }: Started) {
    this.pid = pid;
    this.#name = name;
    this.#exit = exit;
    const [first = -1, second = -1, third = -1] = fds;
    if (stdio === 'terminal') {
      const terminal = terminalEnd(first);
      this.stdin = terminal;
      this.stdout = terminal;
    } else if (stdio === 'pipe') {
      this.stdin = writingEnd(first);
      this.stdout = readingEnd(second);
      this.stderr = readingEnd(third);
    }
  }

  /** Its end; rejects with DomainError `unavailable` when the spawner was killed. */
  async wait(): Promise<SpawnExit> {
    const exit = await this.#exit;
    if (exit !== undefined) return { exitCode: exit.exitCode };
    throw new DomainError('unavailable', `Nobody knows how process ${this.pid} ended`);
  }

  /** By its pidfd, so never to another process; KernelError ESRCH when it has ended. */
  async signal(signal: string | number): Promise<void> {
    const spawner = await sharedSpawner();
    await spawner.supervisor.signal('spawn', this.#name, signalNumber(signal));
  }

  /** The terminal's size (`stty rows columns`). */
  async resize(rows: number, columns: number): Promise<void> {
    const spawner = await sharedSpawner();
    await spawner.supervisor.resize({ container: 'spawn', name: this.#name }, rows, columns);
  }

  /** A pidfd, for poll and pidfd_send_signal; the caller closes it. Open it before `wait`. */
  async openPidfd(): Promise<Descriptor> {
    const spawner = await sharedSpawner();
    return new Descriptor(await spawner.supervisor.pidfd('spawn', this.#name));
  }
}

interface SpawnPlan {
  readonly operations: readonly Operation[];
  readonly cloneFlags: number;
  readonly relay: boolean;
}

/** Pure. The slots are dealt out by hand: 0 the user namespace, 1 the root, from 2 on joins. */
function planSpawn(options: SpawnOptions): SpawnPlan {
  const { namespaces = {}, root } = options;
  if (options.args.length === 0) throw new DomainError('invalid', 'No program is given');
  const kinds = Object.entries(namespaces) as [SpawnNamespace, true | string][];
  const made = kinds.filter(([, value]) => value === true).map(([kind]) => kind);
  const joined = kinds.filter((entry): entry is [SpawnNamespace, string] => entry[1] !== true);
  if (root !== undefined && namespaces.mount !== true) {
    throw new DomainError('invalid', 'A root needs a new mount namespace');
  }
  const user = namespaces.user !== undefined;
  const relay = user || namespaces.time === true || typeof namespaces.pid === 'string';
  const forked = made.filter((kind) => !['user', 'time', 'cgroup'].includes(kind));
  const flags = forked.reduce((all, kind) => all | cloneFlag[kind], 0);
  const operations = [
    ...planJoins(options, joined),
    ...(root === undefined ? [] : [operation.openTree(1, root, true)]),
    // The host's may be closed (mode 000) to all but its own root.
    ...(user && options.stdio === 'terminal' ? [operation.openTerminal(emptySlot, anySize)] : []),
    ...(user ? [operation.join(0, cloneFlag.user), operation.identity(0, 0, [])] : []),
    ...(namespaces.time === true ? [operation.unshare(cloneFlag.time)] : []),
    ...(relay ? [operation.fork(flags)] : []),
    ...(namespaces.cgroup === true ? [operation.unshare(cloneFlag.cgroup)] : []),
    ...planRoot(options),
    ...planRights(options),
    operation.execute(options.args, variables(options.env)),
  ];
  return { operations, cloneFlags: relay ? 0 : flags, relay };
}

function planJoins(
  { namespaces = {}, uidMap = '', gidMap = '' }: SpawnOptions,
  joined: readonly (readonly [SpawnNamespace, string])[],
): Operation[] {
  const operations: Operation[] = [];
  if (namespaces.user === true) {
    if (uidMap === '' || gidMap === '') {
      throw new DomainError('invalid', 'A new user namespace needs uidMap and gidMap');
    }
    operations.push(operation.userNamespace(0, { uid: uidMap, gid: gidMap }));
  }
  joined.forEach(([kind, path], i) => {
    const slot = kind === 'user' ? 0 : i + 2;
    operations.push(operation.open(slot, path, constants.O_RDONLY));
    if (kind !== 'user') operations.push(operation.join(slot, cloneFlag[kind]));
  });
  return operations;
}

function planRoot({ namespaces = {}, root, ...options }: SpawnOptions): Operation[] {
  const { hostname, cwd = '/' } = options;
  const recursivePrivate = 0x44000;
  const operations: Operation[] = [];
  if (namespaces.mount === true) operations.push(operation.propagation(recursivePrivate));
  // The slot is empty: the host's own devpts, before the root has none.
  if (options.stdio === 'terminal') {
    const opened = namespaces.user !== undefined;
    operations.push(opened ? operation.takeTerminal() : operation.terminal(emptySlot, anySize));
  }
  if (root !== undefined) operations.push(operation.root(1), operation.pivot());
  if (hostname !== undefined) operations.push(operation.hostname(hostname));
  operations.push(operation.workingDirectory(cwd));
  return operations;
}

function planRights(options: SpawnOptions): Operation[] {
  const { capabilities, uid, gid, groups = [], seccomp, rlimits = [] } = options;
  const operations = rlimits.map(({ resource, soft, hard }) =>
    operation.limit(resource, soft, hard),
  );
  if (capabilities !== undefined) operations.push(operation.bounding(mask(capabilities.bounding)));
  const filter = seccomp && operation.seccomp(seccomp.flags, seccomp.program);
  const strict = options.noNewPrivileges === true;
  if (filter !== undefined && !strict) operations.push(filter);
  if (uid !== undefined || gid !== undefined) {
    operations.push(operation.identity(uid ?? 0, gid ?? 0, groups));
  }
  if (capabilities !== undefined) {
    const { effective, permitted, inheritable, ambient } = capabilities;
    operations.push(
      operation.capabilities({
        effective: mask(effective),
        permitted: mask(permitted),
        inheritable: mask(inheritable),
        ambient: mask(ambient),
      }),
    );
  }
  if (strict) operations.push(operation.noNewPrivileges());
  if (filter !== undefined && strict) operations.push(filter);
  return operations;
}

function mask(set: readonly string[] = []): bigint {
  return capabilityMask(set);
}

function variables(env: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

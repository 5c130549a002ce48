/** One program to start. Fields without a documented default are required. */
export interface Launch {
  /** Names the program: a container, and within it an exec; the first process has name ''. */
  readonly container: string;
  readonly name: string;
  /** CLONE_NEW* of the first process. */
  readonly cloneFlags: number;
  /** A cgroup v2 folder to be born in; '' for the supervisor's own. */
  readonly cgroup: string;
  /** In a cgroup of its own below that one, named as the program, which begins with `exec-`. */
  readonly group?: boolean;
  /** Where the exit code is kept as file `exit`; '' for nowhere. */
  readonly folder: string;
  /** The log file in the CRI's format; '' for none. */
  readonly log: string;
  /** log: to the log and attached clients; pass: to us; given: three descriptors; null. */
  readonly stdio: 'log' | 'pass' | 'given' | 'null';
  readonly input: boolean;
  readonly terminal: boolean;
  /**
   * The plan has a `fork` or `runtime`: the process that matters is its child. late: that comes
   * when it is started, not when it is made.
   */
  readonly relay: boolean | 'late';
  /** Joins the PID namespace of the container's first process; its pidfd is slot 0. */
  readonly join: boolean;
  /** The operations, encoded. */
  readonly plan: Buffer;
  /** stdio where given, then the first slots. They stay the caller's. */
  readonly fds: readonly number[];
}

/** A program without streams, log or cgroup of its own, in the supervisor's namespaces. */
export const silentLaunch = {
  cloneFlags: 0,
  cgroup: '',
  folder: '',
  log: '',
  stdio: 'null',
  input: false,
  terminal: false,
  relay: false,
  join: false,
  fds: [],
} as const satisfies Partial<Launch>;

export interface Launched {
  readonly pid: number;
  /** With `pass`: stdin (if asked for), stdout, stderr; or the terminal. Now the caller's. */
  readonly fds: readonly number[];
}

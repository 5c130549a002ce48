import type { CheckpointDocument } from './checkpoint/checkpoint-document.ts';
import type { Snapshot } from '../image/snapshot.ts';
import type { Mark } from '../kernel/mark.ts';
import type { Spec } from './spec.ts';

/** created: its first program waits; running; paused; exited; unknown: its record is damaged. */
export type ContainerState = 'created' | 'running' | 'paused' | 'exited' | 'unknown';

export interface ContainerRequest {
  readonly id: string;
  /** Containers of one pod share a shim and, by the spec's namespace paths, namespaces. */
  readonly podId: string;
  /** An OCI runtime spec 1.3 document; `root.path` is set only where there is no snapshot. */
  readonly spec: Spec;
  readonly snapshot?: Snapshot;
  /** The CRI log file; without one, output is only attachable. */
  readonly logPath?: string;
  readonly stdin: 'none' | 'open' | 'once';
  /**
   * The folder that hooks are told as the bundle; its `config.json` is the caller's. Without one it
   * is the container's own, which has `config.json` and the root where the spec has hooks.
   */
  readonly bundle?: string;
  /** The cgroup's path below the hierarchy; already decided by the caller. */
  readonly cgroupPath: string;
  /** An init is the first process: it hands signals on to the program and reaps what ends. */
  readonly init?: boolean;
  /** Destinations of bind mounts that begin with what the root has there; for this once. */
  readonly fills?: readonly string[];
  /** Another OCI runtime, which makes the container in our place. */
  readonly runtime?: RuntimeBinary;
  /** A checkpoint, by which its start brings processes back in place of executing a program. */
  readonly restore?: RestoreSource;
}

/** What `checkpoint` has written. */
export interface RestoreSource {
  /** A folder with criu's images; it stays until the container has been started. */
  readonly images: string;
  readonly document: CheckpointDocument;
}

export interface CheckpointTarget {
  readonly id: string;
  /** An existing folder, whose `checkpoint` gets criu's images; beside it `dump.log`. */
  readonly folder: string;
}

export interface CheckpointOptions {
  /** Its abort ends the attempt; DomainError `timeout` with that reason's words. */
  readonly signal: AbortSignal;
  /** criu's own limit for stopping the processes. */
  readonly timeoutMs: number;
  /** Done while all of the containers stand still: what belongs to the same moment. */
  readonly meanwhile: () => Promise<void>;
}

/** A program with the command line of the OCI runtimes. */
export interface RuntimeBinary {
  /** Absolute. */
  readonly path: string;
  /** Its state folder. */
  readonly root: string;
  /** Words before the command. */
  readonly options: readonly string[];
}

export interface ContainerStatus {
  readonly id: string;
  readonly podId: string;
  readonly state: ContainerState;
  readonly pid: number;
  readonly createdAtMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  /** 128 plus the signal number where a signal ended it. */
  readonly exitCode: number;
  /** '', 'Completed', 'Error', 'OOMKilled', 'StartError', 'Unknown': the CRI's words. */
  readonly reason: string;
  readonly message: string;
  /** Limits that could not be enforced because the controller is missing. */
  readonly notEnforced: readonly string[];
}

export interface ExecRequest {
  readonly args: readonly string[];
  readonly terminal: boolean;
  readonly stdin: boolean;
  readonly env?: readonly string[];
  readonly cwd?: string;
  readonly user?: string;
  readonly privileged?: boolean;
  readonly size?: TerminalSize;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

export interface AttachRequest {
  readonly stdin: boolean;
  /**
   * A client that takes nothing for so long, while the program waits to write, is given up: its
   * output ends. Half a minute by default.
   */
  readonly patienceMs?: number;
}

/** A running exec or an attached client. Closing it leaves an attached container running. */
export interface Session {
  readonly stdin: NodeJS.WritableStream | undefined;
  readonly stdout: NodeJS.ReadableStream;
  /** Undefined with a terminal. */
  readonly stderr: NodeJS.ReadableStream | undefined;
  resize(size: TerminalSize): Promise<void>;
  /** The exec's (or container's) exit code. */
  readonly exited: Promise<number>;
  /**
   * Ends the exec with all that it has started, whatever became of it, or detaches the attached
   * client. An exec that has ended, and its streams too, is left as it is: what it has put into the
   * background goes on.
   */
  close(): Promise<void>;
  /** Of an attached client whose output has ended: the program's goes on, but not to it. */
  givenUp?(): boolean;
}

export interface ContainerEvent {
  readonly kind: 'created' | 'started' | 'exited' | 'removed' | 'oom' | 'paused' | 'resumed';
  readonly containerId: string;
  readonly podId: string;
  readonly atMs: number;
}

/**
 * Runs containers through one shim a pod. Every method may be repeated: stop and remove succeed
 * when there is nothing left to do. Throws KernelError, and DomainError notFound, exists, conflict,
 * invalid, unsupported (a limit whose controller is missing).
 */
export interface ContainerEngine {
  create(request: ContainerRequest): Promise<ContainerStatus>;
  /** Before `create`: tells how long the steps of its making and its start take. */
  traceSteps(id: string, listener: (marks: readonly Mark[]) => void): void;
  start(id: string): Promise<ContainerStatus>;
  /** Sends `signal`, waits, then kills the whole cgroup. Resolves when nothing runs. */
  stop(id: string, options: { signal: string; timeoutMs: number }): Promise<ContainerStatus>;
  signal(id: string, signal: string): Promise<void>;
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  /**
   * Writes images of running containers' processes, all stopped at one moment, by criu. They go on
   * afterwards, whatever became of it; one that was paused stays so. DomainError `unsupported`
   * where criu is missing or refuses this kernel, `conflict` for what it cannot dump.
   */
  checkpoint(targets: readonly CheckpointTarget[], options: CheckpointOptions): Promise<void>;
  /** All or nothing. */
  update(id: string, resources: NonNullable<Spec['linux']>['resources']): Promise<void>;
  wait(id: string, signal?: AbortSignal): Promise<ContainerStatus>;
  exec(id: string, request: ExecRequest): Promise<Session>;
  attach(id: string, options: AttachRequest): Promise<Session>;
  reopenLog(id: string): Promise<void>;
  /** Ends what runs, and removes every trace. */
  remove(id: string): Promise<void>;
  status(id: string): ContainerStatus;
  spec(id: string): Spec;
  list(): readonly ContainerStatus[];
  processes(id: string): Promise<readonly number[]>;
  events(signal?: AbortSignal): AsyncIterable<ContainerEvent>;
  /** Reads the records of an earlier process, asks the shims, and finishes or undoes. */
  recover(): Promise<void>;
  /** Lets go of the shims; containers stay. */
  close(): Promise<void>;
}

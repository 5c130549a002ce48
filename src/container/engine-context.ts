import type { Hierarchy } from '../cgroup/hierarchy.ts';
import type { Mark } from '../kernel/mark.ts';
import type { Scopes } from '../cgroup/systemd/scopes.ts';
import type { Attachments } from './attachments.ts';
import type { ContainerEvent } from './container-engine.ts';
import type { Container } from './container.ts';
import type { ExecExits } from './exec-exits.ts';
import type { EventStream } from './event-stream.ts';
import type { RecordStore } from './record-store.ts';
import type { Shims } from './shims.ts';
import type { Seccomp } from './spec-linux.ts';

export interface CompiledSeccomp {
  readonly program: Uint8Array;
  readonly flags: number;
}

export interface EngineOptions {
  /** Records, and the shims' sockets; `/run/keelson` by default. */
  readonly stateFolder?: string;
  /** What to do about a limit whose controller is missing; `refuse` by default. */
  readonly missingControllers?: 'refuse' | 'warn';
  /** Who makes cgroups; `cgroupfs`, that is we, by default. With systemd they are its scopes. */
  readonly cgroupDriver?: 'cgroupfs' | 'systemd';
  /** Makes checkpoints: a path, or a name that is looked up in PATH; `criu` by default. */
  readonly criu?: string;
  /** Takes one line; nothing by default. */
  readonly warn?: (text: string) => void;
}

/** What the steps of a container's life share. */
export interface EngineContext {
  readonly store: RecordStore;
  readonly shims: Shims;
  readonly hierarchy: Hierarchy;
  readonly scopes: Scopes | undefined;
  readonly events: EventStream;
  readonly stateFolder: string;
  readonly missingControllers: 'refuse' | 'warn';
  /** What this process may give on, as a bit mask. */
  readonly capabilities: bigint;
  readonly criu: string;
  readonly execs: ExecExits;
  readonly attachments: Attachments;
  /** Who is told how long the steps of a container's start take, by the container's id. */
  readonly traces: Map<string, (marks: readonly Mark[]) => void>;
  compileSeccomp(profile: Seccomp): Promise<CompiledSeccomp>;
  /** What went wrong without being anyone's answer. */
  warn(text: string): void;
}

export function emit(
  context: EngineContext,
  container: Container,
  kind: ContainerEvent['kind'],
): void {
  const { id: containerId, podId } = container.request;
  context.events.emit({ kind, containerId, podId, atMs: Date.now() });
}

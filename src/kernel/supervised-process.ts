export interface ProcessExit {
  readonly container: string;
  readonly name: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly finishedAtNs: bigint;
}

export interface SupervisedProcess extends ProcessExit {
  readonly pid: number;
  readonly state: 'launching' | 'held' | 'created' | 'starting' | 'running' | 'exited';
}

/** From `at` on: CONTAINER NAME PID STATE CODE OOM FINISHED. */
export function readProcess(fields: readonly Buffer[], at: number): SupervisedProcess {
  const [container, name, pid, state, ...exit] = fields.slice(at, at + 7);
  return {
    ...readExit([container ?? Buffer.of(), name ?? Buffer.of(), ...exit]),
    pid: Number(pid),
    state: String(state) as SupervisedProcess['state'],
  };
}

/** Exit events are `exit CONTAINER NAME CODE OOM FINISHED`, the word already taken off. */
export function readExit(fields: readonly Buffer[]): ProcessExit {
  const [container, name, code, oom, finished] = fields.map(String);
  return {
    container: container ?? '',
    name: name ?? '',
    exitCode: Number(code),
    oomKilled: oom === '1',
    finishedAtNs: BigInt(finished ?? '0'),
  };
}

import type { Path } from './file-addon.ts';

/** The addon's calls on processes, terminals and waiting: process.hh, terminal.hh, readiness.hh. */
export interface ProcessAddon {
  pidfdOpen(pid: number, flags: number): number;
  pidfdSendSignal(pidfd: number, signal: number): void;
  pidfdGetfd(pidfd: number, fd: number): number;
  waitPidfd(pidfd: number): { exited: boolean; dumped: boolean; status: number } | undefined;
  memfdCreate(name: Path, flags: number): number;
  addSeals(fd: number, seals: number): void;
  getSeals(fd: number): number;
  /** Calls `ready` once; answers the function that ends the wait before. */
  whenReady(fd: number, writing: boolean, ready: () => void): () => void;
  openTerminal(devpts: number): number;
  terminalPeer(fd: number): number;
  terminalNumber(fd: number): number;
  setWindowSize(fd: number, rows: number, columns: number): void;
  getWindowSize(fd: number): number;
  /** The errno of a call with arguments that it cannot accept. */
  probeCall(number: number): number;
}

/** The addon's calls on what a thread or process may do: privilege.hh. */
export interface PrivilegeAddon {
  capget(pid: number): BigUint64Array;
  capset(effective: bigint, permitted: bigint, inheritable: bigint): void;
  dropBounding(capability: number): void;
  changeAmbient(operation: number, capability: number): void;
  prlimit(pid: number, resource: number): BigUint64Array;
  prlimit(pid: number, resource: number, soft: bigint, hard: bigint): BigUint64Array;
  /** Policy, flags, nice, priority, runtime, deadline, period. */
  schedGetattr(pid: number): readonly number[];
  schedSetattr(pid: number, ...fields: readonly number[]): void;
  getAffinity(pid: number): Buffer;
  setAffinity(pid: number, mask: Uint8Array): void;
  ioprioGet(pid: number): number;
  ioprioSet(pid: number, priority: number): void;
}

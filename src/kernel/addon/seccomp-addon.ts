/** The addon's calls on seccomp filters: seccomp.hh. */
export interface SeccompAddon {
  compileSeccomp(
    defaultAction: number,
    architectures: readonly string[],
    rules: readonly FlatRule[],
  ): Promise<{ readonly program: Buffer; readonly unknown: readonly string[] }>;
  loadSeccomp(program: Uint8Array, flags: number): number;
  seccompVersion(): string;
  /** The number on an architecture by libseccomp's name of it; negative when it has none. */
  syscallNumber(name: string, architecture: string): number;
  seccompActionAvailable(action: number): boolean;
  setNoNewPrivileges(): void;
}

/** Four numbers a condition: argument, operator, value, second value. */
export type FlatRule = readonly [
  action: number,
  names: readonly string[],
  conditions: readonly (number | bigint)[],
];

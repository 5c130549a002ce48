/**
 * The part of the addon that src/cgroup uses. Each call takes the descriptor of a cgroup's folder,
 * one name in it, and the folder's path, which only appears in errors.
 */
export interface CgroupAddon {
  /** Descriptor of a cgroup below the folder, no symbolic link followed; the caller closes it. */
  cgroupOpen(folder: number, path: string, folderPath: string): number;
  cgroupOpenParent(folder: number, name: '..', folderPath: string): number;
  /** True when the cgroup was made, false when it was there already. */
  cgroupMake(folder: number, name: string, folderPath: string): boolean;
  cgroupRemove(folder: number, name: string, folderPath: string): void;
  cgroupRead(folder: number, name: string, folderPath: string): string;
  cgroupWrite(folder: number, name: string, folderPath: string, text: string): void;
  cgroupChildren(folder: number, name: string, folderPath: string): string[];
  cgroupFiles(folder: number, name: string, folderPath: string): string[];
  cgroupChown(folder: number, name: string, folderPath: string, uid: number, gid: number): void;

  /** Verifies a program of struct bpf_insn; the caller closes the descriptor. */
  bpfLoad(type: number, instructions: Uint8Array, name: string): number;
  /** (cgroup, type, flags, program, replaced program or -1) */
  bpfAttach(cgroup: number, type: number, flags: number, program: number, replaced: number): void;
  bpfDetach(cgroup: number, type: number, program: number): void;
  /** Numbers of the programs that are attached to the cgroup itself, in the order they run. */
  bpfQuery(cgroup: number, type: number): number[];
  /** Descriptor of a loaded program, by its number; the caller closes it. */
  bpfOpen(id: number): number;
  bpfName(program: number): string;
}

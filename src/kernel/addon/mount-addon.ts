import type { Path } from './file-addon.ts';

/** The addon's calls on mounts: mount.hh. */
export interface MountAddon {
  mount(
    source: Path | undefined,
    target: Path,
    fileSystem: string | undefined,
    flags: number,
    data: string | undefined,
  ): void;
  umount2(target: Path, flags: number): void;
  pivotRoot(root: Path, old: Path): void;
  openTree(at: number, path: Path, flags: number): number;
  moveMount(fromAt: number, from: Path, toAt: number, to: Path, flags: number): void;
  mountSetattr(
    at: number,
    path: Path,
    flags: number,
    set: number,
    clear: number,
    propagation: number,
    userNamespace: number,
  ): void;
  fsopen(name: string): number;
  fspick(at: number, path: Path): number;
  fsconfig(
    context: number,
    command: number,
    key: string | undefined,
    value: Path | undefined,
    number: number,
  ): void;
  fsmount(context: number, attributes: number): number;
}

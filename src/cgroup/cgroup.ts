import { DomainError } from '../base/error.ts';
import { applyResources } from './apply-resources.ts';
import { applySettings, type Applied, type ApplyOptions } from './apply-settings.ts';
import { attachDeviceFilter } from './attach-device-filter.ts';
import { delegateCgroup } from './delegate-cgroup.ts';
import type { DeviceRule } from './device-rule.ts';
import { enableControllers } from './enable-controllers.ts';
import { watchEvents, type CgroupEvent } from './events.ts';
import type { CgroupFolder } from './folder.ts';
import { freezeCgroup, thawCgroup } from './freeze-cgroup.ts';
import { words } from './interface-file.ts';
import { killCgroup } from './kill-cgroup.ts';
import { componentsOf } from './path.ts';
import { processesBelow, processesOf } from './processes.ts';
import { readSettings } from './read-settings.ts';
import { reclaimMemory } from './reclaim-memory.ts';
import { removeCgroup } from './remove-cgroup.ts';
import type { Resources } from './resources.ts';
import type { Settings } from './setting.ts';
import { readMemoryEvents, readStatistics, type Statistics } from './statistics.ts';
import { stateOf } from './wait-for-state.ts';

interface Wait {
  readonly timeoutMs?: number;
}

/**
 * One cgroup, by its open folder. Made by Hierarchy; disposing it closes the folder and leaves the
 * cgroup. Failing calls throw KernelError; waits end with DomainError `timeout`.
 */
export class Cgroup implements Disposable {
  /** Below the hierarchy, as `/a/b`. */
  readonly path: string;
  readonly #root: CgroupFolder;
  readonly #folder: CgroupFolder;
  readonly #ended = new AbortController();

  /** Takes `folder` over; `root` stays the hierarchy's. */
  constructor(root: CgroupFolder, folder: CgroupFolder, path: string) {
    this.#root = root;
    this.#folder = folder;
    this.path = path;
  }

  /** The folder's absolute path, for people. */
  get folderPath(): string {
    return this.#folder.path;
  }

  /**
   * The folder's descriptor, for CLONE_INTO_CGROUP and BPF. It stays this object's: do not close
   * it, and do not use it after disposing.
   */
  descriptor(): number {
    return this.#folder.descriptor;
  }

  /** Controllers whose files this cgroup has (`cat cgroup.controllers`). */
  controllers(): string[] {
    return words(this.#folder.read('cgroup.controllers'));
  }

  /** Gives children these controllers (`echo +cpu > cgroup.subtree_control`). */
  enable(controllers: readonly string[]): void {
    enableControllers(this.#folder, controllers);
  }

  /**
   * Lets a user make and manage cgroups below (`chown` of the folder and of the files that the
   * kernel names in /sys/kernel/cgroup/delegate); its limits stay out of the user's reach.
   */
  delegate(owner: { readonly uid: number; readonly gid: number }): void {
    delegateCgroup(this.#folder, owner);
  }

  /** Moves a process with all of its threads (`echo PID > cgroup.procs`); 0 is the caller. */
  move(pid: number): void {
    this.#folder.write('cgroup.procs', String(pid));
  }

  /** Names of the cgroups in it. */
  children(): string[] {
    return this.#folder.children();
  }

  /** Processes in it; with `recursive`, in the cgroups below too. None when it is removed. */
  processes(options?: { readonly recursive?: boolean }): number[] {
    return options?.recursive === true ? processesBelow(this.#folder) : processesOf(this.#folder);
  }

  /** True while a process is in it or below. */
  populated(): boolean {
    return stateOf(this.#folder, 'populated') === 1;
  }

  /** True when all processes in it and below are stopped by freeze(). */
  frozen(): boolean {
    return stateOf(this.#folder, 'frozen') === 1;
  }

  /** Sets limits, all or none of them. */
  async apply(settings: Settings, options?: ApplyOptions): Promise<Applied> {
    return await applySettings(this.#folder, settings, options);
  }

  /**
   * Sets the limits of OCI resources (`linux.resources`), all or none of them, and their device
   * rules where they have some, to which the default devices are added as the specification has it.
   */
  async applyResources(resources: Resources, options?: ApplyOptions): Promise<Applied> {
    return await applyResources(this.#folder, resources, options);
  }

  /**
   * Makes these the only devices that processes in it and below may make nodes of and open
   * (`linux.resources.devices` of the OCI runtime specification; the last rule that speaks of an
   * access decides, none denies). Replaces the rules of an earlier call in one step.
   */
  applyDevices(rules: readonly DeviceRule[]): void {
    attachDeviceFilter(this.#folder, rules);
  }

  /**
   * Makes the kernel give up memory now (`echo BYTES > memory.reclaim`); false when it found less.
   * DomainError `unsupported` before Linux 5.19.
   */
  async reclaim(bytes: number): Promise<boolean> {
    return await reclaimMemory(this.#folder, bytes);
  }

  /** All typed settings that the cgroup has. */
  settings(): Settings {
    return readSettings(this.#folder);
  }

  /** One interface file's text, such as `memory.stat`. Prefer the typed reads. */
  read(file: string): string {
    if (!/^[\w.]+$/.test(file)) {
      throw new DomainError('invalid', `${JSON.stringify(file)} is not an interface file`);
    }
    return this.#folder.read(file);
  }

  /** What it and the cgroups below have used, by the enabled controllers. */
  statistics(): Statistics {
    return readStatistics(this.#folder);
  }

  /** Processes in it and below that were killed for its memory limit; 0 without the controller. */
  oomKills(): number {
    return readMemoryEvents(this.#folder).oomKill;
  }

  /**
   * OOM kills, limits that were met, and processes that came, ended or were frozen, from now on.
   * Ends by the signal, with this object, and when this object removes the cgroup.
   */
  events(signal?: AbortSignal): AsyncIterable<CgroupEvent> {
    const ends = signal === undefined ? [this.#ended.signal] : [this.#ended.signal, signal];
    return watchEvents(this.#folder, AbortSignal.any(ends));
  }

  /** Stops all processes and resolves when none runs. On timeout they go on. */
  async freeze(options: Wait = {}): Promise<void> {
    await freezeCgroup(this.#folder, options.timeoutMs);
  }

  async thaw(options: Wait = {}): Promise<void> {
    await thawCgroup(this.#folder, options.timeoutMs);
  }

  /** Kills all processes in it and below, and resolves when it is empty. */
  async kill(options: Wait = {}): Promise<void> {
    await killCgroup(this.#folder, options.timeoutMs);
  }

  /** Ends what runs and removes it with all below; succeeds when it is gone already. */
  async remove(options: Wait = {}): Promise<void> {
    const components = componentsOf(this.path);
    await removeCgroup({ root: this.#root, folder: this.#folder, components }, options.timeoutMs);
    this.#ended.abort();
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    this.#folder[Symbol.dispose]();
  }
}

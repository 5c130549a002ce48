import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Stored } from '../../api/client/client.ts';
import type { Container, Pod } from '../../api/types/generated/core-v1.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { DomainError, messageOf } from '../../base/error.ts';
import { KeyedLock } from '../../base/keyed-lock.ts';
import type { Descriptor } from '../../kernel/descriptor.ts';
import { listNames } from '../../kernel/folder.ts';
import { openFolder } from '../../kernel/open.ts';
import { LocalFolders } from './kind/local-folder.ts';
import { planMounts } from './plan-mounts.ts';
import { measureVolumes } from './measure-volumes.ts';
import type { OpenedPodVolumes, PodVolumesOptions } from './options.ts';
import { PodSources } from './pod-sources.ts';
import type { VolumeMountPlan, VolumeUsage } from './pod-volumes.ts';
import { bindSubPath } from './sub-path.ts';
import { SweepLoop } from './sweep-loop.ts';
import { ensureFolders, findBeneath, openBeneath } from './tree/folder.ts';
import { removeTree } from './tree/remove-tree.ts';
import { unmountBeneath } from './tree/unmount-beneath.ts';
import { VolumeMaker } from './volume-maker.ts';

/** How often tokens are looked at, and the folders of volumes that are deleted. */
const lookMs = 10_000;

/** Opens the volumes of a node's pods: what an earlier process made is taken over as it stands. */
export async function openPodVolumes(options: PodVolumesOptions): Promise<OpenedPodVolumes> {
  return await Promise.resolve(new PodVolumesOnDisk(options));
}

class PodVolumesOnDisk implements OpenedPodVolumes {
  readonly #options: PodVolumesOptions;
  readonly #clock: Clock;
  /** The folder of the pods' folders: its path with all links resolved, and itself. */
  readonly #path: string;
  readonly #folder: Descriptor;
  readonly #lock = new KeyedLock();
  readonly #pods = new Map<string, Stored<Pod>>();
  readonly #sources: PodSources;
  readonly #maker: VolumeMaker;
  readonly #sweep: SweepLoop;
  readonly #closed = new AbortController();
  /** Pods whose files could not be brought up to date. */
  readonly #late = new Set<string>();
  #stopLooking: () => void = () => undefined;

  constructor(options: PodVolumesOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const folder = join(options.folder, 'pods');
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    this.#path = realpathSync(folder);
    this.#folder = openFolder(this.#path);
    const locals = new LocalFolders(options.localFolder);
    this.#sources = new PodSources(options, this.#clock, (uid) => void this.#refreshQuietly(uid));
    this.#maker = new VolumeMaker({ ...options, locals, sources: this.#sources });
    this.#sweep = new SweepLoop({ ...options, locals });
    this.#look();
  }

  async prepare(pod: Stored<Pod>, signal: AbortSignal): Promise<void> {
    const { uid } = pod.metadata;
    await this.#lock.run(checkUid(uid), async () => {
      const isKnown = this.#pods.has(uid);
      this.#pods.set(uid, pod);
      using folder = ensureFolders(this.#folder.fd, uid, 0o750);
      const keptFiles = await this.#maker.make(pod, folder.fd, signal);
      // What an earlier process wrote may be old by now, which must not hold up the pod.
      if (keptFiles && !isKnown) setImmediate(() => void this.#refreshQuietly(uid));
    });
  }

  async mountsOf(
    pod: Stored<Pod>,
    container: Container,
    environment: ReadonlyMap<string, string>,
  ): Promise<readonly VolumeMountPlan[]> {
    const { uid } = pod.metadata;
    return await this.#lock.run(checkUid(uid), async () => {
      using folder = openBeneath(this.#folder.fd, uid);
      const places = await this.#maker.places(pod, folder.fd, join(this.#path, uid));
      const plans = planMounts({ pod, container, environment, places, ...this.#options });
      const mounts: VolumeMountPlan[] = [];
      for (const { mount, subPath } of plans) {
        if (subPath === undefined) {
          mounts.push(mount);
          continue;
        }
        const { path, target } = subPath;
        await prepareSubPath({ path, target, from: mount.hostPath, pod: folder.fd });
        mounts.push({ ...mount, hostPath: join(this.#path, uid, target) });
      }
      return mounts;
    });
  }

  async refresh(pod: Stored<Pod>): Promise<void> {
    const { uid } = pod.metadata;
    await this.#lock.run(checkUid(uid), async () => {
      using folder = findBeneath(this.#folder.fd, uid);
      if (folder === undefined) return;
      this.#pods.set(uid, pod);
      this.#late.add(uid);
      await this.#maker.refresh(pod, folder.fd);
      this.#late.delete(uid);
    });
  }

  async remove(uid: string): Promise<void> {
    await this.#lock.run(checkUid(uid), async () => {
      this.#pods.delete(uid);
      this.#late.delete(uid);
      this.#sources.forget(uid);
      unmountBeneath(this.#folder.fd, this.#path, uid);
      await removeTree(this.#folder.fd, uid);
    });
  }

  async uids(): Promise<readonly string[]> {
    using listed = openBeneath(this.#folder.fd, '.');
    return await Promise.resolve(listNames(listed.fd).filter((name) => uidPattern.test(name)));
  }

  async usageOf(pod: Stored<Pod>): Promise<ReadonlyMap<string, VolumeUsage>> {
    const { uid } = pod.metadata;
    using folder = findBeneath(this.#folder.fd, checkUid(uid));
    if (folder === undefined) return new Map();
    const places = await this.#maker.places(pod, folder.fd, join(this.#path, uid));
    return await measureVolumes(places);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    this.#stopLooking();
    await this.#sources.close();
    await this.#sweep.close();
    this.#folder.close();
  }

  /** Changes of objects and tokens reach the volumes without anybody's asking. */
  async #refreshQuietly(uid: string): Promise<void> {
    const pod = this.#pods.get(uid);
    if (pod === undefined || this.#closed.signal.aborted) return;
    try {
      await this.refresh(pod);
    } catch (error) {
      // Tried again at the next look.
      this.#options.log?.debug(
        { pod: uid, reason: messageOf(error) },
        'volumes are not up to date',
      );
    }
  }

  #look(): void {
    if (this.#closed.signal.aborted) return;
    this.#stopLooking = this.#clock.after(this.#options.lookMs ?? lookMs, () => {
      const due = new Set([...this.#sources.dueTokens(), ...this.#late]);
      for (const uid of due) void this.#refreshQuietly(uid);
      void this.#sweep.run().finally(() => this.#look());
    });
  }
}

const uidPattern = /^[0-9A-Za-z][-0-9A-Za-z._]{0,127}$/;

/** It becomes a name in a folder. */
function checkUid(uid: string): string {
  if (uidPattern.test(uid)) return uid;
  throw new DomainError('invalid', `"${uid}" is no uid of a pod`);
}

interface SubPathSource {
  readonly path: string;
  readonly target: string;
  readonly from: string;
  readonly pod: number;
}

async function prepareSubPath({ path, target, from, pod }: SubPathSource): Promise<void> {
  const [, volumeName = '', container = ''] = target.split('/');
  try {
    using volume = openFolder(from);
    await bindSubPath({ volume: volume.fd, path, pod, target });
  } catch (error) {
    const words = `failed to prepare subPath for volumeMount "${volumeName}" of container`;
    const message = `${words} "${container}": ${messageOf(error)}`;
    throw new DomainError('unavailable', message, { cause: error });
  }
}

import { posix } from 'node:path';
import type { ApiClient, Stored } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { ApiError } from '../../api/status.ts';
import { localFolder, nodeOfLocalFolder } from '../../api/local-folder.ts';
import type { PersistentVolume, Pod } from '../../api/types/generated/core-v1.ts';
import { DomainError } from '../../base/error.ts';
import { KeyedLock } from '../../base/keyed-lock.ts';
import { openFolder } from '../../kernel/open.ts';
import { fstat } from '../../kernel/stat.ts';
import { type ClaimRecord, readClaims, writeClaim } from './claim-record.ts';
import { ensureEmptyFolder } from './kind/empty-folder.ts';
import { findClaimed } from './kind/claim.ts';
import { ensureHostPath } from './kind/host-path.ts';
import type { LocalFolders } from './kind/local-folder.ts';
import type { PodVolumesOptions } from './options.ts';
import { collectFiles } from './payload/collect.ts';
import { planVolumes } from './plan-volume.ts';
import type { VolumePlan } from './volume-plan.ts';
import type { PodSources } from './pod-sources.ts';
import { failedMount, firstFailure } from './refusal.ts';
import { ensureFolders, findBeneath, openBeneath } from './tree/folder.ts';
import { give, giveGroup } from './tree/give-group.ts';
import { ensureMemoryFolder } from './tree/memory-folder.ts';
import { hasFiles, readCurrent, replaceFiles } from './tree/replace-files.ts';

export interface MakerOptions extends PodVolumesOptions {
  readonly locals: LocalFolders;
  readonly sources: PodSources;
}

/** Where a volume is, for those who mount or measure it. */
export interface VolumePlace {
  readonly plan: VolumePlan;
  readonly path: string;
  readonly readOnly: boolean;
}

type Claim = Extract<VolumePlan, { kind: 'claim' }>;
type Files = Extract<VolumePlan, { kind: 'files' }>;

/** Makes the volumes of one pod in its open folder. */
export class VolumeMaker {
  readonly #options: MakerOptions;
  /** A pod's claims are made side by side and recorded one by one. */
  readonly #records = new KeyedLock();

  constructor(options: MakerOptions) {
    this.#options = options;
  }

  /** True when files from the API were there already, which may be old. */
  async make(pod: Stored<Pod>, folder: number, signal: AbortSignal): Promise<boolean> {
    const kept = await Promise.allSettled(
      this.#plans(pod).map(async (plan) => {
        try {
          return await this.#makeOne(pod, plan, { folder, signal });
        } catch (error) {
          throw failedMount(plan, error);
        }
      }),
    );
    firstFailure(kept);
    return kept.some((one) => one.status === 'fulfilled' && one.value);
  }

  /** Brings the files of all volumes that are there up to date. */
  async refresh(pod: Stored<Pod>, folder: number): Promise<void> {
    const done = await Promise.allSettled(
      this.#plans(pod).map(async (plan) => {
        if (plan.kind !== 'files') return;
        using there = findBeneath(folder, plan.folder);
        if (there === undefined || !hasFiles(there.fd)) return;
        try {
          await this.#write(pod, plan, { at: there.fd, isNew: false });
        } catch (error) {
          throw failedMount(plan, error);
        }
      }),
    );
    firstFailure(done);
  }

  /** Every volume of the pod by its name. */
  async places(
    pod: Stored<Pod>,
    folder: number,
    path: string,
  ): Promise<ReadonlyMap<string, VolumePlace>> {
    const claims = await readClaims(folder);
    const places = this.#plans(pod).map((plan): [string, VolumePlace] => {
      if (plan.kind === 'hostPath') return [plan.name, { plan, path: plan.path, readOnly: false }];
      if (plan.kind === 'image') return [plan.name, { plan, path: '', readOnly: true }];
      if (plan.kind !== 'claim') {
        const place = { plan, path: `${path}/${plan.folder}`, readOnly: plan.kind === 'files' };
        return [plan.name, place];
      }
      const claim = claims.get(plan.name);
      if (claim === undefined) {
        throw new DomainError('unavailable', `volume "${plan.name}" is not made yet`);
      }
      return [plan.name, { plan, path: claim.path, readOnly: claim.readOnly }];
    });
    return new Map(places);
  }

  #plans(pod: Stored<Pod>): readonly VolumePlan[] {
    return planVolumes(pod, this.#options.allocatable());
  }

  async #makeOne(
    pod: Stored<Pod>,
    plan: VolumePlan,
    { folder, signal }: { readonly folder: number; readonly signal: AbortSignal },
  ): Promise<boolean> {
    if (plan.kind === 'hostPath') ensureHostPath(plan.path, plan.type);
    if (plan.kind === 'claim') await this.#makeClaim(pod, plan, folder);
    if (plan.kind === 'empty') {
      using parent = ensureFolders(folder, posix.dirname(plan.folder), 0o750);
      const { name, memoryBytes } = plan;
      await ensureEmptyFolder(parent.fd, { name, gid: groupOf(pod), memoryBytes });
    }
    return plan.kind === 'files' && (await this.#makeFiles(pod, plan, { folder, signal }));
  }

  async #makeFiles(
    pod: Stored<Pod>,
    plan: Files,
    { folder, signal }: { readonly folder: number; readonly signal: AbortSignal },
  ): Promise<boolean> {
    using there = findBeneath(folder, plan.folder);
    if (there !== undefined && hasFiles(there.fd)) return true;
    const sources = this.#options.sources.of(pod, () => undefined, true);
    const payload = await collectFiles(plan.volume, sources);
    signal.throwIfAborted();
    using parent = ensureFolders(folder, posix.dirname(plan.folder), 0o750);
    const gid = groupOf(pod);
    if (plan.inMemory) ensureMemoryFolder(parent.fd, { name: plan.name, mode: 0o777 });
    else ensureFolders(parent.fd, plan.name, 0o777).close();
    using made = openBeneath(parent.fd, plan.name);
    if (gid !== undefined) give(made.fd, fstat(made.fd), gid);
    await replaceFiles(made.fd, payload, gid);
    return false;
  }

  async #write(
    pod: Stored<Pod>,
    { volume }: Files,
    { at, isNew }: { readonly at: number; readonly isNew: boolean },
  ): Promise<void> {
    const sources = this.#options.sources.of(pod, (path) => readCurrent(at, path), isNew);
    await replaceFiles(at, await collectFiles(volume, sources), groupOf(pod));
  }

  /** What the claim led to is on record, so that a restart asks nobody. */
  async #makeClaim(pod: Stored<Pod>, plan: Claim, folder: number): Promise<void> {
    if ((await readClaims(folder)).has(plan.name)) return;
    const { client, locals, nodeName } = this.#options;
    if (client === undefined) {
      throw new DomainError('unavailable', 'there is no API server to ask');
    }
    const { claim, volume } = await findClaimed(client, pod, plan);
    const { spec, metadata } = volume;
    if (spec.volumeMode === 'Block') {
      throw new DomainError('unsupported', 'volumes of mode Block are not supported');
    }
    if (nodeOfLocalFolder(volume) === nodeName) {
      locals.check(volume);
      await this.#claimFolder(client, volume);
      locals.ensure(volume);
    }
    const onlyRead = claim.spec.accessModes?.every((mode) => mode === 'ReadOnlyMany') === true;
    const readOnly = plan.readOnly || onlyRead;
    const path = pathOf(spec);
    using opened = spec.local === undefined ? undefined : openFolder(path);
    const gid = groupOf(pod);
    if (opened !== undefined && gid !== undefined && !readOnly) {
      const policy = pod.spec?.securityContext?.fsGroupChangePolicy;
      using root = openBeneath(opened.fd, '.');
      await giveGroup(root.fd, { gid, policy });
    }
    const record: ClaimRecord = { path, readOnly, volume: metadata.name };
    await this.#records.run(pod.metadata.uid, () => writeClaim(folder, plan.name, record));
  }

  /** From now on the volume's end waits for the folder's. */
  async #claimFolder(client: ApiClient, volume: Stored<PersistentVolume>): Promise<void> {
    const { name, uid, resourceVersion, finalizers = [] } = volume.metadata;
    if (finalizers.includes(localFolder.finalizer)) return;
    const all = [...finalizers, localFolder.finalizer];
    const document = { metadata: { uid, resourceVersion, finalizers: all } };
    try {
      const where = { namespace: '', name };
      await client.patch(resources.persistentVolumes, where, { type: 'merge', document });
    } catch (error) {
      // Another server does not let nodes do so: then the folder stays when the volume goes.
      if (!(error instanceof ApiError && error.reason === 'Forbidden')) throw error;
      this.#options.log?.warn({ volume: name }, 'the folder of a local volume will not be removed');
    }
  }
}

type VolumeSpec = PersistentVolume['spec'];

function pathOf({ local, hostPath, ...others }: VolumeSpec): string {
  if (local !== undefined) return local.path;
  if (hostPath !== undefined) {
    ensureHostPath(hostPath.path, hostPath.type ?? '');
    return hostPath.path;
  }
  const settings = /^(capacity|accessModes|claimRef|persistent|storage|mountOpt|volume|nodeAff)/;
  const [source = 'no source'] = Object.keys(others).filter((key) => !settings.test(key));
  const message = `no volume plugin matched: volumes of type "${source}" are not supported`;
  throw new DomainError('unsupported', message);
}

function groupOf({ spec }: Pod): number | undefined {
  return spec?.securityContext?.fsGroup;
}

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { DomainError, hasCode, messageOf } from '../../base/error.ts';
import { writeState } from '../../base/state-file.ts';
import { type IDMapping, NamespaceMode, type UserNamespace } from '../../cri/generated/runtime.ts';
import { podFolder } from './pod-files.ts';

/** Users of a pod: what every program takes for all there are. */
const length = 65_536;
/** In the pod's folder, by the stock kubelet's name and form: either one takes over the other's. */
const fileName = 'userns';

export interface UserNamespacesOptions {
  /** The kubelet's state: pods' own files lie in `pods/UID`. */
  readonly root: string;
  /** So many ranges there are, from the node's user 65536 on. */
  readonly maxPods: number;
}

/**
 * Which of the node's users are those of pods with `hostUsers: false`: to each a range of its own,
 * from its first sandbox until nothing is left of it. On record in the pod's folder before the
 * runtime hears of it, so that a restart gives it to nobody else.
 */
export class UserNamespaces {
  readonly #options: UserNamespacesOptions;
  /** First users of ranges by pod. */
  readonly #ranges = new Map<string, number>();

  /** Reads what an earlier process gave. DomainError `invalid` for a record that is damaged. */
  constructor(options: UserNamespacesOptions) {
    this.#options = options;
    for (const uid of podsIn(options.root)) {
      const first = readRange(options.root, uid);
      if (first === undefined) continue;
      const other = [...this.#ranges].find(([, taken]) => taken === first)?.[0];
      if (other !== undefined) {
        const why = `pods ${other} and ${uid} have both the range from ${first}`;
        throw new DomainError('invalid', `user namespaces: ${why}`);
      }
      this.#ranges.set(uid, first);
    }
  }

  /** The pod's own, made if it has none yet; undefined for a pod with the node's users. */
  async ensure(pod: Pod): Promise<UserNamespace | undefined> {
    const { uid = '' } = pod.metadata;
    if (pod.spec.hostUsers !== false || this.#ranges.has(uid)) return this.of(pod);
    const first = this.#free();
    // Taken before it is written: another pod asks meanwhile.
    this.#ranges.set(uid, first);
    try {
      const folder = podFolder(this.#options.root, uid);
      mkdirSync(folder, { recursive: true, mode: 0o750 });
      const mappings = [{ hostId: first, containerId: 0, length }];
      await writeState(join(folder, fileName), { uidMappings: mappings, gidMappings: mappings });
    } catch (error) {
      this.#ranges.delete(uid);
      throw error;
    }
    return this.of(pod);
  }

  /** As the runtime is told of it. Throws `notFound` for a pod that should have one and has not. */
  of({ metadata: { uid = '' }, spec }: Pod): UserNamespace | undefined {
    if (spec.hostUsers !== false) return undefined;
    const first = this.#ranges.get(uid);
    if (first === undefined) {
      throw new DomainError('notFound', `user namespace: pod ${uid} has no range of users`);
    }
    const mappings: IDMapping[] = [{ host_id: first, container_id: 0, length }];
    return { mode: NamespaceMode.POD, uids: mappings, gids: mappings };
  }

  /** When nothing of the pod is left; its record went with its folder. */
  release(uid: string): void {
    this.#ranges.delete(uid);
  }

  #free(): number {
    const taken = new Set(this.#ranges.values());
    for (let index = 1; index <= this.#options.maxPods; index += 1) {
      if (!taken.has(index * length)) return index * length;
    }
    const why = 'could not find an empty slot to allocate a user namespace';
    throw new DomainError('exhausted', `create user namespace: ${why}`);
  }
}

function podsIn(root: string): string[] {
  try {
    return readdirSync(join(root, 'pods'));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function readRange(root: string, uid: string): number | undefined {
  const path = join(podFolder(root, uid), fileName);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  try {
    return rangeOf(JSON.parse(text));
  } catch (error) {
    throw new DomainError('invalid', `user namespaces: ${path}: ${messageOf(error)}`);
  }
}

function rangeOf(record: unknown): number {
  const { uidMappings, gidMappings } = isTable(record) ? record : {};
  const [users, groups] = [onlyOne(uidMappings), onlyOne(gidMappings)];
  const { hostId, containerId } = users;
  const isWhole = Number.isSafeInteger(hostId) && Number(hostId) % length === 0;
  const isSame = groups['hostId'] === hostId && groups['containerId'] === containerId;
  const lengths = [users['length'], groups['length']];
  const fits = isSame && containerId === 0 && lengths.every((one) => one === length);
  if (!isWhole || !fits || Number(hostId) < length || Number(hostId) > 2 ** 32 - length) {
    throw new DomainError('invalid', `it is not one range of ${length} users and groups`);
  }
  return Number(hostId);
}

function onlyOne(mappings: unknown): Record<string, unknown> {
  const [first, ...more] = Array.isArray(mappings) ? (mappings as unknown[]) : [];
  return isTable(first) && more.length === 0 ? first : {};
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

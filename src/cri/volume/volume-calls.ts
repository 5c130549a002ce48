import { randomBytes } from 'node:crypto';
import { DomainError } from '../../base/error.ts';
import { treeUse } from '../../image/store/tree-use.ts';
import type { Volumes, VolumeSummary } from '../generated/keelson.ts';
import type { Handlers } from '../grpc/grpc-server.ts';
import type { Draft } from '../../grpc/message.ts';
import type { Node } from '../node.ts';
import { nanoseconds } from '../selection.ts';
import type { VolumeRecord } from './volume-store.ts';
import { lockVolumes, usersOf } from './volumes.ts';

/** The calls about volumes, which outlive containers. */
export function volumeCalls(node: Node): Handlers<typeof Volumes> {
  return {
    // One that is there already is as good, as with Docker.
    Create: async ({ name, labels }) =>
      lockVolumes(node, async () => {
        const own = { name: name === '' ? randomBytes(32).toString('hex') : name };
        const record = { ...own, anonymous: name === '', labels };
        return summaryOf(node, node.volumes.find(name) ?? (await node.volumes.create(record)));
      }),
    List: async () => ({ volumes: node.volumes.list().map((record) => summaryOf(node, record)) }),
    Inspect: async ({ name }) => summaryOf(node, node.volumes.get(name)),
    Remove: async ({ name }) =>
      lockVolumes(node, async () => {
        const record = node.volumes.get(name);
        refuseUsed(node, name);
        await node.volumes.remove(name);
        return summaryOf(node, record);
      }),
    Prune: async ({ all }) => lockVolumes(node, () => prune(node, all)),
  };
}

function summaryOf(node: Node, record: VolumeRecord): Draft<VolumeSummary> {
  const { name, anonymous, createdAtMs, labels } = record;
  return {
    name,
    mountpoint: node.volumes.dataOf(name),
    created_at: nanoseconds(createdAtMs),
    labels,
    anonymous,
    containers: usersOf(node, name),
  };
}

function refuseUsed(node: Node, name: string): void {
  const users = usersOf(node, name).map((user) => `"${user}"`);
  if (users.length === 0) return;
  const word = users.length === 1 ? 'container' : 'containers';
  throw new DomainError(
    'conflict',
    `Volume "${name}" is in use by ${word} ${users.slice(0, 10).join(', ')}`,
  );
}

async function prune(
  node: Node,
  all: boolean,
): Promise<{ volumes: string[]; freed_bytes: number }> {
  const unused = node.volumes
    .list()
    .filter(({ name, anonymous }) => (all || anonymous) && usersOf(node, name).length === 0);
  let freed_bytes = 0;
  for (const { name } of unused) {
    freed_bytes += (await treeUse(node.volumes.dataOf(name))).bytes;
    await node.volumes.remove(name);
  }
  return { volumes: unused.map(({ name }) => name), freed_bytes };
}

import type { ApiClient } from '../../src/api/client/client.ts';
import { resources } from '../../src/api/client/resources.ts';
import { writeMicroTime, writeTime } from '../../src/api/time.ts';

const leases = 'kube-node-lease';

/** A node as its kubelet registers it. */
export async function registerNode(client: ApiClient, name: string, nowMs: number): Promise<void> {
  await client.create(resources.nodes, { metadata: { name }, spec: {} });
  await client.create(resources.leases, { metadata: { namespace: leases, name }, spec: {} });
  await sayReady(client, name, nowMs);
  await renewLease(client, name, nowMs);
}

/** Posts the status of a node that is well. */
export async function sayReady(client: ApiClient, name: string, nowMs: number): Promise<void> {
  const time = writeTime(Math.floor(nowMs / 1000));
  const well = { Ready: 'True', MemoryPressure: 'False', DiskPressure: 'False' };
  const conditions = Object.entries({ ...well, PIDPressure: 'False' }).map(([type, status]) => ({
    type,
    status,
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  }));
  const document = { status: { conditions } };
  const patch = { type: 'merge', document, subresource: 'status' } as const;
  await client.patch(resources.nodes, { namespace: '', name }, patch);
}

/** Says that the node is there. */
export async function renewLease(client: ApiClient, name: string, nowMs: number): Promise<void> {
  const renewTime = writeMicroTime(Math.floor(nowMs / 1000), 0);
  const document = { spec: { renewTime } };
  await client.patch(resources.leases, { namespace: leases, name }, { type: 'merge', document });
}

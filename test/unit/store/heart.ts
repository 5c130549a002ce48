/** Beats in a store without waiting for the disk, tells its parent, and waits to be killed. */
import { openEmbeddedStore } from '../../../src/store/open.ts';
import { bytes } from './opening.ts';

const [path = '', beats = '1'] = process.argv.slice(2);
const lease = '/registry/leases/kube-node-lease/n1';
const store = await openEmbeddedStore(path);
const session = await store.openSession({ timeToLiveSeconds: 10 });
await store.create('/keelson/leader', bytes('leader'), { session });
const { entry } = await store.get(lease);
let revision = entry?.revision ?? (await store.create(lease, bytes('created')));
const created = entry?.created ?? revision;
for (let beat = 0; beat < Number(beats); beat++) {
  const value = bytes(`in memory ${beat}`);
  revision = await store.update(lease, value, { expected: revision, volatile: true });
}
process.send?.({ revision, created });

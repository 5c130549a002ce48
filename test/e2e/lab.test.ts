/** The walkthroughs S6 to S16 by stock kubectl, on three nodes of scripts/lab. */
import t from 'tap';
import { ClusterLab, unable } from './lab/cluster-lab.ts';
import { walkKills, walkNodes } from './lab/walk-faults.ts';
import { walkBandwidth, walkNetwork, walkServices } from './lab/walk-network.ts';
import { walkPartition } from './lab/walk-partition.ts';
import { walkCluster, walkControllers, walkTroubles } from './lab/walk-pods.ts';
import { walkConfiguration, walkProbes, walkStorage } from './lab/walk-state.ts';

const skip = unable();
if (skip !== undefined) {
  t.pass('skipped', { skip });
  process.exit(0);
}

const longestMs = 1_500_000;
t.setTimeout(longestMs);
const lab = await ClusterLab.start('--nodes', '3');
t.teardown(() => lab[Symbol.asyncDispose]());

const walks = {
  cluster: walkCluster,
  controllers: walkControllers,
  network: walkNetwork,
  bandwidth: walkBandwidth,
  services: walkServices,
  probes: walkProbes,
  configuration: walkConfiguration,
  storage: walkStorage,
  troubles: walkTroubles,
  nodes: walkNodes,
  kills: walkKills,
  partition: walkPartition,
};
const short =
  'cluster,controllers,network,bandwidth,services,configuration,storage,kills,partition';
/** `KEELSON_WALKS=all`, or by name: `services,storage`. */
const chosen = process.env['KEELSON_WALKS'] ?? short;
const wanted = chosen === 'all' ? Object.keys(walks) : chosen.split(',');

for (const [name, walk] of Object.entries(walks)) {
  if (!wanted.includes(name)) continue;
  t.test(name, async (t) => {
    t.setTimeout(longestMs);
    try {
      await walk(t, lab);
    } finally {
      if (!t.passing()) t.comment(await lab.logs());
    }
  });
}

/** The walkthroughs S6 to S16 by stock kubectl, on three nodes of scripts/lab. */
import t from 'tap';
import { ClusterLab, unable } from './lab/cluster-lab.ts';
import { walkAccess, walkLimits } from './lab/walk-access.ts';
import { walkAutoscale } from './lab/walk-autoscale.ts';
import { walkAddOn, walkBringUp } from './lab/walk-bringup.ts';
import { walkClaims } from './lab/walk-claims.ts';
import { walkCrash, walkRoom } from './lab/walk-debug.ts';
import { walkExercises } from './lab/walk-exercises.ts';
import { walkKills, walkNodes } from './lab/walk-faults.ts';
import { walkBandwidth, walkNetwork, walkServices } from './lab/walk-network.ts';
import { walkSecondary } from './lab/walk-secondary.ts';
import { walkPartition } from './lab/walk-partition.ts';
import { walkCluster, walkControllers, walkTroubles } from './lab/walk-pods.ts';
import { walkRolling } from './lab/walk-rolling.ts';
import { walkPressure } from './lab/walk-pressure.ts';
import { walkConfiguration, walkProbes, walkStorage } from './lab/walk-state.ts';
import { walkToolkit } from './lab/walk-toolkit.ts';

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
  bringUp: walkBringUp,
  controllers: walkControllers,
  autoscale: walkAutoscale,
  network: walkNetwork,
  bandwidth: walkBandwidth,
  secondary: walkSecondary,
  services: walkServices,
  rolling: walkRolling,
  probes: walkProbes,
  configuration: walkConfiguration,
  storage: walkStorage,
  claims: walkClaims,
  room: walkRoom,
  crash: walkCrash,
  exercises: walkExercises,
  access: walkAccess,
  limits: walkLimits,
  toolkit: walkToolkit,
  troubles: walkTroubles,
  nodes: walkNodes,
  pressure: walkPressure,
  addOn: walkAddOn,
  kills: walkKills,
  partition: walkPartition,
};
const long = ['toolkit', 'troubles', 'nodes', 'crash', 'autoscale', 'pressure', 'addOn'];
/** `KEELSON_WALKS=all`, or by name: `services,storage`; by default all but the long ones. */
const chosen = process.env['KEELSON_WALKS'];
const all = Object.keys(walks);
const short = all.filter((name) => !long.includes(name));
const wanted = chosen === undefined ? short : chosen === 'all' ? all : chosen.split(',');

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

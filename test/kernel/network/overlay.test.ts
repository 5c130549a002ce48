import t from 'tap';
import { skip } from '../netlink/namespace.ts';
import { OverlayWorld } from './overlay-world.ts';

t.setTimeout(240_000);

for (const mode of ['vxlan', 'routed']) {
  t.test(`pods of three nodes and two subnets reach each other, ${mode}`, { skip }, async (t) => {
    await using world = new OverlayWorld();
    await world.start(['--mode', mode]);
    const pods = world.nodes.map((node) => world.pod(node));
    for (const from of pods) {
      for (const to of pods) {
        await world.reaches(from, to.ip4);
        await world.reaches(from, to.ip6);
      }
    }
    t.ok(true);
  });
}

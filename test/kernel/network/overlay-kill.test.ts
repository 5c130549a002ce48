import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { skip } from '../netlink/namespace.ts';
import { OverlayWorld } from './overlay-world.ts';

t.setTimeout(240_000);

/** Every point between two effects, in their order. */
const points = [
  'overlay-forwarding',
  'overlay-guarded',
  'overlay-recorded',
  'overlay-device',
  'overlay-entries',
  'overlay-outgoing',
  'overlay-told',
  'overlay-attached',
];
const undoHere = new URL('undo-here.ts', import.meta.url).pathname;

t.test('an agent killed at any step is made good by the next, or undone', { skip }, async (t) => {
  await using world = new OverlayWorld();
  const [one] = world.nodes;
  const host = world.namespaceOf(one);
  const undo = () => {
    const ledger = join(world.folderOf(one), 'lib', 'ledger');
    const args = ['--disable-warning=ExperimentalWarning', undoHere, ledger];
    const { problems } = JSON.parse(world.exec(host, process.execPath, ...args)) as {
      problems: unknown;
    };
    t.same(problems, []);
  };
  const state = () =>
    [
      world.ip(one, '-br', 'link', 'show'),
      world.ip(one, 'route'),
      world.ip(one, '-6', 'route'),
      sorted(world.ip(one, 'neighbour', 'show', 'nud', 'permanent')),
      sorted(world.exec(host, 'bridge', 'fdb', 'show')),
      world.exec(host, 'nft', 'list', 'ruleset'),
      world.sysctl(host, 'net.ipv4.ip_forward'),
    ].join('\n');
  const killedAt = async (point: string) => {
    const agent = world.agent(one, [], { KEELSON_FAULT: point });
    const [, signal] = (await once(agent, 'exit')) as [number | null, string | null];
    t.equal(signal, 'SIGKILL', `${point} is reached`);
  };
  const runAndEnd = async () => {
    const agent = await world.agentAgain(one);
    agent.kill('SIGTERM');
    await once(agent, 'exit');
  };
  const before = state();
  await runAndEnd();
  await world.attached(one);
  const right = state();
  t.not(right, before);
  undo();
  t.equal(state(), before);
  for (const point of points) {
    await killedAt(point);
    undo();
    t.equal(state(), before, `${point}, undone`);
  }
  // Each goes on from where the one before was killed, and comes one step further.
  for (const point of points) await killedAt(point);
  await runAndEnd();
  t.equal(state(), right, 'made good');
  undo();
  t.equal(state(), before, 'made good and undone');
});

/** The kernel lists these in no order. */
function sorted(lines: string): string {
  return lines.split('\n').toSorted().join('\n');
}

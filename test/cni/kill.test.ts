/** kill -9 before each system call with an effect, then GC: nothing may be left. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { skip as noWorlds, World } from './differential.ts';

t.setTimeout(1_200_000);

const strace = spawnSync('strace', ['-V']).status === 0;
const skip = noWorlds || (!strace && 'needs strace');
const ours = fileURLToPath(new URL('../../cni-plugins/main.ts', import.meta.url));

const ipam = {
  type: 'host-local',
  ranges: [[{ subnet: '10.88.0.0/16' }], [{ subnet: 'fd88::/64' }]],
  routes: [{ dst: '0.0.0.0/0' }],
};

/** The calls that change something: netlink messages, and names of files. */
const calls = ['sendto', 'link', 'rename'] as const;
/** No plugin makes that many of one. */
const most = 60;

interface Killed {
  readonly world: World;
  readonly config: object;
  readonly journal: string;
}

/** True when the ADD was killed; false when it had no such step any more. */
function killedAt(killed: Killed, call: string, step: number): boolean {
  const { world, config, journal } = killed;
  const inject = `inject=${call}:signal=KILL:when=${step}`;
  const type = String(Object(config).type);
  const watched = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject];
  const words = ['netns', 'exec', world.host, 'strace', ...watched, process.execPath, ours, type];
  const { signal, status } = spawnSync('ip', words, {
    env: environment(killed, 'ADD', journal),
    input: JSON.stringify(config),
    timeout: 60_000,
  });
  return signal === 'SIGKILL' || status === 137;
}

function environment({ world }: Killed, verb: string, state: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    CNI_COMMAND: verb,
    CNI_CONTAINERID: 'container-1',
    CNI_IFNAME: 'eth0',
    CNI_NETNS: world.netns,
    CNI_PATH: join(world.folder, 'empty'),
    KEELSON_STATE: state,
  };
}

/** What of a container is in either namespace, on disk and in nf_tables. */
function leftovers({ world }: Killed): readonly string[] {
  const leases = join(world.folder, 'leases', 'net');
  const files = existsSync(leases) ? readdirSync(leases) : [];
  const elements = world.run('nft', 'list', 'ruleset').match(/elements = [^}]*}/g) ?? [];
  return [
    ...interfacesIn(world.ip('link')),
    ...interfacesIn(world.ipInside('link')),
    ...files.filter((name) => /^(10|fd)/.test(name)),
    ...elements,
  ];
}

function interfacesIn(text: string): readonly string[] {
  return text.match(/\b(veth[0-9a-f]+|eth0)\b/g) ?? [];
}

async function killEverywhere(t: Test, config: object, prepare?: (world: World) => void) {
  t.testdir({});
  const world = new World(t, 'ours');
  prepare?.(world);
  let steps = 0;
  for (const call of calls) {
    for (let step = 1; step <= most; step++) {
      const journal = join(world.folder, `${call}-${step}`);
      mkdirSync(journal);
      const dataDir = join(world.folder, 'leases');
      const whole = { ...config, ipam: { ...ipam, dataDir } };
      const killed = { world, config: whole, journal };
      if (!killedAt(killed, call, step)) break;
      steps++;
      // Every other time the journal is lost too: then the marks on the objects must be enough.
      collect(t, killed, step % 2 === 0 ? journal : `${journal}-lost`);
      t.same(leftovers(killed), [], `killed before ${call} ${step}`);
    }
    // The ADD that ran through is taken away as well.
    collect(t, { world, config: { ...config, ipam }, journal: '' }, join(world.folder, 'end'));
    world.call({ verb: 'DEL', config: { ...config, ipam } });
  }
  return steps;
}

function collect(t: Test, killed: Killed, state: string): void {
  const { status, stdout } = spawnSync(
    'ip',
    ['netns', 'exec', killed.world.host, process.execPath, ours, Object(killed.config).type],
    {
      env: environment(killed, 'GC', state),
      input: JSON.stringify({ ...killed.config, 'cni.dev/valid-attachments': [] }),
      encoding: 'utf8',
    },
  );
  if (status !== 0) t.fail(`GC: ${stdout}`);
}

t.test('bridge with masquerade and spoof check', { skip }, async (t) => {
  const steps = await killEverywhere(t, {
    cniVersion: '1.1.0',
    name: 'net',
    type: 'bridge',
    bridge: 'kd0',
    isGateway: true,
    ipMasq: true,
    macspoofchk: true,
  });
  t.ok(steps > 12, `${steps} steps`);
});

t.test('ptp with masquerade', { skip }, async (t) => {
  const config = { cniVersion: '1.1.0', name: 'net', type: 'ptp', ipMasq: true };
  t.ok((await killEverywhere(t, config)) > 8);
});

/** Whether containers reach the world in their host's address, and each other in their own. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { ip, skip as noWorlds, World } from './differential.ts';

t.setTimeout(300_000);

const has = (program: string) => spawnSync(program, ['-V']).status === 0;
const skip = noWorlds || (!has('python3') && 'needs python3, for connections');

/** Says from whom the first connection came. */
const server = `
import socket
listening = socket.create_server(('0.0.0.0', 7777))
listening.settimeout(15)
print('ready', flush=True)
try: print('from ' + listening.accept()[1][0], flush=True)
except TimeoutError: print('from nobody', flush=True)
`;
const client = `
import socket, sys
try:
    socket.create_connection((sys.argv[1], 7777), 4, (sys.argv[2], 0))
    print('connected')
except OSError as error: print(error)
`;

async function seenBy(namespace: string, connect: () => string): Promise<string> {
  const child = spawn('ip', ['netns', 'exec', namespace, 'python3', '-c', server]);
  const chunks: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  // Who is connected may not have been accepted yet: the server ends by itself then.
  if (!connect().includes('connected')) child.kill('SIGTERM');
  await ended;
  return /from (\S+)/.exec(chunks.join(''))?.[1] ?? 'nobody';
}

const network = {
  cniVersion: '1.0.0',
  name: 'net',
  type: 'bridge',
  bridge: 'kd0',
  isGateway: true,
  ipam: {
    type: 'host-local',
    ranges: [[{ subnet: '10.88.0.0/16' }]],
    routes: [{ dst: '0.0.0.0/0' }],
  },
};

/** A machine beside the host, which knows no way to the containers. */
function addWorld(t: Test, world: World): string {
  const outside = world.addContainer(t);
  world.ip('link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1', 'netns', outside);
  world.ip('address', 'add', '198.51.100.1/24', 'dev', 'up0');
  world.ip('link', 'set', 'up0', 'up');
  ip('-n', outside, 'address', 'add', '198.51.100.2/24', 'dev', 'up1');
  ip('-n', outside, 'link', 'set', 'up1', 'up');
  return outside;
}

/** Each container at a pair of its own. */
const routed = { type: 'ptp', bridge: undefined, isGateway: undefined };

const cases = [
  { name: 'without ipMasq', fields: {}, expected: 'nobody' },
  { name: 'with nftables', fields: { ipMasq: true }, expected: '198.51.100.1' },
  {
    name: 'by ptp, with nftables',
    fields: { ...routed, ipMasq: true },
    expected: '198.51.100.1',
  },
  {
    name: 'with iptables',
    fields: { ipMasq: true, ipMasqBackend: 'iptables' },
    expected: '198.51.100.1',
  },
];

for (const { name, fields, expected } of cases) {
  const lacks = name === 'with iptables' && !has('iptables') && 'needs iptables';
  t.test(`${name} the world sees ${expected}`, { skip: skip || lacks }, async (t) => {
    t.testdir({});
    const world = new World(t, 'ours');
    const outside = addWorld(t, world);
    const other = world.addContainer(t);
    const config = { ...network, ...fields };
    const environment = { CNI_CONTAINERID: 'container-2', CNI_NETNS: `/run/netns/${other}` };
    const { document } = world.call({ verb: 'ADD', config });
    t.match(document, { ips: [{ address: '10.88.0.2/16' }] });
    t.match(world.call({ verb: 'ADD', config, environment }), { exitCode: 0 });
    const connect = (to: string) => () => world.runInside('python3', '-c', client, to, '10.88.0.2');
    t.equal(await seenBy(outside, connect('198.51.100.2')), expected);
    t.equal(await seenBy(other, connect('10.88.0.3')), '10.88.0.2', 'among themselves');
    const whole = { ...config, prevResult: document };
    t.match(world.call({ verb: 'CHECK', config: whole }), { exitCode: 0 });
    for (const verb of ['DEL', 'DEL']) {
      t.match(world.call({ verb, config: whole }), { exitCode: 0 });
    }
    const left = world.run('nft', 'list', 'ruleset');
    t.notMatch(left, /10\.88\.0\.2/, 'its rules are gone');
    if (expected !== 'nobody') t.match(left, /10\.88\.0\.3/, 'the other container keeps its own');
  });
}

t.test('CHECK notices an address that is masqueraded no more', { skip }, async (t) => {
  t.testdir({});
  const world = new World(t, 'ours');
  const config = { ...network, ipMasq: true };
  const { document } = world.call({ verb: 'ADD', config });
  world.run('nft', 'delete', 'table', 'inet', 'keelson_masquerade');
  const whole = { ...config, prevResult: document };
  t.match(world.call({ verb: 'CHECK', config: whole }), { exitCode: 1 });
  t.match(world.call({ verb: 'DEL', config: whole }), { exitCode: 0 }, 'and DEL does not mind');
});

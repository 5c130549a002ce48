/** The client that lies in the plugin folder, and the resident service it calls. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { encodeRecords } from '../../src/kernel/record.ts';
import { MessageSocket } from '../../src/kernel/socket.ts';
import { World } from './resident-world.ts';

const skip = process.getuid?.() !== 0 && 'needs root';
t.setTimeout(300_000);

const addedFirst = `{
    "cniVersion": "1.1.0",
    "ips": [
        {
            "address": "10.9.0.2/24",
            "gateway": "10.9.0.1"
        }
    ]
}
`;

t.test('the service answers, and stdout is the answer byte for byte', { skip }, async (t) => {
  const world = new World(t);
  await world.start();
  t.equal(statSync(world.path('cni.sock')).mode & 0o777, 0o600);
  const add = world.lease('ADD');
  t.same([add.status, add.stdout, add.stderr], [0, addedFirst, '']);
  t.same(world.leases(), ['10.9.0.2']);
  t.same(world.records(), ['c1+eth0.done']);
  const second = world.lease('ADD');
  t.equal(second.status, 1);
  t.match(JSON.parse(second.stdout), { code: 999, msg: /has been allocated/ });
  const remove = world.lease('DEL');
  t.same([remove.status, remove.stdout], [0, '']);
  t.same([world.leases(), world.records()], [[], []]);
  const version = world.call('host-local', { CNI_COMMAND: 'VERSION' });
  t.match(JSON.parse(version.stdout), { supportedVersions: ['0.1.0'] });
  t.equal(world.call('host-local', { CNI_COMMAND: 'FLY' }).status, 1);
  const introduced = world.call('host-local', { CNI_COMMAND: '' });
  t.match([introduced.status, introduced.stdout], [0, '']);
  t.match(introduced.stderr, /CNI host-local plugin/);
});

t.test('without a service the client runs the plugin itself', { skip }, async (t) => {
  const world = new World(t);
  t.equal(world.lease('ADD').stdout, addedFirst, 'absent');
  await world.start();
  t.equal(world.lease('DEL').status, 0);
  await world.end('SIGKILL');
  t.ok(existsSync(world.path('cni.sock')), 'the socket of the dead one is still there');
  t.match(world.lease('ADD', 'c2').stdout, /10\.9\.0\.3/, 'dead');
  await world.start();
  world.process?.kill('SIGSTOP');
  const start = performance.now();
  t.match(world.lease('ADD', 'c3').stdout, /10\.9\.0\.4/, 'stopped');
  t.ok(performance.now() - start < 10_000);
  world.process?.kill('SIGCONT');
  t.match(world.lease('ADD', 'c4').stdout, /10\.9\.0\.5/, 'it goes on');
  t.same(world.leases().toSorted(), ['10.9.0.3', '10.9.0.4', '10.9.0.5'], 'and did c3 not twice');
});

t.test('the namespace comes as a descriptor, CNI_ARGS as they are', { skip }, async (t) => {
  const world = new World(t);
  await world.start();
  const name = `keelson-cni-${process.pid}`;
  execFileSync('ip', ['netns', 'add', name]);
  t.teardown(() => execFileSync('ip', ['netns', 'delete', name]));
  const path = `/run/netns/${name}`;
  const add = (changes: object, config: object = {}) => {
    const call = world.call('echo', { CNI_COMMAND: 'ADD', ...changes }, config);
    world.call('echo', { CNI_COMMAND: 'DEL', ...changes });
    return JSON.parse(call.stdout);
  };
  t.match(add({ CNI_NETNS: path }).dns, { search: ['true', path] });
  t.match(add({}).dns, { search: ['false', '/run/netns/absent'] });
  t.same(add({ CNI_ARGS: 'A=1;B=ä=2' }).dns.search.slice(2), ['1', 'ä=2']);
  t.match(add({ CNI_NETNS: '/proc/self/ns/net' }), { code: 8 });
});

t.test('long configurations and answers pass, too long ones are refused', { skip }, async (t) => {
  const world = new World(t);
  await world.start();
  const add = { CNI_COMMAND: 'ADD' };
  const answer = JSON.parse(world.call('echo', add, { pad: 900_000 }).stdout);
  t.equal(answer.dns.options[0].length, 900_000);
  world.call('echo', { CNI_COMMAND: 'DEL' });
  t.equal(world.call('echo', add, { comment: 'y'.repeat(900_000) }).status, 0);
  const refused = world.call('echo', add, { comment: 'y'.repeat(1_100_000) });
  t.same([refused.status, JSON.parse(refused.stdout).code], [1, 6]);
});

t.test('a client that goes away has its call cancelled', { skip }, async (t) => {
  const world = new World(t);
  await world.start();
  const child = spawn(world.path('waiting'), {
    env: world.environment({ CNI_COMMAND: 'ADD' }),
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.end(JSON.stringify({ cniVersion: '1.1.0', name: 'net', type: 'waiting' }));
  await world.hear('begun c1');
  child.kill('SIGKILL');
  await world.hear('aborted c1');
  t.same(world.records(), [], 'the plugin undid what it had done');
});

t.test(
  'a service killed within an ADD: an error now, undone at the next start',
  { skip },
  async (t) => {
    const world = new World(t);
    await world.start();
    const child = spawn(world.path('waiting'), {
      env: world.environment({ CNI_COMMAND: 'ADD' }),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(JSON.stringify({ cniVersion: '1.1.0', name: 'net', type: 'waiting' }));
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const exited = new Promise((resolve) => child.once('close', resolve));
    await world.hear('begun c1');
    await world.end('SIGKILL');
    t.equal(await exited, 1);
    t.match(JSON.parse(Buffer.concat(chunks).toString()), { code: 11 });
    t.same(world.records(), ['c1+eth0.begun']);
    await world.start();
    await world.hear('deleted c1');
    t.same(world.records(), []);
  },
);

t.test('bytes that are no call end the connection and nothing else', { skip }, async (t) => {
  const world = new World(t);
  await world.start();
  const bad = [
    Buffer.from('hello'),
    Buffer.alloc(0),
    Buffer.alloc(100_000, 0xff),
    encodeRecords([['9', 'host-local', '', '', '{}']]),
    encodeRecords([['2', 'host-local', 'elsewhere', '', '{}', 'CNI_COMMAND=ADD']]),
    encodeRecords([['2', 'host-local', '', 'ni', '{}']]),
    encodeRecords([['2']]),
  ];
  for (const bytes of bad) {
    await new Promise<void>((resolve, reject) => {
      const socket = MessageSocket.connect(world.folder, 'cni.sock', {
        onMessage: () => reject(new Error('it was answered')),
        onEnd: () => resolve(),
      });
      if (bytes.length === 0) return resolve(socket.close());
      socket.send(bytes);
    });
  }
  t.equal(world.lease('ADD').stdout, addedFirst);
});

t.test('the client does not trust a service of another user', { skip }, async (t) => {
  const world = new World(t);
  const script = `
    import socket, os, sys, time
    os.setuid(65534)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.bind(sys.argv[1]); s.listen(); print('ready', flush=True)
    c, _ = s.accept(); print('got', len(c.recv(100)), flush=True); time.sleep(5)`;
  execFileSync('chmod', ['777', world.folder]);
  const fake = spawn('python3', ['-c', script.replaceAll('\n    ', '\n'), world.path('cni.sock')]);
  const said: string[] = [];
  fake.stdout.on('data', (text: Buffer) => said.push(text.toString()));
  await new Promise((resolve) => fake.stdout.once('data', resolve));
  t.equal(world.lease('ADD').stdout, addedFirst, 'it ran the plugin itself');
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.match(said.join(''), /^ready\ngot 0\n/, 'and told nothing');
  fake.kill();
});

t.test('a service of another namespace is not asked to act there', { skip }, async (t) => {
  const world = new World(t);
  await world.start();
  const input = JSON.stringify({ cniVersion: '1.1.0', name: 'net', type: 'echo' });
  const call = spawnSync('unshare', ['--net', world.path('echo')], {
    env: world.environment({ CNI_COMMAND: 'ADD' }),
    input,
    encoding: 'utf8',
  });
  // Node itself has no plugin of that name: the client did not take the service's.
  t.match(call.stderr, /keelson has no CNI plugin "echo"/);
});

t.test('a hundred calls at once are all answered', { skip }, async (t) => {
  const world = new World(t);
  await world.start();
  const ids = Array.from({ length: 100 }, (_, index) => `c${index}`);
  const path = world.path('host-local');
  const script = `for id in ${ids.join(' ')}; do
    CNI_CONTAINERID=$id CNI_COMMAND=ADD ${path} <${world.path('input')} >/dev/null &
  done; wait`;
  const ipam = {
    type: 'host-local',
    dataDir: world.path('leases'),
    ranges: [[{ subnet: '10.9.0.0/24' }]],
  };
  writeFileSync(world.path('input'), JSON.stringify({ cniVersion: '1.1.0', name: 'net', ipam }));
  execFileSync('sh', ['-c', script], { env: world.environment() });
  t.equal(new Set(world.leases()).size, 100);
});

t.test('the service ends with its calls done', { skip }, async (t) => {
  const world = new World(t);
  await world.start();
  t.equal(world.lease('ADD').status, 0);
  await world.end('SIGTERM');
  t.pass('it ended');
});
